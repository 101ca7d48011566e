"""A release: what is built, what is checked of it, and what is said of it.

`python -m tools.release` (`make release`) does it all; `python -m tools.release.bundled` writes the
list of what the package holds of others.
"""
