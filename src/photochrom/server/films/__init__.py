"""Films on the server.

store      all films that are open, and the threads that read and colour them
session    one film: its shots, the work on it, its result
preview    a few seconds of a shot for a browser
work       a film whose reading can be stopped, and how far it is
requests   what clients send and receive
"""
