"""One photo, coloured again and again; only what changed options affect is recomputed.

    lightness of a small copy   by size
    the network's colours       by size, vividness
    its distribution            by size             variants, suggestions
    ways from a hint            by size, hint
    colours with hints          by all of these

A slider of the adjustments costs a few milliseconds, a hint one more question to the network.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, Unpack, cast

from photochrom.color.lab import Array
from photochrom.color.vividness import Decoding
from photochrom.errors import ConfigError, HintError, InColorError, ModelError, Option, Remedy
from photochrom.filters.upsample import cell_mean, linear_chroma
from photochrom.models import Abilities
from photochrom.models.session import Prediction
from photochrom.options import (
    FEWEST_VARIANTS,
    MOST_VARIANTS,
    ColorizeKeywords,
    ColorizeOptions,
    Hint,
)
from photochrom.photo import Photo
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.hint_propagation import (
    Dissimilarity,
    HintDistances,
    propagate_hints,
    snap_to_hints,
)
from photochrom.pipeline.hints import PlacedHints, check_inside, place_in
from photochrom.pipeline.inference import (
    Member,
    SmallCopy,
    average_predictions,
    distribution,
    predict,
    upsample_prediction,
)
from photochrom.pipeline.suggestions import SUGGESTIONS, Suggestion, in_gamut, likely_colors
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.pipeline.variants import draw_variants
from photochrom.result import Result

T = TypeVar("T")

_KEPT = 4
"""Answers of each kind that are kept; a person goes back and forth between few settings."""
_FEW = 3


class _Memo:
    """The last few answers of one kind, by what was asked; thread-safe.

    Two threads may compute the same answer at the same time; both then have one.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer to `key`; `make` computes it where it is not kept."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast(T, self._answers[key])
        answer = make()
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        return answer


