"""The log of a run: JSON lines, TensorBoard, lines of progress."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom._system.atomic import atomic_write
from photochrom.errors import MissingExtraError
from photochrom.workshop.training.config import LoggingConfig


class Journal:
    """The record of one run in one folder; a process without `writes` keeps silent."""

    def __init__(
        self,
        folder: Path,
        config: LoggingConfig,
        total: int,
        log: Callable[[str], None],
        writes: bool = True,
    ) -> None:
        """Open the record.

        total: samples of the whole schedule. log: called with every line of progress.
        """
        self.folder, self.config, self.total, self.log = folder, config, total, log
        self.writes = writes
        self._path = folder / "metrics.jsonl"
        self._board: Any = None

    def begin(self, samples: int) -> None:
        """Start at `samples`; what a killed run wrote after its last checkpoint is struck out."""
        self.rest(samples)
        if not self.writes:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            remaining = [line for line in lines if _samples_of(line) <= samples]
            with atomic_write(self._path) as part:
                part.write_text("".join(f"{line}\n" for line in remaining), encoding="utf-8")
        if self.config.tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter  # slow to import
            except ModuleNotFoundError as error:
                raise MissingExtraError(
                    "TensorBoard (or logging.tensorboard=false)", "train"
                ) from error
            self._board = SummaryWriter(str(self.folder / "tensorboard"), purge_step=samples + 1)

    def rest(self, samples: int) -> None:
        """Begin to measure the rate anew, after a pause."""
        self._since, self._from = time.monotonic(), samples

    def step(self, samples: int, factor: float, parts: Mapping[str, Any]) -> None:
        """Write down a training step's losses, if it is time to."""
        elapsed = time.monotonic() - self._since
        if not self.writes or elapsed < self.config.seconds:
            return
        rate = (samples - self._from) / max(elapsed, 1e-9)
        values = {name: float(value) for name, value in parts.items()}
        self._record(samples, {"samples_per_second": rate, "rate_factor": factor, **values})
        shown = " ".join(f"{name} {value:.4f}" for name, value in values.items())
        left = _duration((self.total - samples) / max(rate, 1e-9))
        self.log(
            f"{samples}/{self.total} samples, {rate:.1f} photos/s, {left} left, "
            f"rate x{factor:.3f}: {shown}"
        )
        self.rest(samples)

    def validation(
        self, samples: int, figures: Mapping[str, float], sheets: Sequence[Path]
    ) -> None:
        """Write down a validation's figures, and show its contact sheets."""
        if not self.writes:
            return
        self._record(samples, figures)
        self.log(f"{samples} samples: " + " ".join(f"{n} {v:.2f}" for n, v in figures.items()))
        for sheet in filter(Path.is_file, sheets if self._board is not None else ()):
            with Image.open(sheet) as image:
                picture = np.asarray(image)
            name = sheet.stem.rsplit("-", 1)[0]
            self._board.add_image(name, picture, samples, dataformats="HWC")

    def close(self) -> None:
        """Finish the files."""
        if self._board is not None:
            self._board.close()

    def _record(self, samples: int, values: Mapping[str, float]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"samples": samples, **values}) + "\n")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, samples)


def _samples_of(line: str) -> int:
    try:
        return int(json.loads(line)["samples"])
    except (ValueError, KeyError, TypeError):  # a line that a kill cut off
        return 2**63


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
