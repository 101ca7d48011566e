"""Files that get their names together, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from photochrom._system.atomic import move_into_place, temporary_beside
from photochrom._system.attributes import ALL_PERMISSIONS, set_attributes
from photochrom.options import SaveOptions
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.photo.writer import check_target


@contextmanager
def several_files(
    targets: Sequence[Path], saving: SaveOptions, made_of: Path | None
) -> Iterator[list[Path]]:
    """Temporary files, to be written inside the context; at its end all get their names, or none.

    made_of: the photo whose time and permissions they get. Raises OutputExistsError or PhotoError.
    """
    with ExitStack() as stack, foreseen_os_errors(str(targets[0])):
        parts = [stack.enter_context(temporary_beside(file, ALL_PERMISSIONS)) for file in targets]
        yield parts
        for part, file in zip(parts, targets, strict=True):
            set_attributes(part, file, made_of, keep_time=saving.keep_time)
        _move_all(parts, targets, saving)


def _move_all(parts: Sequence[Path], targets: Sequence[Path], saving: SaveOptions) -> None:
    """Rename all files to their final names; where one name is taken meanwhile, undo the others."""
    new = [target for target in targets if not target.exists()]
    try:
        for part, target in zip(parts, targets, strict=True):
            move_into_place(part, target, overwrite=saving.overwrite, durable=True)
    except BaseException as error:
        for part, target in zip(parts, targets, strict=True):
            if target in new and not part.exists():
                target.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            check_target(Path(error.filename2 or error.filename), saving.overwrite)
        raise
