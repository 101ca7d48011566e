"""Encoders: which one a film gets, how it is set, and the packets that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from photochrom.errors import ConfigError, Option
from photochrom.video.options import DEFAULT_CRF, DEFAULT_PRESET, VideoOptions
from photochrom.video.source import Facts

_USUAL = ("libx264", "libx265", "ffv1")
"""Encoders that are tried in this order where none is named."""
_GLOBAL_HEADER = 1 << 22
_INTERLACED = 1 << 29 | 1 << 18
"""FFmpeg's flags for motion and transforms of fields."""
_NARROW = 320
"""Width below which x264 must not distribute bits along macroblock trees: with AVX-512 it reads
beyond narrow pictures, and makes another file each time, so that a resumed film would differ."""
_SETFIELD = {1: "tff", 2: "bff"}


@dataclass(frozen=True)
class EncodedPicture:
    """One packet: the encoded picture, when it is shown, and whether decoding can start there."""

    data: bytes
    time: int
    key: bool


class Encoder:
    """Encodes pieces of one film, each by itself, so that they can be put one behind the other.

    options: of the file. facts: of the film, whose layout is written. suffix: of the file.
    Raises ConfigError for an unknown encoder, or one that lacks the film's depth or subsampling.
    """

    def __init__(self, av: Any, options: VideoOptions, facts: Facts, suffix: str) -> None:
        self._av, self.facts = av, facts
        self.format = facts.layout.written_as
        self.name = self._chosen(options, suffix)
        self.options = self._settings(options)

    def _chosen(self, options: VideoOptions, suffix: str) -> str:
        if options.lossless:
            names: tuple[str, ...] = ("ffv1",)
        else:
            names = _USUAL if options.codec is None else (options.codec,)
        for name in names:
            try:
                codec = self._av.codec.Codec(name, "w")
            except (self._av.FFmpegError, ValueError) as error:
                raise ConfigError(
                    Option("codec", name), "FFmpeg here has no such encoder", "try libx264"
                ) from error
            if codec.type != "video":
                raise ConfigError(Option("codec", name), "encodes no pictures", "try libx264")
            formats = [format.name for format in codec.video_formats or ()]
            if self.format in formats and not (name == "ffv1" and suffix == ".mp4"):
                return name
        raise ConfigError(
            Option("codec", names[0]),
            f"does not encode the film's pictures ({self.format}) for {suffix}",
            "use lossless (FFV1 in Matroska), or name an encoder that does",
        )

    def _settings(self, options: VideoOptions) -> dict[str, str]:
        settings = {}
        crf, preset = options.crf, options.encoder_preset
        if self.name in ("libx264", "libx265"):
            settings = {
                "crf": str(DEFAULT_CRF if crf is None else crf),
                "preset": preset or DEFAULT_PRESET,
            }
            if self.name == "libx264" and self.facts.layout.width < _NARROW:
                settings["x264-params"] = "mbtree=0"
            if self.name == "libx265":
                settings["x265-params"] = "log-level=none"
        elif self.name == "ffv1":
            settings = {"level": "3", "slicecrc": "1", "g": "1"}
        else:
            if crf is not None:
                settings["crf"] = str(crf)
            if preset is not None:
                settings["preset"] = preset
        return settings

    def configure(self, context: Any) -> None:
        """Set an encoder's context, not yet opened."""
        layout, facts = self.facts.layout, self.facts
        context.width, context.height = layout.width, layout.height
        context.pix_fmt = self.format
        context.time_base, context.framerate = facts.time_base, facts.rate
        context.sample_aspect_ratio = facts.aspect
        context.colorspace, context.color_range = layout.colorspace, layout.color_range
        context.color_primaries, context.color_trc = facts.primaries, facts.transfer
        context.options = dict(self.options)
        flags = context.flags | _GLOBAL_HEADER
        if layout.interlaced:
            flags |= _INTERLACED
        context.flags = flags

    def packets(self, pictures: Iterable[tuple[int, Any]]) -> Iterator[EncodedPicture]:
        """Encode pictures with their times; the first is a key picture.

        Raises ConfigError where the encoder does not take its settings.
        """
        context = self._av.codec.CodecContext.create(self.name, "w")
        self.configure(context)
        try:
            context.open()
        except (self._av.FFmpegError, ValueError) as error:
            raise ConfigError(
                Option("codec", self.name), f"does not start with {self.options}", "change them"
            ) from error
        fields = self._fields()
        for time, frame in pictures:
            frame.pts, frame.time_base = time, self.facts.time_base
            if fields is not None:
                fields.push(frame)
                frame = fields.pull()
            yield from self._encoded(context.encode(frame))
        yield from self._encoded(context.encode(None))

    def _fields(self) -> Any:
        """A filter that says of pictures which lines come first; None for whole pictures."""
        layout = self.facts.layout
        if not layout.interlaced:
            return None
        graph = self._av.filter.Graph()
        source = graph.add_buffer(
            width=layout.width,
            height=layout.height,
            format=self.format,
            time_base=self.facts.time_base,
        )
        order = graph.add("setfield", f"mode={_SETFIELD[layout.interlaced]}")
        sink = graph.add("buffersink")
        source.link_to(order)
        order.link_to(sink)
        graph.configure()
        return graph

    @staticmethod
    def _encoded(packets: Iterable[Any]) -> Iterator[EncodedPicture]:
        for packet in packets:
            if packet.size:
                yield EncodedPicture(bytes(packet), packet.pts, packet.is_keyframe)
