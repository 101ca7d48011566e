"""Colour photographs with loaded models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from photochrom._system.cpus import available_cpus
from photochrom._system.kernel import library
from photochrom.errors import ConfigError, Option
from photochrom.models import SizeRule
from photochrom.models.loading import load
from photochrom.models.session import Session
from photochrom.options import DEVICE, ColorizeKeywords, ColorizeOptions
from photochrom.photo import PhotoLike, as_photo, pages_of
from photochrom.pipeline.inference import Member
from photochrom.result import Result
from photochrom.workspace import Workspace

if TYPE_CHECKING:
    from photochrom.video.frames import VideoFrame


class Colorizer:
    """Colours photographs with one model, or several; thread-safe, one object for many photos.

    Parameters
    ----------
    model
        A name of `list_models`, the path of an .onnx file, or several with their weights
        ("a:0.7+b:0.3"), whose colours are averaged. None for the default model.
    threads
        Threads of each network and of the full-size pass; None for all CPUs of the process.
    providers
        ONNX Runtime's execution providers, in order of preference, instead of `device`.
    device
        "cpu", "cuda", ..., or "auto" for the best one available to ONNX Runtime. Where a device
        fails to start, a warning names it and the CPU is used.
    kind
        The convention of another program's .onnx file, for instance "l-ab" for L in and ab out,
        where neither the file nor a TOML file beside it describes it.

    Raises
    ------
    ModelError
        The model, its file or a provider does not exist.
    ConfigError
        The device or the kind is unknown.

    Examples
    --------
    >>> from photochrom import Colorizer
    >>> colorizer = Colorizer("photochrom-lite", device="cpu")
    >>> colorizer.colorize("photo.jpg")
    <Result of photo.jpg, 451 x 300, by photochrom-lite>
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
        device: str = DEVICE,
        kind: str | None = None,
    ) -> None:
        library()  # a kernel that is not there is a fault of no photo
        loaded = load(model, threads, providers, device, kind)
        self.members = tuple(Member(session, weight) for session, weight in loaded)
        self.threads = threads
        if kind is not None and all(member.session.described for member in self.members):
            raise ConfigError(
                Option("kind", kind), f"{self.name} is described already", "leave it out"
            )

    @staticmethod
    def blend(parts: Sequence[tuple[Colorizer, float]], threads: int | None) -> Colorizer:
        """Several loaded models as one, whose colours are averaged; the networks are shared.

        Parameters
        ----------
        parts
            Colorizers with their weights; weights need not add up to 1.
        threads
            Threads of the full-size pass; None for all CPUs of the process.

        Returns
        -------
        Colorizer
            A model that takes hints where one of its parts does, and has no variants.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> both = Colorizer.blend([(Colorizer(), 3), (Colorizer("photochrom-lite"), 1)], None)
        >>> both.name
        'photochrom:0.75+photochrom-lite:0.25'
        """
        total = sum(weight for _, weight in parts)
        blended = copy(parts[0][0])
        blended.members = tuple(
            Member(member.session, member.weight * weight / total)
            for colorizer, weight in parts
            for member in colorizer.members
        )
        blended.threads = threads
        return blended

    @property
    def session(self) -> Session:
        """The network; of a blend, the first."""
        return self.members[0].session

    @property
    def name(self) -> str:
        """The model's name; of a blend, all names with their weights."""
        if len(self.members) == 1:
            return self.session.name
        return "+".join(f"{member.session.name}:{member.weight:g}" for member in self.members)

    def check_size(self, size: int | None) -> None:
        """Check that every network takes a small copy of this size.

        Parameters
        ----------
        size
            Short side of the small copy, pixels; None for the model's own.

        Raises
        ------
        ConfigError
            A model does not take this size.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> Colorizer().check_size(256)
        """
        for member in self.members:
            member.copy_size(1024, 1024, size)

    def colorize(
        self,
        photo: PhotoLike,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> Result:
        """Colour one photograph; of a TIFF with several pages, the first.

        Parameters
        ----------
        photo
            A path, an encoded file's bytes, a Pillow image, a `Photo`, or an array (H, W),
            (H, W, 3) or (H, W, 4) of uint8, uint16 or floats (white at 1) in sRGB.
        options
            How the photo is coloured.
        **keywords
            Single fields of `ColorizeOptions`, which override those of `options`.

        Returns
        -------
        Result
            The coloured photo, not yet written.

        Raises
        ------
        PhotoError
            The photo cannot be read.
        InColorError
            The photo is in colour already, and `recolor` is false.
        ConfigError
            An option is out of range.
        HintError
            A hint lies outside the photo, or the model takes none.

        Examples
        --------
        >>> import numpy as np
        >>> from photochrom import Colorizer
        >>> gray = np.tile(np.arange(256, dtype=np.uint8), (128, 1))
        >>> Colorizer().colorize(gray, vividness=0.8).rgb.shape
        (128, 256, 3)
        """
        return self.workspace(photo).result(options, **keywords)

    def workspace(self, photo: PhotoLike) -> Workspace:
        """Open a photo to colour it more than once, with different hints, sizes, vividness.

        Parameters
        ----------
        photo
            As for `Colorizer.colorize`.

        Returns
        -------
        Workspace
            The photo, with a cache of what is computed for it.

        Raises
        ------
        PhotoError
            The photo cannot be read.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> work = Colorizer().workspace("photo.jpg")
        >>> dull, vivid = work.result(vividness=0), work.result(vividness=1)
        """
        return Workspace(as_photo(photo), self.members, self.name, self.threads)

    def colorize_pages(
        self,
        photo: PhotoLike,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Result]:
        """Colour every page of a TIFF, or the only page of any other photo.

        Parameters
        ----------
        photo, options, **keywords
            As for `Colorizer.colorize`, which also lists the errors.

        Returns
        -------
        list of Result
            One for each page; `photochrom.save_pages` writes them into one file.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> from photochrom import save_pages
        >>> pages = Colorizer().colorize_pages("photo.jpg")
        >>> save_pages(pages, "pages.tif")
        [PosixPath('pages.tif')]
        """
        first = as_photo(photo)
        pages = pages_of(first.source)
        return [self.colorize(first.with_page(page), options, **keywords) for page in pages]

    def variants(
        self,
        photo: PhotoLike,
        count: int = 4,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Result]:
        """Colour one photograph in several plausible ways that differ in whole objects.

        Parameters
        ----------
        photo, options, **keywords
            As for `Colorizer.colorize`; the same `seed` gives the same variants.
        count
            Number of variants, 2 to 12. A larger count begins with the same variants.

        Returns
        -------
        list of Result
            The first is the result of `Colorizer.colorize`; the second is typical of the
            alternatives, often quieter; each further one is as different as possible from all
            before it.

        Raises
        ------
        ModelError
            The model predicts no distribution over colours, or is a blend.
        PhotoError, InColorError, ConfigError
            As for `Colorizer.colorize`.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> len(Colorizer().variants("photo.jpg", 3, seed=1))
        3
        """
        return self.workspace(photo).variants(count, options, **keywords)

    def video(
        self,
        path: str | Path,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> Iterator[VideoFrame]:
        """Colour a film, picture by picture, with colours that are steady within each shot.

        The film is read once before the first picture is given, to find its shots.

        Parameters
        ----------
        path
            A film, or a folder of pictures.
        options, **keywords
            As for `Colorizer.colorize`; hints, variants and seeds do not apply.

        Returns
        -------
        iterator of VideoFrame
            Time, luma plane as decoded, chroma for it, and ab of each picture.

        Raises
        ------
        VideoError
            The film cannot be read.
        InColorError
            The film is in colour already, and `recolor` is false.
        MissingExtraError
            PyAV is not installed.

        Examples
        --------
        >>> from photochrom import Colorizer
        >>> for frame in Colorizer(threads=1).video("film.mp4", vividness=0.6):
        ...     print(f"{frame.time:.2f} s, {frame.luma.shape}")
        ...     break
        0.00 s, (64, 96)
        """
        from photochrom.video.frames import colored_frames
        from photochrom.video.source import Film
        from photochrom.video.survey import checked_survey

        resolved = ColorizeOptions.of(options, keywords)
        film = Film(Path(path))
        found = checked_survey(film, None, None, recolor=resolved.recolor)
        threads = self.threads or available_cpus()
        return colored_frames(film, found, self.members, self.name, resolved, threads)


@lru_cache(maxsize=1)
def shared_colorizer(model: str | Path | None = None) -> Colorizer:
    """A loaded model; the last one is cached."""
    return Colorizer(model)


def colorize(
    photo: PhotoLike,
    options: ColorizeOptions | None = None,
    *,
    model: str | Path | None = None,
    **keywords: Unpack[ColorizeKeywords],
) -> Result:
    """Colour one photograph, in one call.

    Parameters
    ----------
    photo
        A path, an encoded file's bytes, a Pillow image, a `Photo`, or an array (H, W),
        (H, W, 3) or (H, W, 4) of uint8, uint16 or floats (white at 1) in sRGB.
    options
        How the photo is coloured.
    model
        As for `Colorizer`; the last one used stays loaded.
    **keywords
        Single fields of `ColorizeOptions`, which override those of `options`.

    Returns
    -------
    Result
        The coloured photo, not yet written.

    Raises
    ------
    PhotoError
        The photo cannot be read.
    InColorError
        The photo is in colour already, and `recolor` is false.
    ModelError
        The model does not exist.
    ConfigError
        An option is out of range.
    HintError
        A hint lies outside the photo, or the model takes none.

    Examples
    --------
    >>> import photochrom
    >>> photochrom.colorize("photo.jpg", vividness=0.7)
    <Result of photo.jpg, 451 x 300, by photochrom>
    """
    return shared_colorizer(model).colorize(photo, options, **keywords)


def network_size(height: int, width: int, size: int, fit: str = "stretch") -> tuple[int, int]:
    """The small copy's height and width for a network of Photochrom's own architecture.

    size: pixels, of the short side, or of the long one where the copy is padded to a square (fit
    "pad"). Raises ConfigError below 32 or above 2048.
    """
    return SizeRule(fit=fit, usual=size).copy_size(height, width)
