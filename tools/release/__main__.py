"""Build a release, check it, try it, and put it into a folder.

    python -m tools.release

What is built lies in out/release until every check has passed; then dist/ holds the release: a
source distribution, two wheels, a bill of materials and the SHA-256 of each. The first check that
fails ends it with one line, and exit code 1.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from photochrom.models import known_models, sha256_of
from photochrom.restoration.detection import NETWORK, NETWORK_NAME
from tools.release.artifacts import (
    Artifact,
    Kind,
    build_all,
    clear,
    tracked_files,
    write_sums,
)
from tools.release.bill import write_bill
from tools.release.bundled import FILES
from tools.release.contents import check_contents
from tools.release.errors import ReleaseError
from tools.release.metadata import check_description, check_metadata
from tools.release.trial import check_colors, check_doctor, installed
from tools.release.versions import CHANGES, PROJECT, is_dated, version_of

REPOSITORY = Path(__file__).resolve().parents[2]
BUILT, RELEASED = REPOSITORY / "out/release", REPOSITORY / "dist"
PHOTO = REPOSITORY / "examples/harbour.jpg"


def release() -> None:
    """Make the release, telling of each step; raises ReleaseError."""
    start = time.monotonic()
    tracked = tracked_files(REPOSITORY)
    version = version_of(REPOSITORY)
    _check_bundled()
    print(f"photochrom {version}: all files say this version")
    artifacts = build_all(REPOSITORY, BUILT)
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for artifact in artifacts:
        files = check_contents(artifact, tracked)
        check_metadata(artifact, version, readme)
        size = artifact.path.stat().st_size / 1e6
        print(f"{artifact.name}: {artifact.kind}, {size:.1f} MB, {files} files as expected")
    check_description([artifact.path for artifact in artifacts])
    print("README.md is shown as the description by package indexes (twine check)")
    for artifact in artifacts:
        _try(artifact, version)
    _publish(version)
    print(f"{RELEASED}: ready, after {(time.monotonic() - start) / 60:.0f} minutes")
    if not is_dated(REPOSITORY, version):
        print(
            f"{CHANGES}: says (unreleased); to publish {version}, write the day in its place, "
            "commit, and make release again"
        )


def _check_bundled() -> None:
    for path, make in FILES.items():
        if path.read_text(encoding="utf-8") != make():
            raise ReleaseError(
                path.relative_to(REPOSITORY),
                "is out of date",
                "write it again: python -m tools.release.bundled",
            )


def _try(artifact: Artifact, version: str) -> None:
    """Install one file and colour a photo; sources with a C compiler and without."""
    weights = {model.name: model.sha256 for model in known_models() if model.shipped}
    weights[NETWORK_NAME] = sha256_of(NETWORK)
    for compiler in (True, False) if artifact.kind is Kind.SOURCES else (True,):
        native = compiler and artifact.kind is not Kind.PURE
        with installed(artifact, compiler=compiler) as installation:
            kernel = "native" if native else "numpy"
            check_doctor(installation, version, kernel, weights)
            chroma = check_colors(installation, PHOTO)
            print(
                f"{installation.subject}: installed, colours {PHOTO.name} (mean chroma "
                f"{chroma:.1f}) with the {kernel} kernel"
            )
            if artifact.kind is Kind.PLATFORM:
                bill = BUILT / f"photochrom-{version}.cdx.json"
                packages = write_bill(installation, REPOSITORY / PROJECT, bill)
                print(f"{bill.name}: Photochrom and {packages} packages, each with its licence")


def _publish(version: str) -> None:
    """Move the checked files to the folder of releases, with their sums."""
    RELEASED.mkdir(exist_ok=True)
    clear(RELEASED)
    for path in sorted(BUILT.glob(f"photochrom-{version}*")):
        shutil.move(path, RELEASED / path.name)
    write_sums(RELEASED)


def main() -> None:
    """Entry point of `python -m tools.release`."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        release()
    except ReleaseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
