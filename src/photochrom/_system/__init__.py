"""Switches of the whole process: libvips, threads, memory."""
