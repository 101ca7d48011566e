"""What every export to ONNX here has in common."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

OPSET = 18


@contextmanager
def quiet_export() -> Iterator[None]:
    """Keep PyTorch's exporter from telling users about its own insides."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(before)
