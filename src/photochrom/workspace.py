"""One photo, coloured repeatedly; only what depends on changed options is computed again.

A change of the adjustments takes a few milliseconds, a new hint one more run of the network
(`photochrom.pipeline.predictions` caches the predictions).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from photochrom.color.lab import Array
from photochrom.errors import ConfigError, InColorError, Option, Remedy
from photochrom.filters.upsample import linear_chroma
from photochrom.options import (
    FEWEST_VARIANTS,
    MOST_VARIANTS,
    ColorizeKeywords,
    ColorizeOptions,
    Hint,
)
from photochrom.photo import Photo
from photochrom.photo.metadata.digital_source import says_computed
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.hints import check_inside, place_in
from photochrom.pipeline.inference import (
    Member,
    distribution,
)
from photochrom.pipeline.local_edits import LocalColors, local_colors
from photochrom.pipeline.predictions import PhotoPredictions, decoding_of
from photochrom.pipeline.suggestions import SUGGESTIONS, Suggestion, in_gamut, likely_colors
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.result import Result


class Workspace:
    """A photo with cached predictions; thread-safe, one object for each photo.

    `Colorizer.workspace` returns it. A change of the adjustments takes a few milliseconds, a new
    hint one more run of the network.

    Attributes
    ----------
    photo : Photo
        The photo.
    model : str
        The name of the model.

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
        self.photo, self.model = photo, name
        self._predictions, self._threads = PhotoPredictions(photo, members, name), threads

    @property
    def takes_hints(self) -> bool:
        """Whether a network of the model takes hints."""
        return self._predictions.abilities.hints

    @property
    def takes_references(self) -> bool:
        """Whether a network of the model finds like things in references."""
        return self._predictions.abilities.references

    @property
    def predicts_distribution(self) -> bool:
        """Whether the model has variants, and suggestions with probabilities."""
        return self._predictions.abilities.variants

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
        shapes = [member.copy_size(*photo, size) for member in self._predictions.members]
        return max(shapes, key=lambda shape: shape[0] * shape[1])

    def read(self) -> None:
        """Read the photo's small copy, which the model predicts from; what follows uses it again.

        What is damaged in the photo is then in its notes.

        Raises
        ------
        PhotoError
            Too much of the photo is damaged.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> workspace = Colorizer().workspace("photo.jpg")
        >>> workspace.read()
        >>> workspace.photo.notes
        ()
        """
        self._predictions.copy(None)

    @property
    def in_color(self) -> bool:
        """Whether the photo has colours already; a toned print has none.

        See `photochrom.pipeline.toning`. A coloured photo with the mark of computed colours in its
        XMP has colours, however weak they are.
        """
        if self.photo.color_bands < 3:
            return False
        return self._has_computed_colors or tone_of(self._predictions.copy(None).srgb) is Tone.COLOR

    @property
    def _has_computed_colors(self) -> bool:
        return self.photo.color_bands == 3 and says_computed(self.photo.metadata.xmp)

    def result(
        self, options: ColorizeOptions | None = None, **keywords: Unpack[ColorizeKeywords]
    ) -> Result:
        """The photo, coloured.

        Parameters
        ----------
        options, **keywords
            As for `Colorizer.colorize`, which also lists the errors.

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
        resolved = ColorizeOptions.of(options, keywords)
        if not resolved.recolor and self.in_color:
            computed = ", and its XMP says that the colours are computed"
            raise InColorError(
                self.photo.name,
                "is in colour already" + (computed if self._has_computed_colors else ""),
                Remedy("add {} to colour it anew", Option("recolor", True)),
            )
        return self._result(resolved, local_colors(self._predictions, resolved))

    def check_hints(self, hints: Sequence[Hint]) -> None:
        """Check that hints fit the photo and the model.

        Parameters
        ----------
        hints
            Colours at points of the upright photo.

        Raises
        ------
        HintError
            A hint lies outside the photo, or no network of the model takes hints.

        Examples
        --------
        >>> from photochrom import Colorizer, Hint
        >>> Colorizer().workspace("photo.jpg").check_hints([Hint(225, 150, (0, 0))])
        """
        if hints:
            self._predictions.placed(hints)

    def variants(
        self,
        count: int = 4,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Result]:
        """Several plausible colourings, as `Colorizer.variants` returns them.

        Parameters
        ----------
        count
            Number of variants, 2 to 12.
        options, **keywords
            As for `Colorizer.colorize`.

        Returns
        -------
        list of Result
            The usual colouring first.

        Raises
        ------
        ModelError
            The model predicts no distribution over colours, or is a blend.
        ConfigError
            An option or the count is out of range.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> usual, typical = Colorizer().workspace("photo.jpg").variants(2)
        """
        resolved = ColorizeOptions.of(options, keywords)
        if not FEWEST_VARIANTS <= count <= MOST_VARIANTS:
            raise ConfigError(
                Option("count", count), f"must lie in {FEWEST_VARIANTS}..{MOST_VARIANTS}"
            )
        others = self._predictions.variants(resolved, count - 1)
        usual = self._predictions.usual(resolved)
        all_of_them = [self._predictions.led(one, resolved) for one in (usual, *others)]
        lightness = self._predictions.copy(resolved.size).lightness
        return [
            self._result(
                resolved, LocalColors(one.ab, linear_chroma(one.ab, lightness), one.confidence)
            )
            for one in all_of_them
        ]

    def suggestions(
        self,
        x: float,
        y: float,
        count: int = SUGGESTIONS,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Suggestion]:
        """Likely colours of the object at a place, most likely first.

        Parameters
        ----------
        x, y
            Pixels of the upright photo, right and down, as of a `Hint`.
        count
            Largest number of suggestions.
        options, **keywords
            As for `Colorizer.colorize`; only `vividness` and `size` are used.

        Returns
        -------
        list of Suggestion
            All within sRGB at the place's lightness. A model without a distribution suggests
            the colour that it predicts, without a probability.

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
        resolved = ColorizeOptions.of(options, keywords)
        copy = self._predictions.copy(resolved.size)
        lightness = self.lightness_at(x, y, size=resolved.size)
        row, column = place_in(x, y, self.photo.upright_size, copy.lightness.shape)
        if not self.predicts_distribution:
            ab = self._predictions.usual(resolved).ab[round(row), round(column)]
            return [Suggestion(in_gamut(ab, lightness), None)]
        [member] = self._predictions.members
        cells = self._predictions.cells(resolved.size)
        stride = len(copy.lightness) // len(cells)
        cell = (
            min(int((row + 0.5) / stride), cells.shape[0] - 1),
            min(int((column + 0.5) / stride), cells.shape[1] - 1),
        )
        around = distribution(member, cells, cell)
        return likely_colors(
            (around[1, 1] + around.mean(axis=(0, 1))) / 2,  # half of the weight to the place itself
            member.session.contract.bins,
            lightness,
            decoding_of(member, resolved.vividness).gain,
            count,
        )

    def lightness_at(self, x: float, y: float, *, size: int | None = None) -> float:
        """The lightness at a place.

        Parameters
        ----------
        x, y
            Pixels of the upright photo, right and down.
        size
            Short side of the small copy that is read, pixels; None for the model's own.

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
        lightness = self._predictions.copy(size).lightness
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

    def _result(self, options: ColorizeOptions, colors: LocalColors) -> Result:
        lightness = self._predictions.copy(options.size).lightness
        result = Result(
            self.photo,
            self.model,
            colors.ab,
            colors.confidence,
            lightness,
            colors.chroma,
            self._threads,
        )
        return result.adjusted_by(Adjustments.of(options))
