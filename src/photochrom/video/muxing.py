"""The finished file: encoded pictures, and everything else of the film, copied."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any

from photochrom.errors import VideoError, first_line
from photochrom.photo.metadata.digital_source import SOURCE_TYPE, mark_computed
from photochrom.photo.metadata.xmp import Packet as XmpPacket
from photochrom.video.encoding import EncodedPicture, Encoder
from photochrom.video.options import VideoOptions
from photochrom.video.source import Film
from photochrom.video.survey import Survey

XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The identifier of a box with XMP in MP4 and QuickTime (XMP specification, part 3, 2.4)."""
_BOXED = frozenset({".mp4", ".mov", ".m4v"})
_TAG = "DIGITAL_SOURCE_TYPE"
_TAGS_NOT_KEPT = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""Facts about the source's file, not about the film."""


class Muxer:
    """Writes the file of a coloured film.

    film, found: the source. encoder: made the pictures. options: of the file.
    """

    def __init__(self, film: Film, found: Survey, encoder: Encoder, options: VideoOptions) -> None:
        self.film, self.found, self.encoder, self.options = film, found, encoder, options
        self.warnings: list[str] = []
        base = film.facts.time_base
        self._start = None if options.start is None else found.times[0] * base
        self._end = None if options.end is None else Fraction(options.end)

    def write(
        self,
        part: Path,
        target: Path,
        packets: Iterable[EncodedPicture],
        times: Iterable[list[int]],
    ) -> None:
        """Write the file.

        part: its present name. target: its final one. packets: in the order of decoding. times:
        when those of each piece are shown.
        Raises VideoError for what the container does not take, OSError for what the disk does not.
        """
        av, suffix = self.film.av, target.suffix.lower()
        options = {"movflags": "+faststart"} if suffix in _BOXED else {}
        container_format = {".mkv": "matroska", ".mov": "mov"}.get(suffix)
        with closing(self.film.open()) as source:
            try:
                with av.open(
                    str(part), "w", format=container_format, container_options=options
                ) as out:
                    self._fill(source, out, packets, _decoding_order(times, self.found))
            except av.FFmpegError as error:
                if isinstance(error, OSError):
                    raise
                raise VideoError(target, f"cannot be written ({first_line(error)})") from error
        if self.options.mark and suffix in _BOXED:
            with part.open("ab") as file:
                file.write(_xmp_box())

    def _fill(
        self, source: Any, out: Any, packets: Iterable[EncodedPicture], order: Iterator[int]
    ) -> None:
        folder = self.film.path.is_dir()
        pictures = self.film.stream_of(source)
        if not folder:
            out.metadata.update(
                {k: v for k, v in source.metadata.items() if k not in _TAGS_NOT_KEPT}
            )
        if self.options.mark:
            out.metadata[_TAG] = SOURCE_TYPE
        copies: dict[int, Any] = {}
        stream = None
        for other in source.streams:
            if other.index == pictures.index:
                stream = self._picture_stream(out, None if folder else pictures)
            elif not folder:
                copy = self._copied_stream(out, other)
                if copy is not None:
                    copies[other.index] = copy
        assert stream is not None
        if not folder:
            self._copy_chapters(source, out)
        out.start_encoding()
        own = self._own_packets(stream, packets, order)
        others = self._other_packets(source, copies) if copies else iter(())
        for _, _, packet in merge(own, others, key=lambda item: item[:2]):
            out.mux_one(packet)

    def _picture_stream(self, out: Any, source: Any) -> Any:
        facts = self.film.facts
        stream = out.add_stream(self.encoder.name, rate=facts.rate, options=self.encoder.options)
        self.encoder.configure(stream.codec_context)
        stream.time_base = facts.time_base
        if source is not None:
            stream.metadata.update(
                {k: v for k, v in source.metadata.items() if k.lower() != "encoder"}
            )
            stream.disposition = source.disposition
        if facts.rotation:
            stream.set_display_rotation(facts.rotation)
        return stream

    def _copied_stream(self, out: Any, source: Any) -> Any:
        try:
            if source.type == "attachment":
                name = source.metadata.get("filename", source.name or "attachment")
                out.add_attachment(name, source.mimetype or "application/octet-stream", source.data)
                return None
            codec = source.codec_context.name if source.codec_context is not None else None
            if codec is None or codec not in out.supported_codecs:
                raise ValueError(codec)
            copy = out.add_stream_from_template(source)
        except (ValueError, AttributeError, TypeError, self.film.av.FFmpegError) as error:
            name = source.metadata.get("handler_name") or first_line(error)
            self.warnings.append(
                f"the {source.type} stream {source.index} ({name}) cannot be copied into this kind "
                "of file; Matroska (.mkv) holds most kinds"
            )
            return None
        copy.metadata.update(source.metadata)
        copy.disposition = source.disposition
        return copy

    def _copy_chapters(self, source: Any, out: Any) -> None:
        chapters = source.chapters()
        if not chapters:
            return
        kept = []
        for chapter in chapters:
            base = Fraction(chapter["time_base"] or 1)
            start, end = (chapter[name] * base for name in ("start", "end"))
            first, last = self._start or Fraction(0), self._end or end
            if end > first and start < last:
                shift = int(first / base)
                kept.append(
                    chapter
                    | {
                        "start": max(0, chapter["start"] - shift),
                        "end": int(min(end, last) / base) - shift,
                    }
                )
        out.set_chapters(kept)

    def _own_packets(
        self, stream: Any, packets: Iterable[EncodedPicture], order: Iterator[int]
    ) -> Iterator[tuple[Fraction, int, Any]]:
        base, av = self.film.facts.time_base, self.film.av
        shift = 0 if self._start is None else self.found.times[0]
        times, usual_step = self.found.times, self.found.usual_step
        for encoded, decoded_at in zip(packets, order, strict=True):
            packet = av.Packet(encoded.data)
            packet.stream, packet.time_base = stream, base
            packet.pts, packet.dts = encoded.time - shift, decoded_at - shift
            following = bisect_right(times, encoded.time)
            last = following == len(times)
            end = encoded.time + usual_step if last else times[following]
            packet.duration = end - encoded.time
            packet.is_keyframe = encoded.key
            yield packet.dts * base, 0, packet

    def _other_packets(
        self, source: Any, copies: dict[int, Any]
    ) -> Iterator[tuple[Fraction, int, Any]]:
        """Packets of the other streams as they are, but for what lies outside start and end."""
        streams = [stream for stream in source.streams if stream.index in copies]
        last: dict[int, int] = {}
        packets = source.demux(*streams)
        when = Fraction(0)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, self.film.av.FFmpegError, OSError):
                return
            if packet.size == 0 or packet.stream.index not in copies:
                continue
            index, base = packet.stream.index, Fraction(packet.time_base)
            stamp = packet.dts if packet.dts is not None else packet.pts
            if stamp is None:
                continue
            if self._outside((packet.pts if packet.pts is not None else stamp) * base):
                continue
            if index in last and stamp < last[index]:
                self._warn_once("a stream beside the pictures has time stamps that jump back")
                continue
            last[index] = stamp
            if self._start is not None:
                shift = int(self._start / base)
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.dts = None if packet.dts is None else packet.dts - shift
                stamp -= shift
            packet.stream = copies[index]
            when = max(when, stamp * base)
            yield when, 1 + index, packet

    def _outside(self, time: Fraction) -> bool:
        before = self._start is not None and time < self._start
        return before or (self._end is not None and time >= self._end)

    def _warn_once(self, line: str) -> None:
        if line not in self.warnings:
            self.warnings.append(line)


def _decoding_order(pieces: Iterable[list[int]], found: Survey) -> Iterator[int]:
    """When each packet is decoded, in units of the film's time base.

    Pictures that refer to later ones are decoded after these. All packets are decoded as many
    pictures early as the most delayed of them needs.
    """
    shown, delay = array("q"), 0
    for times in pieces:
        ordered = sorted(times)
        rank = {time: index for index, time in enumerate(ordered)}
        delay = max([delay, *(index - rank[time] for index, time in enumerate(times))])
        shown.extend(ordered)  # pieces follow each other
    step = found.usual_step
    for index in range(len(shown)):
        yield shown[index - delay] if index >= delay else shown[0] - (delay - index) * step


def _xmp_box() -> bytes:
    """A box with XMP that says that the colours are computed."""
    packet = XmpPacket.parse(b"")
    assert packet is not None  # an empty one is made for no bytes
    mark_computed(packet)
    content = b"uuid" + XMP_BOX + packet.to_bytes()
    return (len(content) + 4).to_bytes(4, "big") + content
