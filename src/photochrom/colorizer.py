"""The pipeline: a photo in, a coloured photo out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.cleaning import clean
from photochrom.color import Array, lab_from_srgb
from photochrom.confidence import confidence_picture
from photochrom.dial import Decoding
from photochrom.errors import ConfigError, InColour, ModelError, PhotoError
from photochrom.hints import Hint, PlacedHints
from photochrom.photo import (
    TIFF,
    Kind,
    Metadata,
    Page,
    Photo,
    Saving,
    Turn,
    check_target,
    coding_for,
    encode,
    kind_of,
    metadata_of,
    pages_of,
    write,
)
from photochrom.session import MULTIPLE, Prediction, Session
from photochrom.spaces import SRGB
from photochrom.spreading import settle, spread
from photochrom.stream import Coding, Pixels, StripPlan, coloured_strips
from photochrom.tone import Tone, tone_of
from photochrom.upsample import LinearChroma, cell_mean, linear_chroma, refine
from photochrom.variants import draw_variants

DEFAULT_VIVIDNESS = 0.5
LONGEST = 4
"""The small copy is at most this many times as long as it is wide; longer photos are squeezed."""

BLANK = 1.5
"""Spread of L below which a picture shows nothing: its colours fade, a blank card stays grey."""

WHITE = 100.0
"""L of the padding."""

FEWEST_VARIANTS, MOST_VARIANTS = 2, 12
"""Beyond a dozen they hardly differ."""


@dataclass(frozen=True)
class Result:
    """One coloured photo, not yet written: colours on a small copy, pixels still in the source.

    photo: the input.
    model: the name of the model.
    ab: (h, w, 2), Lab units, on the small copy, upright.
    confidence: (h / s, w / s), 0..1, at the network's stride s, upright; None where the model does
    not say how sure it is.
    """

    photo: Photo
    model: str
    ab: Array
    confidence: Array | None
    _chroma: LinearChroma
    _threads: int | None

    @cached_property
    def rgb(self) -> Pixels:
        """The coloured photo, (H, W, 3) or (H, W, 4), upright sRGB, of the input's depth."""
        return self._upright(Coding(SRGB, self.photo.stored))

    def save(
        self,
        path: str | Path,
        *,
        quality: int = 95,
        mark: bool = True,
        profile: str = "srgb",
        overwrite: bool = False,
    ) -> Path:
        """Write the coloured photo; its suffix chooses the format.

        quality: of formats that lose something, 1..100.
        mark: say in XMP that the colours are computed.
        profile: "srgb", or "keep" for the photo's own colour space (for a grey one, RGB with its
        tone curve).
        Raises OutputExists where the file exists and overwrite is false, PhotoError where it
        cannot be written. Nothing half-written stays.
        """
        target = Path(path)
        saving = Saving(quality, mark, profile, overwrite)
        check_target(target, overwrite)
        write([self.page(target.suffix, saving)], target, saving)
        return target

    def encode(
        self, suffix: str, *, quality: int = 95, mark: bool = True, profile: str = "srgb"
    ) -> bytes:
        """The bytes of a file of the format that `suffix` (".jpg", ...) names."""
        saving = Saving(quality, mark, profile)
        return encode([self.page(suffix, saving)], suffix, saving)

    def confidence_picture(self) -> Pixels:
        """The confidence map in colours, with a legend; see `photochrom.confidence`.

        Raises ModelError where the model does not say how sure it is.
        """
        if self.confidence is None:
            raise ModelError(f"{self.model} does not say how sure it is; choose another model")
        return confidence_picture(self.confidence, self.photo.upright_size)

    def page(self, suffix: str, saving: Saving) -> Page:
        """What is written: strips as stored with the tag, or with the pixels turned."""
        kind = kind_of(suffix)
        if kind is None:
            raise PhotoError(f"{suffix}: cannot write this format")
        coding = coding_for(self.photo, kind, saving)
        turned = bool(self.photo.turn.quarters or self.photo.turn.mirrored)
        if not turned or kind.tagged:
            return Page(self.photo, self._strips(coding), coding, False)
        height, width = self.photo.upright_size
        spans = StripPlan.of(width, height).spans()
        whole = self._upright(coding)
        return Page(self.photo, (whole[t : t + rows] for t, rows in spans), coding, True)

    def _strips(self, coding: Coding) -> Iterator[Pixels]:
        """The strips; the photo is opened for the first one, and closed after the last."""
        photo = self.photo
        chroma = self._chroma.turned(*photo.turn.undo())
        yield from coloured_strips(
            photo.strips(), photo.plan, chroma, self._threads, source=photo.space, target=coding
        )

    def _upright(self, coding: Coding) -> Pixels:
        stored = np.concatenate(list(self._strips(coding)))
        return np.ascontiguousarray(self.photo.turn.apply(stored))


