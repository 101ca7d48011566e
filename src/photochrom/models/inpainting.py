"""A loaded network that fills holes in pictures, such as MI-GAN.

Its inputs are an image (1, 3, H, W), sRGB, and a mask (1, 1, H, W), 255 where the image is known
and 0 where it is not; its output is the filled image. All three are of bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import ModelError, first_line
from photochrom.models.catalogue import find
from photochrom.models.contract import INPAINT, Contract
from photochrom.models.devices import CPU
from photochrom.models.recognition import BYTES, Tensor
from photochrom.models.session import session_options, start, tensors_of

_KNOWN = 255


class Inpainter:
    """One loaded model; on the CPU, because published files fail on other devices.

    name: the model's. In a forked process the first picture loads it again.
    """

    def __init__(self, model: str | Path) -> None:
        """Load a model.

        model: a name of the catalogue, or the path of an .onnx file.
        Raises ModelError where it does not exist, or has other inputs and outputs.
        """
        resolved = find(model, INPAINT)
        self.name = resolved.name
        options = session_options(None)
        options.enable_cpu_mem_arena = False  # it would keep the memory of every size of picture
        self._restart = partial(start, resolved, options, [CPU])
        self._session, self._process = self._restart(), os.getpid()
        inputs, outputs = tensors_of(self._session)
        self._contract = resolved.contract or _contract_of(outputs)
        _check(self._contract, inputs, outputs, str(resolved.path))

    def fill(self, image: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Fill the holes of an image; the rest of the answer is about the same.

        image: (h, w, 3), sRGB. hole: (h, w). Returns (h, w, 3).
        Raises ModelError where the network fails, or returns another size.
        """
        if self._process != os.getpid():
            self._session, self._process = self._restart(), os.getpid()
        mask = np.where(hole, 0, _KNOWN).astype(np.uint8)
        names = self._contract.inputs
        feed = {
            names["image"]: np.ascontiguousarray(image.transpose(2, 0, 1)[None]),
            names["mask"]: mask[None, None],
        }
        try:
            [filled] = self._session.run([self._contract.outputs["filled"]], feed)
        except Exception as error:  # ONNX Runtime raises several unrelated classes
            height, width = hole.shape
            raise ModelError(
                self.name, f"failed on a picture of {width} x {height} ({first_line(error)})"
            ) from error
        if filled.shape != (1, 3, *hole.shape):
            raise ModelError(
                self.name,
                f"returned {'x'.join(map(str, filled.shape))} for a picture of "
                f"1x3x{hole.shape[0]}x{hole.shape[1]}",
                "it must return the same size",
            )
        answer: NDArray[np.uint8] = filled[0].transpose(1, 2, 0)
        return answer


@lru_cache(maxsize=1)
def load_inpainter(model: str | Path) -> Inpainter:
    """The model, loaded once for all photos; raises ModelError."""
    return Inpainter(model)


def _contract_of(outputs: Sequence[Tensor]) -> Contract:
    """The contract of a file without a description."""
    return Contract({"image": "image", "mask": "mask"}, {"filled": outputs[0].name})


def _check(
    contract: Contract, inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: str
) -> None:
    """Raise ModelError for a graph that does not fit; sizes of outputs are often wrong in files."""
    channels = {contract.inputs["image"]: 3, contract.inputs["mask"]: 1}
    filled = [tensor for tensor in outputs if tensor.name == contract.outputs["filled"]]
    if (
        {tensor.name for tensor in inputs} != set(channels)
        or any(tensor.channels not in (channels[tensor.name], None) for tensor in inputs)
        or any(tensor.sides is not None for tensor in inputs)
        or any(tensor.type != BYTES for tensor in (*inputs, *filled))
        or not filled
    ):
        names = " and ".join(channels)
        raise ModelError(
            origin,
            f"fills no damage: from {', '.join(map(str, inputs))} to "
            f"{', '.join(map(str, outputs))}",
            f"what fits takes {names} (1x3x?x? and 1x1x?x?, uint8), and returns such an image",
        )
