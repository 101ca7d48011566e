"""The workshop: networks, losses, augmentation, the loop and its checkpoints."""
