"""One photo being coloured: asked again with other wishes, only what they change is computed.

    lightness of a small copy   by size
    the network's colours       by size, vividness
    its distribution            by size             variants, suggestions
    ways from a hint            by size, hint
    colours with hints          by all of these

A slider of the adjustments costs a few milliseconds, a hint one more question to the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any

from photochrom.color.lab import Array
from photochrom.color.vividness import Decoding
from photochrom.errors import ConfigError, HintError, InColour, ModelError
from photochrom.filters.upsample import cell_mean, linear_chroma
from photochrom.models.session import Prediction
from photochrom.photo import Photo
from photochrom.pipeline.hint_propagation import Unlikeness, Ways, settle, spread
from photochrom.pipeline.hints import Hint, PlacedHints, check_inside, place_in
from photochrom.pipeline.inference import (
    Member,
    SmallCopy,
    ask,
    at_every_pixel,
    blended,
    distribution,
)
from photochrom.pipeline.suggestions import SUGGESTIONS, Suggestion, in_gamut, likely_colours
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.pipeline.variants import FEWEST_VARIANTS, MOST_VARIANTS, draw_variants
from photochrom.result import Result

DEFAULT_VIVIDNESS = 0.5

_KEPT = 4
"""Answers of each kind that are kept; a person goes back and forth between few settings."""
_FEW = 3


class Workspace:
    """A photo and what is known of it so far; thread-safe, one object a photo."""

    def __init__(
        self, photo: Photo, members: Sequence[Member], name: str, threads: int | None
    ) -> None:
        """Take up a photo; `Colorizer.workspace` is the way here.

        members: the networks. name: of them all. threads: for the full-size pass.
        """
        self.photo, self.name = photo, name
        self._members, self._threads = tuple(members), threads
        # of plain functions, so that nothing refers back to the workspace and it goes at once
        self._copies = _kept(partial(_copies_of, photo, self._members))
        self._plain = _kept(partial(_plain, self._members, self._copies))
        self._cells = _kept(partial(_cells, self._members, self._copies))
        self._others = _kept(partial(_others, name, self._members, self._copies, self._cells))
        self._ways = _kept(partial(_ways, self._copies))
        self._base = _kept(partial(_base, self._plain, self._others))
        self._unlikeness = _kept(partial(_unlikeness, self._ways, self._base))

    @property
    def takes_hints(self) -> bool:
        """Whether a network here knows what to do with hints."""
        return any(member.session.contract.hints for member in self._members)

    @property
    def says_distribution(self) -> bool:
        """Whether there are variants, and suggestions with probabilities."""
        return len(self._members) == 1 and self._members[0].session.contract.output == "bins"

    def copy_size(self, size: int | None = None) -> tuple[int, int]:
        """Height and width of the small copy; raises ConfigError for a size that is not taken."""
        photo = self.photo.upright_size
        shapes = [member.copy_size(*photo, size) for member in self._members]
        return max(shapes, key=lambda shape: shape[0] * shape[1])

    @property
    def in_colour(self) -> bool:
        """Whether the photo has colours already; a toned print has none.

        See `photochrom.pipeline.toning`.
        """
        if self.photo.colour_bands < 3:
            return False
        return tone_of(_main(self._copies(None)).srgb) is Tone.COLOUR

    def result(
        self,
        *,
        vividness: float = DEFAULT_VIVIDNESS,
        size: int | None = None,
        hints: Sequence[Hint] = (),
        recolour: bool = True,
        variant: int = 0,
        seed: int = 0,
    ) -> Result:
        """The photo coloured; for the arguments and what is raised see `Colorizer.colorize`.

        variant: 0 for the usual colours, else one of `variants` with this seed.
        """
        main = _main(self._copies(size))
        if not recolour and self.in_colour:
            raise InColour(
                f"{self.photo.name}: is in colour already; add --recolour to colour it anew"
            )
        base = self._base(size, vividness, variant, seed)
        if not hints:
            return self._result(main, base.ab, base.confidence)
        placed = self._placed(hints, main)
        unlikeness = self._unlikeness(size, vividness, variant, seed)
        with ThreadPoolExecutor(1) as other:
            told = other.submit(self._told, hints, vividness, size)
            unlikeness.fields(placed.pixels)  # found, and kept, while the network thinks
        ab = spread(placed, told.result().ab, base.ab, main.lightness, unlikeness)
        return self._result(main, ab, told.result().confidence, placed)

    def check_hints(self, hints: Sequence[Hint]) -> None:
        """Raise HintError for a hint outside the photo, or where no network takes hints."""
        if hints:
            self._placed(hints, _main(self._copies(None)))

    def variants(
        self,
        count: int = 4,
        *,
        seed: int = 0,
        vividness: float = DEFAULT_VIVIDNESS,
        size: int | None = None,
    ) -> list[Result]:
        """Several plausible colourings; see `Colorizer.variants`."""
        if not FEWEST_VARIANTS <= count <= MOST_VARIANTS:
            raise ConfigError(
                f"{count} variants, but there must be {FEWEST_VARIANTS}..{MOST_VARIANTS}"
            )
        others = self._others(size, vividness, seed, count - 1)
        main = _main(self._copies(size))
        answers = [self._plain(size, vividness), *others]
        return [self._result(main, answer.ab, answer.confidence) for answer in answers]

    def suggestions(
        self,
        x: float,
        y: float,
        count: int = SUGGESTIONS,
        *,
        vividness: float = DEFAULT_VIVIDNESS,
        size: int | None = None,
    ) -> list[Suggestion]:
        """Likely colours of the thing at a place, most likely first.

        x, y: pixels of the upright photo, as of a `Hint`. count: at most so many.
        vividness, size: as for `Colorizer.colorize`.
        Raises HintError for a place outside the photo. A model that says one colour a place
        suggests that one, without a probability.
        """
        copy = _main(self._copies(size))
        light = self.lightness_at(x, y, size=size)
        row, column = place_in(x, y, self.photo.upright_size, copy.lightness.shape)
        if not self.says_distribution:
            here = self._plain(size, vividness).ab[round(row), round(column)]
            return [Suggestion(in_gamut(here, light), None)]
        [member] = self._members
        cells = self._cells(size)
        stride = len(copy.lightness) // len(cells)
        cell = (
            min(int((row + 0.5) / stride), cells.shape[0] - 1),
            min(int((column + 0.5) / stride), cells.shape[1] - 1),
        )
        gain = member.session.contract.dial.at(vividness).gain
        near = distribution(member, cells, cell)
        return likely_colours(
            (near[1, 1] + near.mean(axis=(0, 1))) / 2,  # the place itself for half
            member.session.contract.bins,
            light,
            gain,
            count,
        )

    def lightness_at(self, x: float, y: float, *, size: int | None = None) -> float:
        """L, 0..100, around a place of the upright photo; raises HintError outside."""
        lightness = _main(self._copies(size)).lightness
        check_inside(x, y, self.photo.upright_size, self.photo.name)
        row, column = place_in(x, y, self.photo.upright_size, lightness.shape)
        return float(lightness[round(row), round(column)])

    def ab_at(self, x: float, y: float, result: Result) -> Array:
        """The ab (2,) of a result at a place of the upright photo; raises HintError outside."""
        check_inside(x, y, self.photo.upright_size, self.photo.name)
        row, column = place_in(x, y, self.photo.upright_size, result.ab.shape[:2])
        return result.ab[round(row), round(column)]

    def _placed(self, hints: Sequence[Hint], copy: SmallCopy) -> PlacedHints:
        placed = PlacedHints.of(
            hints, self.photo.upright_size, copy.lightness.shape, self.photo.name
        )
        if not self.takes_hints:
            raise HintError(f"{self.name} takes no hints; choose a model that does")
        return placed

    def _told(self, hints: Sequence[Hint], vividness: float, size: int | None) -> Prediction:
        """The colours of networks that know the hints."""
        copies, answers = self._copies(size), []
        for member, copy in zip(self._members, copies, strict=True):
            its = self._placed(hints, copy) if member.session.contract.hints else None
            answers.append((member, copy, ask(member, copy, _decoding(member, vividness), its)))
        return blended(answers, _main(copies))

    def _result(
        self,
        copy: SmallCopy,
        ab: Any,
        confidence: Any,
        hints: PlacedHints | None = None,
    ) -> Result:
        chroma = linear_chroma(ab, copy.lightness)
        if hints is not None:
            chroma = settle(hints, chroma, copy.lightness)
        return Result(self.photo, self.name, ab, confidence, copy.lightness, chroma, self._threads)


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    return lru_cache(maxsize=_KEPT)(function)


def _decoding(member: Member, vividness: float) -> Decoding:
    return member.session.contract.dial.at(vividness)


def _main(copies: Sequence[SmallCopy]) -> SmallCopy:
    """Of a blend's small copies the largest, which colours are brought to."""
    return max(copies, key=lambda copy: copy.lightness.size)


