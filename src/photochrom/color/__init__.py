"""Colour spaces, ab bins, the vividness dial and colour metrics, in NumPy alone."""
