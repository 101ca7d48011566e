"""Compile the native kernel to WebAssembly, for the static site.

    python -m tools.kernel_wasm

Needs clang and wasm-ld. The result is committed, so that nobody needs them to build a site; a
custom section of it holds the SHA-256 of the sources, by which a test finds one that is out of
date.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src/photochrom"
TARGET = PACKAGE / "site/engine/kernel.wasm"
INCLUDE = PACKAGE / "site/kernel/include"
COMPILED = (PACKAGE / "pipeline/full_size.c", PACKAGE / "site/kernel/gray_jpeg.c")
SOURCES = (
    *COMPILED,
    PACKAGE / "pipeline/luma_chroma.c",
    PACKAGE / "photo/jpeg/walk.c",
    PACKAGE / "photo/jpeg/exchange.c",
    INCLUDE / "math.h",
)
SECTION = b"sources"
_CUSTOM = 0  # the number of a custom section
_STACK_BYTES = 2**18
# No contraction, as for the native library; the others name what WebAssembly has everywhere.
_COMPILE = (
    *("clang", "-c", "--target=wasm32", "-std=c11", "-O3", "-msimd128", "-mbulk-memory"),
    *("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-ffreestanding"),
    *("-fvisibility=hidden", "-I", str(INCLUDE)),
)
_LINK = (
    *(
        "wasm-ld",
        "--no-entry",
        "--stack-first",
        "--export-dynamic",
        "--export=__heap_base",
        "--strip-all",
    ),
    *("-z", f"stack-size={_STACK_BYTES}"),
)


def sources_digest() -> bytes:
    """SHA-256 of everything that is compiled."""
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update(source.read_bytes())
    return digest.digest()


def digest_in(module: bytes) -> bytes:
    """The digest in a compiled module; empty where it has none."""
    head = bytes([len(SECTION)]) + SECTION
    _, found, rest = module.rpartition(head)
    return rest if found else b""


def compiled() -> bytes:
    """The module, with the digest of its sources at its end."""
    with tempfile.TemporaryDirectory() as folder:
        made, objects = Path(folder) / "kernel.wasm", []
        for source in COMPILED:
            objects.append(str(Path(folder) / f"{source.stem}.o"))
            subprocess.run([*_COMPILE, "-o", objects[-1], str(source)], check=True)
        subprocess.run([*_LINK, "-o", str(made), *objects], check=True)
        content = bytes([len(SECTION)]) + SECTION + sources_digest()
        return made.read_bytes() + bytes([_CUSTOM, len(content)]) + content


if __name__ == "__main__":
    TARGET.write_bytes(compiled())
