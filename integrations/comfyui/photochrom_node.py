"""A ComfyUI node that colours black-and-white images; it lies in ComfyUI's folder custom_nodes.

ComfyUI's images are float32 tensors, (B, H, W, 3) in sRGB, 0 to 1.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np
import torch

try:
    from photochrom import ColorizeOptions, Colorizer, PhotochromError
    from photochrom.options import RANGES
except ImportError as error:
    raise ImportError(
        f"Photochrom is not in ComfyUI's Python ({error}); install it with "
        f"{sys.executable} -m pip install PATH_OF_PHOTOCHROM"
    ) from None

_STEPS = 0.05
_DIALS = ("vividness", "saturation", "warmth", "tint", "smooth")


class PhotochromColorize:
    """Colours of a network for each image of a batch, at the image's own size and lightness."""

    CATEGORY = "image/color"
    DESCRIPTION = "Colours black-and-white photographs; their lightness stays as it is."
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "colorize"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The sockets and widgets: an IMAGE, the options of colouring, and recolor."""
        dials = {name: ("FLOAT", _widget(name)) for name in _DIALS}
        return {
            "required": {
                "image": ("IMAGE",),
                **dials,
                "recolor": ("BOOLEAN", {"default": ColorizeOptions.recolor}),
            }
        }

    def colorize(
        self, image: torch.Tensor, recolor: bool = False, **dials: float
    ) -> tuple[torch.Tensor]:
        """Colour a batch.

        image: (B, H, W, 3), sRGB, 0 to 1; one channel counts as grey, a fourth is alpha and stays.
        recolor: also colour what is in colour already. dials: fields of ColorizeOptions.
        Returns (B, H, W, 3), or 4 with alpha, of the same type, on the same device.
        Raises RuntimeError, in one line, for an image that cannot be coloured.
        """
        options = ColorizeOptions(recolor=recolor, **dials)
        pictures = image.detach().float().clamp(0, 1).cpu().numpy()
        colored = []
        for number, picture in enumerate(pictures, 1):
            try:
                rgb = _colorizer().colorize(picture[..., :3], options).rgb
            except PhotochromError as error:
                named = error.with_subject(f"Photochrom, image {number} of {len(pictures)}")
                raise RuntimeError(str(named)) from None
            colored.append(np.concatenate([rgb, picture[..., 3:]], axis=-1))
        return (torch.from_numpy(np.stack(colored)).to(image.device, image.dtype),)


def _widget(name: str) -> dict[str, Any]:
    low, high = RANGES[name]
    return {"default": getattr(ColorizeOptions, name), "min": low, "max": high, "step": _STEPS}


@cache
def _colorizer() -> Colorizer:
    """The default model, loaded at the first image and kept."""
    return Colorizer()


NODE_CLASS_MAPPINGS = {"PhotochromColorize": PhotochromColorize}
NODE_DISPLAY_NAME_MAPPINGS = {"PhotochromColorize": "Colour a black-and-white photo"}
