"""Films made for tests, in any pixel format, and what a coloured film holds."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from photochrom.video.layout import plane_of

HEIGHT, WIDTH = 64, 96


def scene(number: int, seed: int = 0, size: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """A grey picture 0..1: soft blobs that go round to the right, a pixel a picture."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    picture = np.full(size, 0.35)
    for _ in range(8):
        row, column, radius, level = random.uniform([0, 0, 6, -0.3], [size[0], size[1], 22, 0.6], 4)
        across = (columns - column - number + size[1] / 2) % size[1] - size[1] / 2
        distance = (rows - row) ** 2 + across**2
        picture += level * np.exp(-distance / radius**2)
    noise = random.normal(0, 0.02, size)
    return np.clip(picture + noise, 0, 1)


def frame_of(picture: np.ndarray, pix_fmt: str, full: bool = False) -> av.VideoFrame:
    """A picture in a pixel format with a luma plane; chroma is neutral."""
    height, width = picture.shape
    frame = av.VideoFrame(width, height, pix_fmt)
    for plane in frame.planes:  # encoders read what lies between its rows, too
        np.frombuffer(plane, np.uint8).fill(0)
    depth = frame.format.components[0].bits
    dtype = np.dtype(np.uint8 if depth == 8 else np.uint16)
    unit = 1 << (depth - 8)
    black, span = (0, (1 << depth) - 1) if full else (16 * unit, 219 * unit)
    plane_of(frame, 0, dtype)[:] = np.rint(black + picture * span)
    for index in range(1, len(frame.planes)):
        plane_of(frame, index, dtype)[:] = 1 << (depth - 1)
    frame.color_range = 2 if full else 1
    return frame


def write_film(
    path: Path,
    pictures: list[np.ndarray],
    pix_fmt: str = "yuv420p",
    codec: str = "ffv1",
    *,
    times: list[int] | None = None,
    base: Fraction = Fraction(1, 25),
    rate: Fraction = Fraction(25),
    matrix: int = 1,
    full: bool = False,
    options: dict[str, str] | None = None,
    audio: float = 0,
    rotation: int = 0,
    aspect: Fraction | None = None,
    flags: int = 0,
    metadata: dict[str, str] | None = None,
    chapters: list[dict] | None = None,
) -> Path:
    """Write a film; `times` are in units of `base`, `audio` is seconds of sound."""
    with av.open(str(path), "w") as out:
        out.metadata.update(metadata or {})
        stream = out.add_stream(codec, rate=rate, options=options or {})
        context = stream.codec_context
        height, width = pictures[0].shape
        context.width, context.height, context.pix_fmt = width, height, pix_fmt
        context.time_base = stream.time_base = base
        context.colorspace, context.color_range = matrix, 2 if full else 1
        context.flags |= flags
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        sound = out.add_stream("aac", rate=44100) if audio else None
        if chapters:
            out.set_chapters(chapters)
        for number, picture in enumerate(pictures):
            frame = frame_of(picture, pix_fmt, full)
            frame.colorspace = matrix
            frame.pts, frame.time_base = number if times is None else times[number], base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            write_sound(out, sound, audio)
    return path


def write_sound(out, stream, seconds: float) -> None:
    samples = round(seconds * 44100)
    wave = np.sin(np.arange(samples) * 0.06).astype(np.float32)[None].repeat(2, axis=0) * 0.2
    for start in range(0, samples, 1024):
        part = np.ascontiguousarray(wave[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(part, "fltp", "stereo")
        frame.sample_rate, frame.pts = 44100, start
        frame.time_base = Fraction(1, 44100)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def lumas_of(path: Path) -> list[np.ndarray]:
    """The luma planes of a film's pictures, as decoded."""
    return [planes[0] for planes in planes_of(path)]


def planes_of(path: Path) -> list[list[np.ndarray]]:
    """All planes of a film's pictures, as decoded."""
    with av.open(str(path)) as film:
        result = []
        for frame in film.decode(video=0):
            dtype = np.dtype(np.uint8 if frame.format.components[0].bits == 8 else np.uint16)
            result.append(
                [plane_of(frame, index, dtype).copy() for index in range(len(frame.planes))]
            )
        return result


def stamps_of(path: Path) -> list[Fraction]:
    """When pictures are shown, seconds."""
    with av.open(str(path)) as film:
        return [frame.pts * Fraction(frame.time_base) for frame in film.decode(video=0)]


def packets_of(path: Path, kind: str = "audio") -> list[tuple[Fraction, bytes]]:
    """When packets of a stream are shown, and their bytes."""
    with av.open(str(path)) as film:
        stream = next(stream for stream in film.streams if stream.type == kind)
        return [
            (packet.pts * Fraction(packet.time_base), bytes(packet))
            for packet in film.demux(stream)
            if packet.size
        ]
