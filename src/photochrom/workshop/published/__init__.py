"""Networks that others published, small enough to be written down again."""