def save_pages(results: Sequence[Result], path: str | Path, **how: Any) -> list[Path]:
    """Write the coloured pages of one photo.

    results: as `Colorizer.colorize_pages` gives them. path: of a TIFF where there are several.
    how: as for `Result.save`.
    Returns the names: one TIFF where the pages agree in size and type, else NAME-1.tif,
    NAME-2.tif, ... Raises what `Result.save` raises.
    """
    target = Path(path)
    if len(results) == 1:
        return [results[0].save(target, **how)]
    saving = Saving(**how)
    kind = check_target(target, saving.overwrite)
    if pages := _one_file(results, kind, target.suffix, saving):
        write(pages, target, saving)
        return [target]
    names = [target.with_stem(f"{target.stem}-{n + 1}") for n in range(len(results))]
    for name in names:
        check_target(name, saving.overwrite)
    written: list[Path] = []
    try:
        for result, name in zip(results, names, strict=True):
            written.append(result.save(name, **how))
    except BaseException:
        for name in written:  # all pages, or none
            name.unlink(missing_ok=True)
        raise
    return written


def encode_pages(
    results: Sequence[Result], suffix: str, *, quality: int = 95, mark: bool = True,
    profile: str = "srgb",
) -> bytes:  # fmt: skip
    """The bytes of one file of the coloured pages of one photo.

    Raises PhotoError where a file of this format cannot hold them all.
    """
    saving = Saving(quality, mark, profile)
    if len(results) == 1:
        return encode([results[0].page(suffix, saving)], suffix, saving)
    pages = _one_file(results, kind_of(suffix), suffix, saving)
    if not pages:
        name = results[0].photo.name
        raise PhotoError(f"{name}: its {len(results)} pages do not fit into one file; name a file")
    return encode(pages, suffix, saving)


def _one_file(
    results: Sequence[Result], kind: Kind | None, suffix: str, saving: Saving
) -> list[Page]:
    """The pages of one TIFF; none where they differ in size or type, or it is of another kind."""
    if kind is not TIFF:
        return []
    pages = [result.page(suffix, saving) for result in results]
    alike = {(page.size, page.bands, page.coding.kind, page.coding.space) for page in pages}
    return pages if len(alike) == 1 else []


