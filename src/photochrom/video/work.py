"""The working folder of a film: what is finished of it, so that nothing is ever done twice.

A piece is a shot or a part of a long one. Its file holds its encoded pictures, and the colours that
the next piece of the shot starts from. The file's name contains a digest of everything that its
content depends on: a film that is coloured again with other settings for one shot does only that
shot again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from photochrom._system.atomic import atomic_write, is_part
from photochrom.errors import DiskFullError, VideoError
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.video.encoding import EncodedPicture
from photochrom.video.shots import Shot
from photochrom.video.steady import Carried, Lead

LONGEST = 192
"""Pictures of a piece at most: what is lost by a kill, and what is in memory."""


@dataclass(frozen=True)
class Piece:
    """Pictures `first` to `end - 1` of a film; a part of a shot.

    number: among the film's. digest: of all that its content depends on.
    """

    number: int
    shot: Shot
    first: int
    end: int
    digest: str

    @property
    def begins_shot(self) -> bool:
        """Whether it is the first piece of its shot."""
        return self.first == self.shot.first


def piece_starts(shot: Shot) -> range:
    """The first pictures of a shot's pieces."""
    return range(shot.first, shot.end, LONGEST)


def pieces_of(shots: Sequence[Shot], keys: Sequence[Any], key: Any) -> list[Piece]:
    """The pieces of shots.

    keys: what else the content of each shot depends on; key: and of all. Both of plain data.
    """
    pieces: list[Piece] = []
    for shot, own in zip(shots, keys, strict=True):
        for first in piece_starts(shot):
            end = min(first + LONGEST, shot.end)
            text = json.dumps([key, own, shot.first, shot.end, first, end], sort_keys=True)
            digest = hashlib.sha256(text.encode()).hexdigest()[:16]
            pieces.append(Piece(len(pieces), shot, first, end, digest))
    return pieces


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn what the disk says while a film is written into one line that names the result.

    Raises DiskFullError, which says how the work goes on, or PhotoError.
    """
    try:
        with foreseen_os_errors(str(target)):
            yield
    except DiskFullError as error:
        raise DiskFullError(
            target, error.problem, "make room on the disk and start again: it goes on where it was"
        ) from error


class Work:
    """The working folder beside a result."""

    def __init__(self, target: Path) -> None:
        """Make or find the folder.

        Raises VideoError where another process works on the same result.
        """
        self.target = target
        self.folder = target.with_name(f".{target.name}.photochrom-work")
        with writing(target):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.folder / "lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise VideoError(
                target, "is being coloured by another process", "wait for it, or end it"
            ) from error
        for entry in self.folder.iterdir():
            if is_part(entry.name):
                entry.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another process work on the result; a folder with nothing finished is removed."""
        self._lock.release()
        if {entry.name for entry in self.folder.iterdir()} <= {"lock"}:
            shutil.rmtree(self.folder, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def remembered(self, name: str, key: Any) -> Any:
        """Plain data that was kept under a name for the same key; None where there is none."""
        try:
            kept = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept["data"] if kept["key"] == json.loads(json.dumps(key)) else None

    def remember(self, name: str, key: Any, data: Any) -> None:
        """Keep plain data."""
        path = self.folder / f"{name}.json"
        with writing(self.target), atomic_write(path, durable=True) as part:
            part.write_text(json.dumps({"key": key, "data": data}), encoding="utf-8")

    def path_of(self, piece: Piece) -> Path:
        """The file of a piece."""
        return self.folder / f"{piece.digest}.piece"

    def has(self, piece: Piece) -> bool:
        """Whether a piece is finished."""
        return self.path_of(piece).is_file()

    @property
    def size(self) -> int:
        """Bytes of all finished pieces."""
        return sum(entry.stat().st_size for entry in self.folder.glob("*.piece"))

    def save(self, piece: Piece, packets: Sequence[EncodedPicture], state: Carried) -> None:
        """Keep a finished piece; it is on the disk before its file has its name."""
        fields: dict[str, Any] = {
            "data": np.frombuffer(b"".join(packet.data for packet in packets), np.uint8),
            "sizes": np.array([len(packet.data) for packet in packets], np.int64),
            "times": np.array([packet.time for packet in packets], np.int64),
            "keys": np.array([packet.key for packet in packets], bool),
            "colors": state.colors,
            "count": state.count,
            "lightness": state.lightness,
        }
        if state.lead is not None:
            fields |= {"lead_ab": state.lead.ab, "lead_weight": state.lead.weight}
        path = self.path_of(piece)
        with (
            writing(self.target),
            atomic_write(path, durable=True) as part,
            part.open("wb") as file,
        ):
            np.savez(file, **fields)

    def state_behind(self, piece: Piece) -> Carried:
        """The colours that the piece behind this one starts from."""
        with np.load(self.path_of(piece)) as saved:
            lead = None
            if "lead_ab" in saved:
                lead = Lead(saved["lead_ab"], saved["lead_weight"])
            return Carried(saved["colors"], saved["count"], saved["lightness"], lead)

    def packets(self, pieces: Sequence[Piece]) -> Iterator[EncodedPicture]:
        """The encoded pictures of pieces, in their order."""
        for piece in pieces:
            with np.load(self.path_of(piece)) as saved:
                data, ends = saved["data"], np.cumsum(saved["sizes"])
                times, keys = saved["times"].tolist(), saved["keys"].tolist()
            for index, end in enumerate(ends.tolist()):
                start = 0 if index == 0 else int(ends[index - 1])
                yield EncodedPicture(data[start:end].tobytes(), times[index], keys[index])

    def times(self, pieces: Sequence[Piece]) -> Iterator[list[int]]:
        """When the encoded pictures of each piece are shown, in the order of decoding."""
        for piece in pieces:
            with np.load(self.path_of(piece)) as saved:
                yield saved["times"].tolist()
