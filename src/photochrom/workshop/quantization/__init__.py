"""An int8 twin of a model file: the same network, half the size, faster, nearly the same colours.

docs/quantization.md says how, what else was tried, and what was measured.
"""
