"""Models: what is known about them, where they lie, whether the file is the right one."""

from photochrom.models.registry import Descriptor, describe, known_models, locate, sha256_of, verify

__all__ = ["Descriptor", "describe", "known_models", "locate", "sha256_of", "verify"]
