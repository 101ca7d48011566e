"""JPEG: markers, damage, and reversible colour."""