def _copies_of(photo: Photo, members: Sequence[Member], size: int | None) -> list[SmallCopy]:
    """A small copy for each member; the same where they want the same."""
    made: dict[tuple[int, int], SmallCopy] = {}
    copies = []
    for member in members:
        shape = member.copy_size(*photo.upright_size, size)
        if shape not in made:
            made[shape] = SmallCopy.of(photo, *shape)
        copies.append(made[shape])
    return copies


def _plain(
    members: Sequence[Member], copies_of: Callable[..., Any], size: int | None, vividness: float
) -> Prediction:
    decodings = [_decoding(member, vividness) for member in members]  # first: it may refuse
    copies = copies_of(size)
    asked = zip(members, copies, decodings, strict=True)
    return blended([(m, c, ask(m, c, d)) for m, c, d in asked], _main(copies))


def _cells(members: Sequence[Member], copies_of: Callable[..., Any], size: int | None) -> Any:
    """The only member's logits on its coarse grid, (h, w, Q)."""
    [copy], [member] = copies_of(size), members
    return member.logits(copy)


def _base(
    plain_of: Callable[..., Any],
    others_of: Callable[..., Any],
    size: int | None,
    vividness: float,
    variant: int,
    seed: int,
) -> Prediction:
    """Colours without hints: the usual ones, or a variant's."""
    if not 0 <= variant < MOST_VARIANTS:
        raise ConfigError(f"variant is {variant}, but must lie in 0..{MOST_VARIANTS - 1}")
    if not variant:
        return plain_of(size, vividness)
    count = _FEW if variant <= _FEW else MOST_VARIANTS - 1
    return others_of(size, vividness, seed, count)[variant - 1]