class Colorizer:
    """Colours photographs with one model; thread-safe, one object serves many photos."""

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
    ) -> None:
        """Load a model; see `photochrom.session.Session` for the arguments and errors."""
        self.session = Session(model, threads, providers)
        self._threads = threads

    def colorize(
        self,
        photo: Any,
        *,
        vividness: float = DEFAULT_VIVIDNESS,
        size: int | None = None,
        hints: Sequence[Hint] = (),
        recolour: bool = True,
    ) -> Result:
        """Colour one photograph; of a TIFF with several pages, the first.

        photo: a path, an encoded file's bytes, an array (H, W) or (H, W, 3), uint8 or uint16,
        sRGB, or a PIL image.
        vividness: 0 (faithful, muted) to 1 (vivid).
        size: short side of the small copy that the network sees, pixels; the model's by default.
        hints: colours that points of the photo shall have.
        recolour: also colour what is in colour already; a toned print is none (`photochrom.tone`).
        Raises PhotoError where the photo cannot be read, InColour, ConfigError for an option out of
        range, HintError for a hint outside the photo or a model that takes none.
        """
        decoding = self.session.contract.dial.at(vividness)
        opened = _open(photo)
        small = self._small(opened, size)
        if not recolour and opened.colour_bands == 3 and tone_of(small) is Tone.COLOUR:
            raise InColour(f"{opened.name}: is in colour already; add --recolour to colour it anew")
        lightness = np.ascontiguousarray(lab_from_srgb(small)[..., 0])
        seen = clean(lightness)
        plain = self._predict(seen, decoding)
        if not hints:
            return self._result(opened, lightness, decoding, plain)
        placed = PlacedHints.of(hints, opened.upright_size, lightness.shape, opened.name)
        prediction = self._predict(seen, decoding, placed)
        return self._result(opened, lightness, decoding, plain, (placed, prediction))

    def colorize_pages(self, photo: Any, **options: Any) -> list[Result]:
        """Colour every page of a TIFF; of any other photo, the one there is.

        photo, options: as for `colorize`. See `save_pages`.
        """
        first = _open(photo)
        pages = pages_of(first.source)
        return [self.colorize(first.with_page(page), **options) for page in pages]

    def variants(
        self,
        photo: Any,
        count: int = 4,
        *,
        seed: int = 0,
        vividness: float = DEFAULT_VIVIDNESS,
        size: int | None = None,
    ) -> list[Result]:
        """Colour one photograph in several plausible ways that differ in whole objects.

        count: how many, 2..12. seed: not negative; the same seed gives the same variants.
        photo, vividness, size: as for `colorize`.
        Returns `count` results. The first is what `colorize` gives; the second is typical of what
        else the photo may have looked like, often quieter; each further one is as far as can be
        from all before it (`photochrom.variants`). A larger count begins with the same ones.
        Raises what `colorize` raises, and ModelError where the model says only one colour a place.
        """
        if not FEWEST_VARIANTS <= count <= MOST_VARIANTS:
            raise ConfigError(
                f"{count} variants, but there must be {FEWEST_VARIANTS}..{MOST_VARIANTS}"
            )
        if seed < 0:
            raise ConfigError(f"seed is {seed}, but must not be negative")
        contract = self.session.contract
        decoding = contract.dial.at(vividness)
        opened = _open(photo)
        lightness = np.ascontiguousarray(lab_from_srgb(self._small(opened, size))[..., 0])
        frame = _Frame.of(lightness, contract.fit)
        seen = clean(lightness)
        logits = self.session.logits(frame.padded(seen, WHITE))
        prediction = self._predict(seen, decoding)
        others = draw_variants(
            frame.cut(logits.transpose(1, 2, 0)),
            cell_mean(lightness, contract.stride),
            contract.bins,
            contract.log_weights,
            decoding,
            count - 1,
            seed,
        )
        predictions = [prediction, *(Prediction(ab, prediction.confidence) for ab in others)]
        return [self._result(opened, lightness, decoding, p) for p in predictions]

    def _small(self, photo: Photo, size: int | None) -> Array:
        """The small copy, upright sRGB, (h, w, 3)."""
        contract = self.session.contract
        height, width = network_size(*photo.upright_size, size or contract.size, contract.fit)
        turned = photo.turn.quarters % 2
        stored = photo.small_copy(*((width, height) if turned else (height, width)))
        return np.ascontiguousarray(photo.turn.apply(stored))

    def _predict(
        self, lightness: Array, decoding: Decoding, hints: PlacedHints | None = None
    ) -> Prediction:
        """The network's answer for a small copy, which it may want to see in a white square."""
        frame = _Frame.of(lightness, self.session.contract.fit)
        fields = () if hints is None else hints.inputs(decoding.gain)
        told = [frame.padded(field, 0) for field in fields]
        whole = self.session.predict(frame.padded(lightness, WHITE), decoding, *told)
        confidence = None if whole.confidence is None else frame.cut(whole.confidence)
        return Prediction(frame.cut(whole.ab), confidence)

    def _result(
        self,
        photo: Photo,
        lightness: Array,
        decoding: Decoding,
        plain: Prediction,
        hinted: tuple[PlacedHints, Prediction] | None = None,
    ) -> Result:
        """Decode predictions: the one without hints, and hints with the one that knew them."""
        evidence = min(1.0, float(lightness.std()) / BLANK)
        gain = np.float32(decoding.gain * evidence)
        ab, confidence = refine(plain.ab * gain, lightness), plain.confidence
        if hinted is None:
            chroma = linear_chroma(ab, lightness)
        else:
            hints, prediction = hinted
            ab = spread(hints, refine(prediction.ab * gain, lightness), ab, lightness)
            chroma = settle(hints, linear_chroma(ab, lightness), lightness)
            confidence = prediction.confidence
        return Result(photo, self.session.name, ab, confidence, chroma, self._threads)


