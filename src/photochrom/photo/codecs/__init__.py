"""Formats that packages of the extra `formats` read and write."""
