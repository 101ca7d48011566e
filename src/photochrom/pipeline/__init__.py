"""Inference for one photo, with the steps before and after the network."""
