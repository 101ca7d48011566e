"""What needs `photochrom[train]`: data, training, evaluation, export."""
