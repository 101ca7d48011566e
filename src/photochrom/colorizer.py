"""The pipeline: a photo in, a coloured photo out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.adjustments import Adjustments
from photochrom.cleaning import clean
from photochrom.color import Array, lab_from_srgb
from photochrom.confidence import confidence_picture
from photochrom.dial import Decoding
from photochrom.errors import ConfigError, HintError, InColour, ModelError, PhotoError
from photochrom.hints import Hint, PlacedHints
from photochrom.models import SizeRule, parse_blend
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
from photochrom.resize import resize
from photochrom.session import Prediction, Session
from photochrom.spaces import SRGB
from photochrom.spreading import settle, spread
from photochrom.stream import Coding, Pixels, StripPlan, coloured_strips
from photochrom.tone import Tone, tone_of
from photochrom.upsample import LinearChroma, cell_mean, linear_chroma, refine
from photochrom.variants import draw_variants

DEFAULT_VIVIDNESS = 0.5
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
    lightness: (h, w), 0..100, of the small copy, upright.
    confidence: (h / s, w / s), 0..1, at the network's stride s, upright; None where the model does
    not say how sure it is.
    """

    photo: Photo
    model: str
    ab: Array
    confidence: Array | None
    lightness: Array
    _chroma: LinearChroma
    _threads: int | None

    def adjusted(
        self,
        *,
        saturation: float = 1.0,
        warmth: float = 0.0,
        tint: float = 0.0,
        smooth: float = 0.0,
    ) -> Result:
        """The same photo with its colours changed; the network is not asked again.

        For the arguments and what is raised see `photochrom.adjustments.Adjustments`.
        """
        return self.adjusted_by(Adjustments(saturation, warmth, tint, smooth))

    def adjusted_by(self, adjustments: Adjustments) -> Result:
        """As `adjusted`. Changes of a changed result add up; smoothing blurs hints as well."""
        if adjustments == Adjustments():
            return self
        ab, chroma = adjustments.apply(self.ab, self._chroma, self.lightness)
        return replace(self, ab=ab, _chroma=chroma)

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


@dataclass(frozen=True)
class _Member:
    """One network of a blend, and its share in the colours."""

    session: Session
    weight: float


@dataclass(frozen=True)
class _Copy:
    """A small copy of a photo, upright.

    lightness: (h, w), 0..100. seen: the same, cleaned for the network.
    """

    srgb: Array
    lightness: Array
    seen: Array

    @classmethod
    def of(cls, photo: Photo, height: int, width: int) -> _Copy:
        turned = photo.turn.quarters % 2
        stored = photo.small_copy(*((width, height) if turned else (height, width)))
        srgb = np.ascontiguousarray(photo.turn.apply(stored))
        lightness = np.ascontiguousarray(lab_from_srgb(srgb)[..., 0])
        return cls(srgb, lightness, clean(lightness))


