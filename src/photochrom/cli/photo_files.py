"""Which photos `photochrom colorize` colours in its own process, and which files they become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from photochrom.cli.arguments import is_stream
from photochrom.cli.batch import folders_of, is_folder
from photochrom.cli.options import make_folder
from photochrom.cli.streams import is_closed
from photochrom.errors import ConfigError
from photochrom.options import STANDARD_STREAM
from photochrom.photo.formats import kind_of_file
from photochrom.photo.naming import DEFAULT_NAME, REPAIRED_NAME, Naming, check_results


@dataclass(frozen=True)
class PhotoFiles:
    """A photo to colour and its result; None stands for a pipe.

    stream: the name of a pipe that is not standard input.
    """

    source: Path | None
    target: Path | None
    stream: str | None = None

    @property
    def name(self) -> str:
        """The name of the photo in errors."""
        return self.stream or str(self.source or "standard input")


def single_photos(inputs: list[str], output: str | None, engine: str) -> list[str]:
    """The inputs that are coloured in this process, not by a job."""
    if engine == "ray":
        return []
    folders = set(folders_of(inputs, output))
    return [name for name in inputs if name == STANDARD_STREAM or Path(name) not in folders]


def plan_photos(inputs: list[str], output: str | None, naming: Naming) -> list[PhotoFiles]:
    """The photos with their targets; raises ConfigError for arguments that contradict each other.

    naming: of results without a name of their own.
    """
    sources: list[Path | None] = []
    streams = [name for name in inputs if name == STANDARD_STREAM or is_stream(name)]
    stream = next((name for name in streams if name != STANDARD_STREAM), None)
    for name in inputs:
        sources += [None] if name in streams else _photos_of(Path(name))
    if sources.count(None) > 1:
        raise ConfigError("-", "standard input or a pipe can be named only once")
    if STANDARD_STREAM in streams and is_closed("stdin"):
        raise ConfigError("-", "standard input is closed", "pipe a photo in, or name a file")
    writes_pipe = output == STANDARD_STREAM or (output is None and None in sources)
    if writes_pipe and is_closed("stdout"):
        raise ConfigError("-o -", "standard output is closed", "name a file")
    if not sources:
        raise ConfigError(", ".join(inputs), "no photos there")
    if writes_pipe:
        _check_no_template(naming, "a pipe has no name")
    if output == STANDARD_STREAM:
        if len(sources) != 1:
            raise ConfigError("-o -", f"takes one photo, not {len(sources)}", "name a folder")
        return [PhotoFiles(sources[0], None, stream)]
    if output is None:
        photos = [PhotoFiles(s, None if s is None else _beside(s, naming), stream) for s in sources]
        _check_names(photos)
        return photos
    target = Path(output)
    names_folder = is_folder(target) or output.endswith(("/", "\\")) or not target.suffix
    if not names_folder:
        if len(sources) != 1:
            raise ConfigError(target, f"one file for {len(sources)} photos", "name a folder")
        _check_no_template(naming, f"-o {output} names the result already")
        return [PhotoFiles(sources[0], target, stream)]
    if None in sources:
        raise ConfigError(target, "a photo from a pipe has no name", "name a file")
    make_folder(target)
    photos = [PhotoFiles(s, target / _beside(s, naming).name) for s in sources if s is not None]
    source_of: dict[Path | None, Path | None] = {}
    for photo in photos:
        if photo.target in source_of:
            raise ConfigError(
                photo.source,
                f"would become {photo.target}, as {source_of[photo.target]} does",
                "rename one",
            )
        source_of[photo.target] = photo.source
    _check_names(photos)
    return photos


def check_json(photos: list[PhotoFiles], as_json: bool) -> None:
    """Raise ConfigError where records and a photo would share standard output."""
    if as_json and any(photo.target is None for photo in photos):
        raise ConfigError(None, "--json and a photo on stdout exclude each other", "name an output")


def _check_no_template(naming: Naming, why: str) -> None:
    if naming.template not in (DEFAULT_NAME, REPAIRED_NAME):
        remedy = "leave --name out, or name a folder by -o"
        raise ConfigError(f"--name {naming.template}", f"is for results in a folder; {why}", remedy)


def _check_names(photos: list[PhotoFiles]) -> None:
    """Raise ConfigError where two photos have one result, or a result would replace a photo."""
    named = [(photo.source, photo.target) for photo in photos if photo.source and photo.target]
    results = {str(source): str(target.resolve()) for source, target in named}
    check_results(results, [str(source.resolve()) for source, _ in named])


def _photos_of(path: Path) -> Iterable[Path]:
    if not is_folder(path):
        return [path]
    from photochrom.batch.tree import Patterns, photos_in

    return [path / name for name in photos_in(path, recursive=False, patterns=Patterns())]


def _beside(source: Path, naming: Naming) -> Path:
    return source.with_name(naming.result_of(source.name, kind_of_file(source)))
