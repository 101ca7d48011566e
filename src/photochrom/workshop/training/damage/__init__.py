"""Finding damage on scans of old photos: synthetic damage, objective, validation."""
