"""How a coloured film is written."""

from __future__ import annotations

from dataclasses import dataclass

from photochrom.errors import ConfigError, Option

DEFAULT_CRF = 18
DEFAULT_PRESET = "medium"
CONTAINERS = {"mp4": ".mp4", "mkv": ".mkv", "mov": ".mov"}
"""Suffixes by the name of a container."""


@dataclass(frozen=True, kw_only=True)
class VideoOptions:
    """How a coloured film is written; the file's suffix chooses the container.

    Parameters
    ----------
    codec
        FFmpeg's name of an encoder, such as "libx264", "libx265", "libsvtav1", "prores_ks"; None
        for H.264, or HEVC where H.264 lacks the film's depth.
    crf
        Constant quality of the encoder, smaller is better; None for 18, or the encoder's own where
        it takes none.
    encoder_preset
        Speed of the encoder: "ultrafast" to "veryslow" for x264 and x265.
    lossless
        FFV1 in Matroska: the luma plane of the file is the source's, bit for bit.
    start, end
        Seconds of the film between which it is coloured; None for its beginning and end.
    mark
        Record in the file that the colours are computed.
    overwrite
        Replace a file of that name.
    recolor
        Also colour a film that is in colour already.

    Raises
    ------
    ConfigError
        A value is out of range.
    """

    codec: str | None = None
    crf: int | None = None
    encoder_preset: str | None = None
    lossless: bool = False
    start: float | None = None
    end: float | None = None
    mark: bool = True
    overwrite: bool = False
    recolor: bool = False

    def __post_init__(self) -> None:
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise ConfigError(Option("crf", self.crf), "must lie in 0..63")
        if self.start is not None and self.start < 0:
            raise ConfigError(Option("start", self.start), "must not be negative")
        if self.end is not None and self.end <= (self.start or 0):
            raise ConfigError(Option("end", self.end), "must lie behind the start")
        if self.lossless and self.codec not in (None, "ffv1"):
            raise ConfigError(Option("codec", self.codec), "is not lossless", "leave it out")

    def suffix(self, container: str | None) -> str:
        """The suffix of the file where none is named."""
        if container is not None:
            return CONTAINERS[container]
        return ".mkv" if self.lossless or self.codec == "ffv1" else ".mp4"