@dataclass(frozen=True)
class _Frame:
    """Where a small copy of `height` and `width` lies in the square that a network wants to see.

    side: of the square; 0 where it takes the small copy as it is.
    """

    height: int
    width: int
    side: int

    @classmethod
    def of(cls, lightness: Array, fit: str) -> _Frame:
        height, width = lightness.shape
        return cls(height, width, max(height, width) if fit == "pad" else 0)

    def padded(self, field: Array, value: float) -> Array:
        """A field (height, width, ...) with `value` around it."""
        if not self.side:
            return field
        square = np.full((self.side, self.side, *field.shape[2:]), value, np.float32)
        top, left = (self.side - self.height) // 2, (self.side - self.width) // 2
        square[top : top + self.height, left : left + self.width] = field
        return square

    def cut(self, field: Array) -> Array:
        """The small copy's part of an answer, at any stride."""
        if not self.side:
            return field
        stride = self.side // len(field)
        top, left = (self.side - self.height) // 2, (self.side - self.width) // 2
        rows = slice(top // stride, (top + self.height) // stride)
        return field[rows, left // stride : (left + self.width) // stride]


def network_size(height: int, width: int, size: int, fit: str = "stretch") -> tuple[int, int]:
    """The small copy's height and width: multiples of 32 near the photo's shape.

    size: the side aimed at, pixels: the short one, or the long one where the copy is padded to a
    square (fit "pad"). Raises ConfigError below 32 or above 2048.
    """
    if not MULTIPLE <= size <= 2048:
        raise ConfigError(f"size is {size}, but must lie in {MULTIPLE}..2048 pixels")
    scale = size / (max(height, width) if fit == "pad" else min(height, width))
    longest = size * LONGEST
    sides = [min(side * scale, longest) for side in (height, width)]
    rows, columns = (max(1, round(side / MULTIPLE)) * MULTIPLE for side in sides)
    return rows, columns


def _open(photo: Any) -> Photo:
    if isinstance(photo, Photo):
        return photo
    if isinstance(photo, str | os.PathLike):
        return Photo(Path(photo))
    if isinstance(photo, bytes | bytearray | memoryview):
        return Photo(bytes(photo))
    if isinstance(photo, np.ndarray):
        return Photo(np.ascontiguousarray(photo))
    if hasattr(photo, "getexif") and hasattr(photo, "convert"):
        return Photo(_pil_pixels(photo), metadata=_pil_metadata(photo))
    raise PhotoError(
        f"a photo must be a path, bytes, an array or a PIL image, not {type(photo).__name__}"
    )


def _pil_pixels(image: Any) -> Pixels:
    """An upright array of a PIL image: grey, RGB or RGBA, 8 bit, or 16-bit grey."""
    if image.mode.startswith("I;16"):
        pixels = np.asarray(image).astype(np.uint16)
    elif image.mode in ("1", "L"):
        pixels = np.asarray(image.convert("L"))
    else:
        pixels = np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    turn = Turn.from_exif(image.getexif().get(274, 1))
    return np.ascontiguousarray(turn.apply(pixels))


def _pil_metadata(image: Any) -> Metadata:
    exif = image.getexif().tobytes()
    return metadata_of(exif or None, image.info.get("xmp"))
