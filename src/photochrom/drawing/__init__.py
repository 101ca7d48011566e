"""Labels and legends drawn into pictures."""
