"""What the networks predict of one photo; the last few answers are kept.

lightness of a small copy   by size
the usual colours           by all options of the network, without variant and hints
the distribution            by size             variants, suggestions
distances from a hint       by size, hint
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar, cast

from photochrom._system.vips import use_libvips
from photochrom.color.lab import Array
from photochrom.color.vividness import Decoding
from photochrom.errors import HintError, ModelError
from photochrom.filters.upsample import cell_mean
from photochrom.models import Abilities
from photochrom.models.session import Prediction
from photochrom.options import MOST_VARIANTS, ColorizeOptions, Hint
from photochrom.photo import Photo
from photochrom.pipeline.hint_propagation import Dissimilarity, HintDistances, propagate_hints
from photochrom.pipeline.hints import PlacedHints
from photochrom.pipeline.inference import (
    Member,
    SmallCopy,
    average_predictions,
    predict,
    upsample_prediction,
)
from photochrom.pipeline.variants import draw_variants

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
        """The answer to `key`; `make` computes it where it is not kept.

        Raises PhotochromError in a process that was forked after the photo was opened: there the
        lock may be held by a thread of its parent.
        """
        use_libvips()
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


class PhotoPredictions:
    """One photo before the networks of a model; thread-safe.

    members: the networks and their weights. name: of the model. abilities: what it can do beside
    colours.
    """

    def __init__(self, photo: Photo, members: Sequence[Member], name: str) -> None:
        self.photo, self.name, self.members = photo, name, tuple(members)
        self.abilities = Abilities.of([member.session.contract for member in members])
        self._kept_copies, self._kept_usual, self._kept_cells = _Memo(), _Memo(), _Memo()
        self._kept_variants, self._kept_distances, self._kept_dissimilarity = (
            _Memo(),
            _Memo(),
            _Memo(),
        )

    def copies(self, size: int | None) -> list[SmallCopy]:
        """A small copy for each member; the same where they want the same."""

        def read() -> list[SmallCopy]:
            photo = self.photo.upright_size
            shapes = [member.copy_size(*photo, size) for member in self.members]
            read = {shape: SmallCopy.of(self.photo, *shape) for shape in dict.fromkeys(shapes)}
            return [read[shape] for shape in shapes]

        return self._kept_copies.get(size, read)

    def copy(self, size: int | None) -> SmallCopy:
        """The largest of a blend's small copies; all colours are resized to it."""
        return max(self.copies(size), key=lambda copy: copy.lightness.size)

    def usual(self, options: ColorizeOptions) -> Prediction:
        """The usual colours, without hints."""

        def compute() -> Prediction:
            decodings = [decoding_of(member, options.vividness) for member in self.members]
            copies = self.copies(options.size)
            asked = zip(self.members, copies, decodings, strict=True)
            return average_predictions(
                [(m, c, predict(m, c, d)) for m, c, d in asked], self.copy(options.size)
            )

        return self._kept_usual.get(_key(options, variant=0, seed=0), compute)

    def cells(self, size: int | None) -> Array:
        """The only member's logits on its coarse grid, (h, w, Q)."""
        [member] = self.members
        return self._kept_cells.get(size, lambda: member.logits(self.copy(size)))

    def variants(self, options: ColorizeOptions, count: int) -> list[Prediction]:
        """Colours of variants, without the usual ones."""
        if len(self.members) > 1:
            raise ModelError(self.name, "a blend has no variants", "choose one of its models")
        key = _key(options, variant=0), count
        return self._kept_variants.get(key, lambda: self._drawn(options, count))

    def _drawn(self, options: ColorizeOptions, count: int) -> list[Prediction]:
        [member], copy = self.members, self.copy(options.size)
        contract, decoding = member.session.contract, decoding_of(member, options.vividness)
        cells = self.cells(options.size)
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

    def of(self, options: ColorizeOptions) -> Prediction:
        """Colours without hints: the usual ones, or a variant's."""
        if not options.variant:
            return self.usual(options)
        count = _FEW if options.variant <= _FEW else MOST_VARIANTS - 1
        return self.variants(options, count)[options.variant - 1]

    def hinted(self, options: ColorizeOptions) -> tuple[Prediction, PlacedHints]:
        """Colours that follow the hints, and where the hints lie in the small copy."""
        copy, base = self.copy(options.size), self.of(options)
        placed = self.placed(options.hints, options.size)
        dissimilarity = self._dissimilarity(options, copy, base)
        with ThreadPoolExecutor(1) as other:
            asked = other.submit(self._predict_with_hints, options)
            dissimilarity.fields(placed.pixels)  # computed, and kept, while the network works
        hinted = asked.result()
        ab = propagate_hints(placed, hinted.ab, base.ab, copy.lightness, dissimilarity)
        return Prediction(ab, hinted.confidence), placed

    def placed(self, hints: Sequence[Hint], size: int | None = None) -> PlacedHints:
        """Hints in the small copy.

        Raises HintError for a hint outside the photo, or where no network takes hints.
        """
        return self._placed(hints, self.copy(size))

    def _dissimilarity(
        self, options: ColorizeOptions, copy: SmallCopy, base: Prediction
    ) -> Dissimilarity:
        ways = self._kept_distances.get(options.size, lambda: HintDistances(copy.lightness))
        return self._kept_dissimilarity.get(_key(options), lambda: Dissimilarity(ways, base.ab))

    def _placed(self, hints: Sequence[Hint], copy: SmallCopy) -> PlacedHints:
        placed = PlacedHints.of(
            hints, self.photo.upright_size, copy.lightness.shape, self.photo.name
        )
        if not self.abilities.hints:
            raise HintError(self.name, "takes no hints", "choose a model that does")
        return placed

    def _predict_with_hints(self, options: ColorizeOptions) -> Prediction:
        """The colours of networks that know the hints."""
        answers = []
        for member, copy in zip(self.members, self.copies(options.size), strict=True):
            its = self._placed(options.hints, copy) if member.session.contract.hints else None
            decoding = decoding_of(member, options.vividness)
            answers.append((member, copy, predict(member, copy, decoding, its)))
        return average_predictions(answers, self.copy(options.size))


def _key(options: ColorizeOptions, **same: Any) -> ColorizeOptions:
    """What the colours without hints depend on: all options but those that come later.

    same: fields that an answer does not depend on, with one value for all.
    """
    return replace(options.unadjusted, hints=(), recolor=False, **same)


def decoding_of(member: Member, vividness: float) -> Decoding:
    """How a network's distribution becomes one colour at a vividness."""
    return member.session.contract.dial.at(vividness)