class Workspace:
    """A photo and what is known of it so far; thread-safe, one object a photo.

    `Colorizer.workspace` makes it. What was computed is kept: a change of the adjustments costs a
    few milliseconds, a hint one more question to the network.

    Attributes
    ----------
    photo : Photo
        The photo.
    name : str
        The model's name.

    Examples
    --------
    >>> from photochrom import Colorizer, Hint
    >>> work = Colorizer().workspace("photo.jpg")
    >>> likely = work.suggestions(225, 150)
    >>> work.result(hints=[Hint(225, 150, likely[1].ab)], saturation=1.2)
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    def __init__(
        self, photo: Photo, members: Sequence[Member], name: str, threads: int | None
    ) -> None:
        self.photo, self.name = photo, name
        self._members, self._threads = tuple(members), threads
        self._abilities = Abilities.of([member.session.contract for member in members])
        self._kept_copies, self._kept_plain, self._kept_cells = _Memo(), _Memo(), _Memo()
        self._kept_variants, self._kept_distances, self._kept_dissimilarity = (
            _Memo(),
            _Memo(),
            _Memo(),
        )

    @property
    def takes_hints(self) -> bool:
        """Whether a network here knows what to do with hints."""
        return self._abilities.hints

    @property
    def predicts_distribution(self) -> bool:
        """Whether there are variants, and suggestions with probabilities."""
        return self._abilities.variants

    def copy_size(self, size: int | None = None) -> tuple[int, int]:
        """Height and width of the copy that the network sees.

        Parameters
        ----------
        size
            Its short side, pixels; None for the model's own.

        Returns
        -------
        tuple of int
            Height and width, pixels; of several models, the largest.

        Raises
        ------
        ConfigError
            A model does not take this size.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> Colorizer().workspace("photo.jpg").copy_size()
        (192, 288)
        """
        photo = self.photo.upright_size
        shapes = [member.copy_size(*photo, size) for member in self._members]
        return max(shapes, key=lambda shape: shape[0] * shape[1])

    @property
    def in_color(self) -> bool:
        """Whether the photo has colours already; a toned print has none.

        See `photochrom.pipeline.toning`.
        """
        if self.photo.color_bands < 3:
            return False
        return tone_of(self._copy(None).srgb) is Tone.COLOR

    def result(
        self, options: ColorizeOptions | None = None, **keywords: Unpack[ColorizeKeywords]
    ) -> Result:
        """The photo, coloured.

        Parameters
        ----------
        options, **keywords
            As for `Colorizer.colorize`, which also says what is raised.

        Returns
        -------
        Result
            The coloured photo, not yet written.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> Colorizer().workspace("photo.jpg").result(warmth=0.1)
        <Result of photo.jpg, 451 x 300, by photochrom>
        """
        wanted = ColorizeOptions.of(options, keywords)
        copy = self._copy(wanted.size)
        if not wanted.recolor and self.in_color:
            raise InColorError(
                self.photo.name,
                "is in colour already",
                Remedy("add {} to colour it anew", Option("recolor", True)),
            )
        found = self._hinted(wanted, copy) if wanted.hints else self._unhinted(wanted, copy)
        return found.adjusted_by(Adjustments.of(wanted))

    def check_hints(self, hints: Sequence[Hint]) -> None:
        """Do nothing where these hints fit the photo and the model.

        Parameters
        ----------
        hints
            Colours at points of the upright photo.

        Raises
        ------
        HintError
            A hint lies outside the photo, or no network here takes hints.

        Examples
        --------
        >>> from photochrom import Colorizer, Hint
        >>> Colorizer().workspace("photo.jpg").check_hints([Hint(225, 150, (0, 0))])
        """
        if hints:
            self._placed(hints, self._copy(None))

    def variants(
        self,
        count: int = 4,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Result]:
        """Several plausible colourings, as `Colorizer.variants` gives them.

        Parameters
        ----------
        count
            How many, 2 to 12.
        options, **keywords
            As for `Colorizer.colorize`.

        Returns
        -------
        list of Result
            The usual colouring first.

        Raises
        ------
        ModelError
            The model says only one colour a place, or is a blend.
        ConfigError
            An option or the count is out of range.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> usual, typical = Colorizer().workspace("photo.jpg").variants(2)
        """
        wanted = ColorizeOptions.of(options, keywords)
        if not FEWEST_VARIANTS <= count <= MOST_VARIANTS:
            raise ConfigError(
                Option("count", count), f"must lie in {FEWEST_VARIANTS}..{MOST_VARIANTS}"
            )
        others = self._variants(wanted, count - 1)
        copy = self._copy(wanted.size)
        answers = [self._plain(wanted), *others]
        results = [self._result(copy, answer.ab, answer.confidence) for answer in answers]
        return [result.adjusted_by(Adjustments.of(wanted)) for result in results]

    def suggestions(
        self,
        x: float,
        y: float,
        count: int = SUGGESTIONS,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Suggestion]:
        """Likely colours of the thing at a place, most likely first.

        Parameters
        ----------
        x, y
            Pixels of the upright photo, right and down, as of a `Hint`.
        count
            At most so many.
        options, **keywords
            As for `Colorizer.colorize`; of them `vividness` and `size` count.

        Returns
        -------
        list of Suggestion
            All within sRGB at the place's lightness. A model that says one colour a place suggests
            that one, without a probability.

        Raises
        ------
        HintError
            The place lies outside the photo.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> likely = Colorizer().workspace("photo.jpg").suggestions(225, 150, count=3)
        >>> likely[0].probability > likely[1].probability
        True
        """
        wanted = ColorizeOptions.of(options, keywords)
        copy = self._copy(wanted.size)
        light = self.lightness_at(x, y, size=wanted.size)
        row, column = place_in(x, y, self.photo.upright_size, copy.lightness.shape)
        if not self.predicts_distribution:
            here = self._plain(wanted).ab[round(row), round(column)]
            return [Suggestion(in_gamut(here, light), None)]
        [member] = self._members
        cells = self._cells(wanted.size)
        stride = len(copy.lightness) // len(cells)
        cell = (
            min(int((row + 0.5) / stride), cells.shape[0] - 1),
            min(int((column + 0.5) / stride), cells.shape[1] - 1),
        )
        near = distribution(member, cells, cell)
        return likely_colors(
            (near[1, 1] + near.mean(axis=(0, 1))) / 2,  # the place itself for half
            member.session.contract.bins,
            light,
            _decoding(member, wanted.vividness).gain,
            count,
        )

    def lightness_at(self, x: float, y: float, *, size: int | None = None) -> float:
        """The lightness around a place.

        Parameters
        ----------
        x, y
            Pixels of the upright photo, right and down.
        size
            Short side of the small copy that is looked at, pixels; None for the model's own.

        Returns
        -------
        float
            CIE L, 0 to 100.

        Raises
        ------
        HintError
            The place lies outside the photo.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> 0 < Colorizer().workspace("photo.jpg").lightness_at(225, 150) < 100
        True
        """
        lightness = self._copy(size).lightness
        check_inside(x, y, self.photo.upright_size, self.photo.name)
        row, column = place_in(x, y, self.photo.upright_size, lightness.shape)
        return float(lightness[round(row), round(column)])

    def ab_at(self, x: float, y: float, result: Result) -> Array:
        """The colour that a result has at a place.

        Parameters
        ----------
        x, y
            Pixels of the upright photo, right and down.
        result
            A result of this workspace.

        Returns
        -------
        numpy.ndarray
            a and b, (2,), CIE Lab units.

        Raises
        ------
        HintError
            The place lies outside the photo.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> work = Colorizer().workspace("photo.jpg")
        >>> work.ab_at(225, 150, work.result()).shape
        (2,)
        """
        check_inside(x, y, self.photo.upright_size, self.photo.name)
        row, column = place_in(x, y, self.photo.upright_size, result.ab.shape[:2])
        return result.ab[round(row), round(column)]

    def _copies(self, size: int | None) -> list[SmallCopy]:
        """A small copy for each member; the same where they want the same."""

        def read() -> list[SmallCopy]:
            photo = self.photo.upright_size
            shapes = [member.copy_size(*photo, size) for member in self._members]
            read = {shape: SmallCopy.of(self.photo, *shape) for shape in dict.fromkeys(shapes)}
            return [read[shape] for shape in shapes]

        return self._kept_copies.get(size, read)

    def _copy(self, size: int | None) -> SmallCopy:
        """Of an ensemble's small copies the largest, which colours are brought to."""
        return max(self._copies(size), key=lambda copy: copy.lightness.size)

    def _plain(self, options: ColorizeOptions) -> Prediction:
        """The usual colours, without hints."""

        def compute() -> Prediction:
            decodings = [_decoding(member, options.vividness) for member in self._members]
            copies = self._copies(options.size)
            asked = zip(self._members, copies, decodings, strict=True)
            return average_predictions(
                [(m, c, predict(m, c, d)) for m, c, d in asked], self._copy(options.size)
            )

        return self._kept_plain.get((options.size, options.vividness), compute)

    def _cells(self, size: int | None) -> Array:
        """The only member's logits on its coarse grid, (h, w, Q)."""
        [member] = self._members
        return self._kept_cells.get(size, lambda: member.logits(self._copy(size)))

    def _variants(self, options: ColorizeOptions, count: int) -> list[Prediction]:
        """Colours of variants, without the usual ones."""
        if len(self._members) > 1:
            raise ModelError(self.name, "a blend has no variants", "choose one of its models")
        key = (options.size, options.vividness, options.seed, count)
        return self._kept_variants.get(key, lambda: self._drawn(options, count))

    def _drawn(self, options: ColorizeOptions, count: int) -> list[Prediction]:
        [member], copy = self._members, self._copy(options.size)
        contract, decoding = member.session.contract, _decoding(member, options.vividness)
        cells = self._cells(options.size)
        drawn = draw_variants(
            cells,
            cell_mean(copy.lightness, len(copy.lightness) // len(cells)),
            contract.bins,
            contract.log_weights,
            decoding,
            count,
            options.seed,
        )
        sure = predict(member, copy, decoding).confidence
        return [upsample_prediction(copy, decoding, Prediction(ab, sure)) for ab in drawn]

    def _base(self, options: ColorizeOptions) -> Prediction:
        """Colours without hints: the usual ones, or a variant's."""
        if not options.variant:
            return self._plain(options)
        count = _FEW if options.variant <= _FEW else MOST_VARIANTS - 1
        return self._variants(options, count)[options.variant - 1]

    def _unhinted(self, options: ColorizeOptions, copy: SmallCopy) -> Result:
        base = self._base(options)
        return self._result(copy, base.ab, base.confidence)

    def _hinted(self, options: ColorizeOptions, copy: SmallCopy) -> Result:
        base = self._base(options)
        placed = self._placed(options.hints, copy)
        dissimilarity = self._dissimilarity(options, copy, base)
        with ThreadPoolExecutor(1) as other:
            hinted = other.submit(self._predict_with_hints, options)
            dissimilarity.fields(placed.pixels)  # found, and kept, while the network thinks
        ab = propagate_hints(placed, hinted.result().ab, base.ab, copy.lightness, dissimilarity)
        return self._result(copy, ab, hinted.result().confidence, placed)

    def _dissimilarity(
        self, options: ColorizeOptions, copy: SmallCopy, base: Prediction
    ) -> Dissimilarity:
        ways = self._kept_distances.get(options.size, lambda: HintDistances(copy.lightness))
        key = (options.size, options.vividness, options.variant, options.seed)
        return self._kept_dissimilarity.get(key, lambda: Dissimilarity(ways, base.ab))

    def _placed(self, hints: Sequence[Hint], copy: SmallCopy) -> PlacedHints:
        placed = PlacedHints.of(
            hints, self.photo.upright_size, copy.lightness.shape, self.photo.name
        )
        if not self.takes_hints:
            raise HintError(self.name, "takes no hints", "choose a model that does")
        return placed

    def _predict_with_hints(self, options: ColorizeOptions) -> Prediction:
        """The colours of networks that know the hints."""
        answers = []
        for member, copy in zip(self._members, self._copies(options.size), strict=True):
            its = self._placed(options.hints, copy) if member.session.contract.hints else None
            decoding = _decoding(member, options.vividness)
            answers.append((member, copy, predict(member, copy, decoding, its)))
        return average_predictions(answers, self._copy(options.size))

    def _result(
        self,
        copy: SmallCopy,
        ab: Array,
        confidence: Array | None,
        hints: PlacedHints | None = None,
    ) -> Result:
        chroma = linear_chroma(ab, copy.lightness)
        if hints is not None:
            chroma = snap_to_hints(hints, chroma, copy.lightness)
        return Result(self.photo, self.name, ab, confidence, copy.lightness, chroma, self._threads)


def _decoding(member: Member, vividness: float) -> Decoding:
    return member.session.contract.dial.at(vividness)
