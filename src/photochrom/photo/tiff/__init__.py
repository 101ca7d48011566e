"""TIFF: directories, layouts, and strips that can or cannot be decoded."""