class Colorizer:
    """Colours photographs with one model, or several; thread-safe, one object for many photos."""

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
        device: str = "cpu",
        kind: str | None = None,
    ) -> None:
        """Load a model.

        model: a name, the path of an .onnx file, several with their weights ("a:0.7+b:0.3") whose
        colours are averaged, or None for the default.
        The rest as for `photochrom.session.Session`, which also says what is raised.
        """
        self.members = tuple(
            _Member(Session(name, threads, providers, device=device, kind=kind), weight)
            for name, weight in parse_blend(model)
        )
        self.session = self.members[0].session
        self._threads = threads
        if kind is not None and not any(member.session.asked_kind for member in self.members):
            raise ConfigError(
                f"--model-kind {kind}: {self.name} is described already; leave it out"
            )

    @property
    def name(self) -> str:
        """The model's name; of a blend, all names with their weights."""
        if len(self.members) == 1:
            return self.session.name
        return "+".join(f"{member.session.name}:{member.weight:g}" for member in self.members)

    def check_size(self, size: int | None) -> None:
        """Raise ConfigError for a short side of the small copy that a model does not take."""
        for member in self.members:
            try:
                member.session.contract.size_rule.copy_size(1024, 1024, size)
            except ConfigError as error:
                raise ConfigError(f"{member.session.name}: {error}") from error

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
        decodings = [member.session.contract.dial.at(vividness) for member in self.members]
        opened = _open(photo)
        copies = self._copies(opened, size)
        main = max(copies, key=lambda copy: copy.lightness.size)
        if not recolour and opened.colour_bands == 3 and tone_of(main.srgb) is Tone.COLOUR:
            raise InColour(f"{opened.name}: is in colour already; add --recolour to colour it anew")
        asked = list(zip(self.members, copies, decodings, strict=True))
        plain = _blended([(m, c, _ask(m.session, c, d)) for m, c, d in asked], main)
        if not hints:
            return self._result(opened, main.lightness, plain)
        placed = PlacedHints.of(hints, opened.upright_size, main.lightness.shape, opened.name)
        if not any(member.session.contract.hints for member in self.members):
            raise HintError(f"{self.name} takes no hints; choose a model that does")
        told = []
        for member, copy, decoding in asked:
            its = None
            if member.session.contract.hints:
                shape = copy.lightness.shape
                its = PlacedHints.of(hints, opened.upright_size, shape, opened.name)
            told.append((member, copy, _ask(member.session, copy, decoding, its)))
        return self._result(opened, main.lightness, plain, (placed, _blended(told, main)))

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
        if len(self.members) > 1:
            raise ModelError(f"{self.name}: a blend has no variants; choose one of its models")
        contract = self.session.contract
        decoding = contract.dial.at(vividness)
        opened = _open(photo)
        [copy] = self._copies(opened, size)
        frame = _Frame.of(copy.lightness, contract.size_rule)
        logits = self.session.logits(frame.padded(copy.seen, WHITE))
        prediction = _predict(self.session, copy.seen, decoding)
        cells = frame.cut(logits.transpose(1, 2, 0))
        others = draw_variants(
            cells,
            cell_mean(copy.lightness, len(copy.lightness) // len(cells)),
            contract.bins,
            contract.log_weights,
            decoding,
            count - 1,
            seed,
        )
        predictions = [prediction, *(Prediction(ab, prediction.confidence) for ab in others)]
        answers = [_answer(copy, decoding, prediction) for prediction in predictions]
        return [self._result(opened, copy.lightness, answer) for answer in answers]

    def _copies(self, photo: Photo, size: int | None) -> list[_Copy]:
        """A small copy for each member; the same where they want the same."""
        self.check_size(size)
        made: dict[tuple[int, int], _Copy] = {}
        copies = []
        for member in self.members:
            shape = member.session.contract.size_rule.copy_size(*photo.upright_size, size)
            if shape not in made:
                made[shape] = _Copy.of(photo, *shape)
            copies.append(made[shape])
        return copies

    def _result(
        self,
        photo: Photo,
        lightness: Array,
        plain: Prediction,
        hinted: tuple[PlacedHints, Prediction] | None = None,
    ) -> Result:
        """Of colours on the small copy: without hints, and hints with those that know them."""
        ab, confidence = plain.ab, plain.confidence
        if hinted is None:
            chroma = linear_chroma(ab, lightness)
        else:
            hints, told = hinted
            ab = spread(hints, told.ab, ab, lightness)
            chroma = settle(hints, linear_chroma(ab, lightness), lightness)
            confidence = told.confidence
        return Result(photo, self.name, ab, confidence, lightness, chroma, self._threads)


def _ask(
    session: Session, copy: _Copy, decoding: Decoding, hints: PlacedHints | None = None
) -> Prediction:
    """A network's colours at every pixel of its small copy."""
    return _answer(copy, decoding, _predict(session, copy.seen, decoding, hints))


def _predict(
    session: Session, lightness: Array, decoding: Decoding, hints: PlacedHints | None = None
) -> Prediction:
    """The network's answer for a small copy, which it may want to see with white around it."""
    frame = _Frame.of(lightness, session.contract.size_rule)
    fields = () if hints is None else hints.inputs(decoding.gain)
    told = [frame.padded(field, 0) for field in fields]
    shown = frame.padded(lightness, WHITE)
    whole = session.predict(shown, decoding, *told)
    ab = whole.ab if frame.cuts_cells(len(whole.ab)) else refine(whole.ab, shown)
    confidence = None if whole.confidence is None else frame.cut(whole.confidence)
    return Prediction(frame.cut(ab), confidence)


def _answer(copy: _Copy, decoding: Decoding, prediction: Prediction) -> Prediction:
    """The network's ab at every pixel of the small copy, with the dial's gain."""
    evidence = min(1.0, float(copy.lightness.std()) / BLANK)
    ab = prediction.ab * np.float32(decoding.gain * evidence)
    if ab.shape[:2] != copy.lightness.shape:
        ab = refine(ab, copy.lightness)
    return Prediction(ab, prediction.confidence)


def _blended(answers: Sequence[tuple[_Member, _Copy, Prediction]], main: _Copy) -> Prediction:
    """The weighted mean of ab, and of the confidence of those that have one."""
    if len(answers) == 1:
        return answers[0][2]
    ab = np.zeros((*main.lightness.shape, 2), np.float32)
    confident = [(m.weight, p.confidence) for m, _, p in answers if p.confidence is not None]
    for member, _, prediction in answers:
        enlarged = resize(prediction.ab, *main.lightness.shape)
        ab += np.float32(member.weight) * enlarged
    if not confident:
        return Prediction(ab, None)
    rows, columns = max(field.shape for _, field in confident)
    confidence = np.zeros((rows, columns), np.float32)
    total = sum(weight for weight, _ in confident)
    for weight, field in confident:
        confidence += np.float32(weight / total) * resize(field[..., None], rows, columns)[..., 0]
    return Prediction(ab, confidence)


@dataclass(frozen=True)
class _Frame:
    """Where a small copy of `height` and `width` lies in what a network sees, `seen` in size."""

    height: int
    width: int
    seen: tuple[int, int]

    @classmethod
    def of(cls, lightness: Array, rule: SizeRule) -> _Frame:
        height, width = lightness.shape
        return cls(height, width, rule.seen_size(height, width))

    @property
    def corner(self) -> tuple[int, int]:
        """The row and column where the small copy begins."""
        return (self.seen[0] - self.height) // 2, (self.seen[1] - self.width) // 2

    def padded(self, field: Array, value: float) -> Array:
        """A field (height, width, ...) with `value` around it."""
        if self.seen == (self.height, self.width):
            return field
        whole = np.full((*self.seen, *field.shape[2:]), value, np.float32)
        top, left = self.corner
        whole[top : top + self.height, left : left + self.width] = field
        return whole

    def cuts_cells(self, rows: int) -> bool:
        """Whether the small copy begins and ends between the cells of an answer of `rows` rows."""
        stride = self.seen[0] // rows
        edges = (*self.corner, self.height, self.width)
        return all(edge % stride == 0 for edge in edges)

    def cut(self, field: Array) -> Array:
        """The small copy's part of an answer, at any stride."""
        stride = self.seen[0] // len(field)
        top, left = self.corner
        rows = slice(top // stride, (top + self.height) // stride)
        return field[rows, left // stride : (left + self.width) // stride]


def network_size(height: int, width: int, size: int, fit: str = "stretch") -> tuple[int, int]:
    """The small copy's height and width for a network of Photochrom's own architecture.

    size: the side aimed at, pixels: the short one, or the long one where the copy is padded to a
    square (fit "pad"). Raises ConfigError below 32 or above 2048.
    """
    return SizeRule(fit=fit, usual=size).copy_size(height, width)


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
