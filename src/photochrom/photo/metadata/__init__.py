"""EXIF, XMP, IPTC, comments and text: read, kept true, written."""
