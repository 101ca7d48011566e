"""The networks' predictions for one photo; the last few of each are cached by what they depend on.

lightness of a small copy   by size
the usual colours           by all options of the network, without variant and hints
the distribution            by size             variants, suggestions
distances from a hint       by size, hint
colours of references       by size, references
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from photochrom.color.lab import Array
from photochrom.color.vividness import Decoding
from photochrom.errors import HintError, ModelError
from photochrom.filters.upsample import cell_mean
from photochrom.models import Abilities
from photochrom.models.session import Prediction
from photochrom.options import MOST_VARIANTS, ColorizeOptions, Hint
from photochrom.photo import Photo
from photochrom.pipeline.cache import Cache
from photochrom.pipeline.hint_propagation import Dissimilarity, HintDistances, propagate_hints
from photochrom.pipeline.hints import PlacedHints
from photochrom.pipeline.inference import (
    Member,
    SmallCopy,
    average_predictions,
    predict,
    upsample_prediction,
)
from photochrom.pipeline.references import ReferenceColors, reference_colors
from photochrom.pipeline.variants import draw_variants

_CACHED_USUAL = 12
"""Entries of the cache of usual colours; strokes have vividnesses of their own."""
_FIRST_VARIANTS = 3
"""Variants that are computed together where one of the first is needed."""


@dataclass(frozen=True)
class HintedPrediction:
    """The colours that follow hints.

    prediction: follows those without a reach. ab: (h, w, 2), Lab units, follows all.
    placed: the hints in the small copy.
    """

    prediction: Prediction
    ab: Array
    placed: PlacedHints


class PhotoPredictions:
    """The predictions of one model for one photo; thread-safe.

    members: the networks and their weights. name: of the model. abilities: the features that it
    has beyond colouring.
    """

    def __init__(self, photo: Photo, members: Sequence[Member], name: str) -> None:
        self.photo, self.name, self.members = photo, name, tuple(members)
        self.abilities = Abilities.of([member.session.contract for member in members])
        self._cached_copies, self._cached_cells = Cache(), Cache()
        self._cached_usual = Cache(_CACHED_USUAL)
        self._cached_variants, self._cached_distances = Cache(), Cache()
        self._cached_dissimilarity, self._cached_references = Cache(), Cache()

    def copies(self, size: int | None) -> list[SmallCopy]:
        """A small copy for each member; members with the same input size share one."""

        def read() -> list[SmallCopy]:
            photo = self.photo.upright_size
            shapes = [member.copy_size(*photo, size) for member in self.members]
            copies = {shape: SmallCopy.of(self.photo, *shape) for shape in dict.fromkeys(shapes)}
            return [copies[shape] for shape in shapes]

        return self._cached_copies.get(size, read)

    def copy(self, size: int | None) -> SmallCopy:
        """The largest of a blend's small copies, to which all predicted colours are resized."""
        return max(self.copies(size), key=lambda copy: copy.lightness.size)

    def usual(self, options: ColorizeOptions) -> Prediction:
        """The usual colours, without hints."""

        def compute() -> Prediction:
            decodings = [decoding_of(member, options.vividness) for member in self.members]
            copies = self.copies(options.size)
            inputs = zip(self.members, copies, decodings, strict=True)
            return average_predictions(
                [(m, c, predict(m, c, d)) for m, c, d in inputs], self.copy(options.size)
            )

        key = _key(options, variant=0, seed=0, references=())
        return self._cached_usual.get(key, compute)

    def cells(self, size: int | None) -> Array:
        """The only member's logits on its coarse grid, (h, w, Q)."""
        [member] = self.members
        return self._cached_cells.get(size, lambda: member.logits(self.copy(size)))

    def variants(self, options: ColorizeOptions, count: int) -> list[Prediction]:
        """The variants without the usual colours."""
        if len(self.members) > 1:
            raise ModelError(self.name, "a blend has no variants", "choose one of its models")
        key = _key(options, variant=0, references=()), count
        return self._cached_variants.get(key, lambda: self._draw_variants(options, count))

    def _draw_variants(self, options: ColorizeOptions, count: int) -> list[Prediction]:
        [member], copy = self.members, self.copy(options.size)
        contract, decoding = member.session.contract, decoding_of(member, options.vividness)
        cells = self.cells(options.size)
        variants = draw_variants(
            cells,
            cell_mean(copy.lightness, len(copy.lightness) // len(cells)),
            contract.bins,
            contract.log_weights,
            decoding,
            count,
            options.seed,
        )
        confidence = predict(member, copy, decoding).confidence
        return [upsample_prediction(copy, decoding, Prediction(ab, confidence)) for ab in variants]

    def of(self, options: ColorizeOptions) -> Prediction:
        """The colours without hints: the usual ones, or the chosen variant's, after references."""
        if not options.variant:
            return self.led(self.usual(options), options)
        first = options.variant <= _FIRST_VARIANTS
        count = _FIRST_VARIANTS if first else MOST_VARIANTS - 1
        return self.led(self.variants(options, count)[options.variant - 1], options)

    def led(self, prediction: Prediction, options: ColorizeOptions) -> Prediction:
        """A prediction with the colours of references where they have like things.

        Raises ModelError where no network of the model has features.
        """
        if not options.references:
            return prediction
        copies, size = self.copies(options.size), options.size
        able = [index for index, one in enumerate(self.members) if one.session.contract.features]
        index = able[0] if able else 0  # the first one says that it takes none

        def compare() -> ReferenceColors:
            return reference_colors(self.members[index], copies[index], options.references, size)

        colors = self._cached_references.get((size, options.references), compare)
        return colors.lead(prediction, copies[index].lightness)

    def hinted(self, options: ColorizeOptions) -> HintedPrediction:
        """The colours that follow the hints.

        The network is asked about hints without a reach alone: it spreads a colour as far as it
        likes.
        """
        copy, base = self.copy(options.size), self.of(options)
        placed = self.placed(options.hints, options.size)
        dissimilarity = self._dissimilarity(options, copy, base)
        free = placed.only(~placed.limited)
        prediction = base
        if len(free.ab):
            with ThreadPoolExecutor(1) as executor:
                future = executor.submit(self._predict_with_hints, options)
                dissimilarity.fields(free)  # fills its cache while the network runs
            hinted = future.result()
            ab = propagate_hints(free, hinted.ab, base.ab, copy.lightness, dissimilarity)
            prediction = Prediction(ab, hinted.confidence)
        ab, limited = prediction.ab, placed.only(placed.limited)
        if len(limited.ab):
            ab = propagate_hints(limited, ab, ab, copy.lightness, dissimilarity)
        return HintedPrediction(prediction, ab, placed)

    def placed(self, hints: Sequence[Hint], size: int | None = None) -> PlacedHints:
        """The hints, placed in the small copy.

        Raises HintError for a hint outside the photo, or where no network takes hints.
        """
        return self._placed(hints, self.copy(size))

    def _dissimilarity(
        self, options: ColorizeOptions, copy: SmallCopy, base: Prediction
    ) -> Dissimilarity:
        distances = self._cached_distances.get(options.size, lambda: HintDistances(copy.lightness))
        return self._cached_dissimilarity.get(
            _key(options), lambda: Dissimilarity(distances, base.ab)
        )

    def _placed(self, hints: Sequence[Hint], copy: SmallCopy) -> PlacedHints:
        placed = PlacedHints.of(
            hints, self.photo.upright_size, copy.lightness.shape, self.photo.name
        )
        if not self.abilities.hints:
            raise HintError(self.name, "takes no hints", "choose a model that does")
        return placed

    def _predict_with_hints(self, options: ColorizeOptions) -> Prediction:
        """The colours predicted by networks that get the hints as inputs."""
        predictions = []
        hints = [hint for hint in options.hints if hint.reach is None]
        for member, copy in zip(self.members, self.copies(options.size), strict=True):
            placed = self._placed(hints, copy) if member.session.contract.hints else None
            decoding = decoding_of(member, options.vividness)
            predictions.append((member, copy, predict(member, copy, decoding, placed)))
        return average_predictions(predictions, self.copy(options.size))


def _key(options: ColorizeOptions, **constant: Any) -> ColorizeOptions:
    """The cache key of colours without hints: the options without those that are applied later.

    constant: further fields that the result does not depend on, with one value for all.
    """
    return replace(options.unadjusted, hints=(), strokes=(), recolor=False, **constant)


def decoding_of(member: Member, vividness: float) -> Decoding:
    """The parameters that decode a network's distribution at a vividness."""
    return member.session.contract.dial.at(vividness)
