"""Tiny shards, configurations and checkpoints for the tests of the workshop.

The photos are crops of the real ones in examples/color, so that colours are colours.
"""

from __future__ import annotations

import copy
import io
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

PHOTOS = Path(__file__).parents[2] / "examples" / "color"


def color_crops(count: int = 24, short: int = 120) -> list[Image.Image]:
    """Crops of the example photos, short side `short`, upright and lying, always the same."""
    random = np.random.default_rng(0)
    files = sorted(PHOTOS.glob("*.jpg"))
    originals = []
    for file in files:
        with Image.open(file) as image:
            originals.append(image.convert("RGB"))
    crops = []
    for index in range(count):
        original = originals[index % len(originals)]
        side = int(min(original.size) * random.uniform(0.5, 0.75))
        long = int(side * random.uniform(1.0, 1.3))
        width, height = (side, long) if index % 2 else (long, side)
        left = int(random.integers(0, original.width - width + 1))
        top = int(random.integers(0, original.height - height + 1))
        scale = short / side
        crops.append(
            original.crop((left, top, left + width, top + height)).resize(
                (round(width * scale), round(height * scale)), Image.Resampling.LANCZOS
            )
        )
    return crops


def encode(image: Image.Image, kind: str = "WEBP") -> bytes:
    """A picture as the bytes of a file, lossless where the kind allows it."""
    stream = io.BytesIO()
    image.save(stream, kind, lossless=True)
    return stream.getvalue()


def write_tar(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """A tar of (name, content)."""
    with tarfile.open(path, "w") as shard:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            shard.addfile(entry, io.BytesIO(content))
    return path


def write_shard(path: Path, photos: Iterable[Image.Image]) -> Path:
    """A shard as WebDataset lays it out: t00000.webp, t00000.json, t00001.webp, ..."""
    members = []
    for index, photo in enumerate(photos):
        members.append((f"t{index:05d}.webp", encode(photo)))
        members.append((f"t{index:05d}.json", b'{"source": "examples"}'))
    return write_tar(path, members)


@contextmanager
def traced_once(module: ModuleType, name: str) -> Iterator[None]:
    """Several exports of one network share its trace, which takes nearly all of their time.

    name: of the module's function that traces.
    """
    traces: list[Any] = []
    trace = getattr(module, name)

    def once(*arguments: Any) -> Any:
        traces[:] = traces or [trace(*arguments)]
        return copy.deepcopy(traces[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, once)
        yield


def tiny_table(
    train: Path, validation: Path, /, samples: int = 24, batch: int = 4, **sections: Any
) -> dict[str, Any]:
    """A configuration that trains a small network in seconds; sections are merged in."""
    table: dict[str, Any] = {
        "name": "tiny",
        "data": {"train": [str(train)], "validation": [str(validation)]},
        "network": {"encoder_weights": "none", "decoder": [16, 16, 16]},
        "schedule": {
            "stages": [{"samples": samples, "crop": 64, "batch": batch}],
            "warmup": batch,
        },
        "loss": {"prior_photos": 24},
        "validation": {"every": 1_000_000, "photos": 2, "size": 64, "sheet": 2},
        "logging": {"seconds": 0.0, "tensorboard": False},
    }
    for name, section in sections.items():
        table[name] = {**table.get(name, {}), **section}
    return table


def write_toml(path: Path, table: dict[str, Any]) -> Path:
    """A configuration as TOML; knows tables, one list of tables and plain values."""
    lines = [f"{key} = {_toml(value)}" for key, value in table.items() if _is_plain(value)]
    for name, section in table.items():
        if _is_plain(section):
            continue
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in section.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)