def _others(
    name: str,
    members: Sequence[Member],
    copies_of: Callable[..., Any],
    cells_of: Callable[..., Any],
    size: int | None,
    vividness: float,
    seed: int,
    count: int,
) -> list[Prediction]:
    """Colours of variants, without the usual ones."""
    if seed < 0:
        raise ConfigError(f"seed is {seed}, but must not be negative")
    if len(members) > 1:
        raise ModelError(f"{name}: a blend has no variants; choose one of its models")
    [copy], [member] = copies_of(size), members
    contract, decoding = member.session.contract, _decoding(member, vividness)
    cells = cells_of(size)
    drawn = draw_variants(
        cells,
        cell_mean(copy.lightness, len(copy.lightness) // len(cells)),
        contract.bins,
        contract.log_weights,
        decoding,
        count,
        seed,
    )
    sure = ask(member, copy, decoding).confidence
    return [at_every_pixel(copy, decoding, Prediction(ab, sure)) for ab in drawn]


def _ways(copies_of: Callable[..., Any], size: int | None) -> Ways:
    return Ways(_main(copies_of(size)).lightness)


def _unlikeness(
    ways_of: Callable[..., Any], base_of: Callable[..., Any], size: int | None, *base: Any
) -> Unlikeness:
    return Unlikeness(ways_of(size), base_of(size, *base).ab)
