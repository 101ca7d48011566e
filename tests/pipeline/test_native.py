"""The native kernel gives the codes of the NumPy code, whatever strip it gets."""

import os
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import hatch_build
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom._system import kernel
from photochrom.color.rgb_space import SRGB, Curve, RgbSpace
from photochrom.filters.upsample import LinearChroma
from photochrom.photo.strips import Coding, StripPlan
from photochrom.pipeline import native
from photochrom.pipeline.full_size import _Kernel
from photochrom.pipeline.luma_chroma import ChromaSolver

TYPES = [np.dtype(name) for name in ("uint8", "uint16", "float32")]
STEPS = np.linspace(0, 1, 65536)
SPACES = {
    "sRGB": SRGB,
    "linear": RgbSpace("linear", Curve(STEPS), SRGB.xyz_from_rgb),
    "gamma 2.2": RgbSpace("gamma 2.2", Curve(STEPS**2.2), SRGB.xyz_from_rgb),
    "flat below the middle": RgbSpace(
        "flat", Curve(np.maximum(0, 2 * STEPS - 1)), SRGB.xyz_from_rgb
    ),
    "negative luminance": RgbSpace(
        "odd", SRGB.curve, SRGB.xyz_from_rgb * [[1, 1, 1], [3, -2, 1], [1, 1, 1]]
    ),
}
ODD_FLOATS = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, 1e-45, 1e-39, 1e-20, -1e-3, 1.001, 4.0]
FUZZER = Path(__file__).with_name("fuzz_full_size.c")


pytestmark = pytest.mark.usefixtures("native_kernel")


def kernels(plan, chroma, source, target):
    kernel = _Kernel(plan, chroma, source, target)
    fast, kernel.native = kernel.native, None
    return fast, kernel


def pixels_of(random, dtype, shape):
    if dtype.kind == "u":
        return random.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    values = random.random(shape) * 1.04 - 0.02
    odd = random.random(shape) < 0.1
    values[odd] = random.choice(ODD_FLOATS, odd.sum())
    return values.astype(dtype)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    source=st.sampled_from(TYPES),
    target=st.sampled_from(TYPES),
    bands=st.integers(1, 4),
    height=st.integers(1, 24),
    width=st.integers(1, 70),
    padding=st.integers(0, 3),
    strength=st.sampled_from([0.0, 1.0, 30.0, 300.0]),
    spaces=st.tuples(*2 * [st.sampled_from(list(SPACES))]),
)
def test_both_kernels_give_the_same_codes(
    seed, source, target, bands, height, width, padding, strength, spaces
):
    random = np.random.default_rng(seed)
    small = (int(random.integers(1, 9)), int(random.integers(1, 9)), 2)
    chroma = LinearChroma(
        (random.normal(0, 0.01, small) * strength).astype(np.float32),
        (random.normal(0, 1, small) * strength).astype(np.float32),
    )
    into = spaces[1] if spaces[1] != "negative luminance" else "sRGB"
    pixels = pixels_of(random, source, (height, width + padding, bands))[:, :width]
    fast, slow = kernels(
        StripPlan(width, height, 7), chroma, SPACES[spaces[0]], Coding(SPACES[into], target)
    )
    for top in range(0, height, 7):
        strip = pixels[top : top + 7]
        with np.errstate(all="ignore"):
            wanted = slow(strip, top)
        colored = fast(strip, top)
        assert colored.dtype == wanted.dtype
        np.testing.assert_array_equal(colored, wanted)  # NaN equals NaN here


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", TYPES[:2], ids=str)
def test_no_chroma_passes_every_code_unchanged(dtype, bands):
    codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(16, -1)
    chroma = LinearChroma(np.zeros((2, 2, 2), np.float32), np.zeros((2, 2, 2), np.float32))
    plan = StripPlan(codes.shape[1], 16, 16)
    fast, _ = kernels(plan, chroma, SRGB, Coding(SRGB, dtype))
    pixels = np.repeat(codes[..., None], bands, axis=2)
    colored = fast(pixels, 0)
    assert (colored == codes[..., None]).all()


def test_a_strip_of_every_other_column_is_read_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 80, 1)).astype(np.uint8)[:, ::2]
    chroma = LinearChroma(np.zeros((2, 2, 2), np.float32), np.full((2, 2, 2), 20, np.float32))
    fast, slow = kernels(StripPlan(40, 5, 5), chroma, SRGB, Coding(SRGB, TYPES[0]))
    np.testing.assert_array_equal(fast(pixels, 0), slow(pixels, 0))


@pytest.mark.parametrize(
    ("value", "wanted"), [("", "native"), ("numpy", "numpy"), ("native", "native")]
)
def test_the_environment_chooses_the_kernel(value, wanted):
    code = "from photochrom._system.kernel import kernel_name; print(kernel_name())"
    environment = {**os.environ, kernel.VARIABLE: value}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == wanted


def test_an_unknown_kernel_is_one_line(monkeypatch):
    monkeypatch.setenv(kernel.VARIABLE, "fortran")
    kernel.library.cache_clear()
    with pytest.raises(ValueError, match=r"no kernel 'fortran'; set it to numpy or native"):
        kernel.library()
    kernel.library.cache_clear()


def test_a_library_for_another_struct_is_not_used(monkeypatch):
    monkeypatch.setattr(kernel, "_VERSION", -1)
    kernel.library.cache_clear()
    assert kernel.library() is None
    monkeypatch.setenv(kernel.VARIABLE, "native")
    kernel.library.cache_clear()
    with pytest.raises(ValueError, match="was not built"):
        kernel.library()
    kernel.library.cache_clear()


def test_the_struct_is_that_of_the_c_file():
    """Names in the same order; a change of one alone would shift what lies behind it."""
    text = hatch_build.SOURCE.read_text(encoding="utf-8")
    body = text.split("struct kernel {")[1].split("};")[0]
    lists = re.findall(r"^ *(?:const )?\w+ ([^;/]+);", body, re.MULTILINE)
    declared = [re.search(r"\w+", name)[0] for names in lists for name in names.split(",")]
    assert declared == [name for name, *_ in native._Struct._fields_]


def test_without_a_compiler_nothing_is_built(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert not hatch_build.build(tmp_path / "library")
    monkeypatch.setenv("CC", "/bin/false")
    assert not hatch_build.build(tmp_path / "library")
    assert not list(tmp_path.iterdir())


def test_an_unusable_compiler_deletes_no_library(monkeypatch, tmp_path):
    """With a stand-in for hatchling, which only the build's environment has."""
    parts = ["hatchling", "builders", "hooks", "plugin", "interface"]
    for count in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:count]), ModuleType("stand_in"))
    sys.modules[".".join(parts)].BuildHookInterface = list
    module = runpy.run_path(hatch_build.__file__, run_name="build")
    library = tmp_path / "library"
    library.write_bytes(b"of an earlier build")
    initialize = module["KernelBuildHook"].initialize
    monkeypatch.setitem(initialize.__globals__, "build", lambda: False)
    monkeypatch.setitem(initialize.__globals__, "LIBRARY", library)
    build_data = {"artifacts": []}
    initialize(None, "editable", build_data)
    assert build_data == {"artifacts": []}
    assert library.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gcc -m64", ["gcc", "-m64"]),
        ("'{folder}/my gcc' -O1", ["{folder}/my gcc", "-O1"]),
        ("{folder}/my gcc", ["{folder}/my gcc"]),
        ("{quoted}/my\\ gcc", ["{folder}/my gcc"]),
        ("'gcc", None),
        ("", None),
        ("cl", None),
        ('"C:/Program Files/VC/cl.exe" /nologo', None),
        ("clang-cl", None),
    ],
)
def test_compiler_named_in_the_environment(text, words, monkeypatch, tmp_path):
    folder = tmp_path / "tools here"
    folder.mkdir()
    program = folder / "my gcc"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    quoted = str(folder).replace(" ", "\\ ")
    monkeypatch.setenv("CC", text.format(folder=folder, quoted=quoted))
    monkeypatch.setattr(
        hatch_build.shutil, "which", lambda name: name if name == str(program) else None
    )
    wanted = [] if words is None else [[word.format(folder=folder) for word in words]]
    assert hatch_build.compilers() == wanted


def test_a_compiler_with_spaces_in_its_path_builds(monkeypatch, tmp_path):
    folder = tmp_path / "a compiler"
    folder.mkdir()
    (folder / "cc").symlink_to(hatch_build.compilers()[0][0])
    monkeypatch.setenv("CC", f"'{folder / 'cc'}' -g0")
    assert hatch_build.build(tmp_path / "library")


def test_a_strip_that_does_not_fit_is_refused_before_c_sees_it():
    chroma = LinearChroma(np.zeros((2, 2, 2), np.float32), np.zeros((2, 2, 2), np.float32))
    fast, _ = kernels(StripPlan(40, 8, 4), chroma, SRGB, Coding(SRGB, TYPES[0]))
    good = np.zeros((4, 40, 1), np.uint8)
    assert fast(good, 4).shape == (4, 40, 3)
    for strip, top, problem in (
        (good[:, :39], 0, r"shape \(4, 39, 1\)"),
        (good[..., 0], 0, r"shape \(4, 40\)"),
        (np.zeros((4, 40, 5), np.uint8), 0, r"shape \(4, 40, 5\)"),
        (good.astype(np.float64), 0, "a strip of float64"),
        (good.astype(np.int8), 0, "a strip of int8"),
        (good, 5, "rows 5 to 9 of a picture of 8"),
        (good, -1, "rows -1 to 3 of a picture of 8"),
    ):
        with pytest.raises(ValueError, match=problem):
            fast(strip, top)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"fields": np.zeros((4, 2, 9), np.float64)}, "fields is float64"),
        ({"fields": np.zeros((3, 2, 9), np.float32)}, r"4 x any x any"),
        ({"above": np.full(8, 2)}, "rows 2 to 2 of 2"),
        ({"below": np.full(8, -1)}, "rows -1 to -1 of 2"),
        ({"share": np.zeros(7, np.float32)}, r"share is float32 of shape \(7,\)"),
        ({"f": np.zeros(99, np.float32)}, "a table is float32"),
        ({"codes": np.zeros(9, np.int64)}, "codes are 9 of int64"),
    ],
)
def test_tables_that_do_not_fit_are_refused(change, problem):
    chroma = LinearChroma(np.zeros((2, 2, 2), np.float32), np.zeros((2, 2, 2), np.float32))
    reference = _Kernel(StripPlan(9, 8, 4), chroma, SRGB, Coding(SRGB, TYPES[0]))
    arithmetic = replace(reference._arithmetic(SRGB), **change)
    with pytest.raises(ValueError, match=problem):
        native.NativeKernel(kernel.library(), arithmetic)(np.zeros((4, 9, 3), np.uint8), 0)


def test_a_block_that_does_not_fit_is_refused():
    chroma = LinearChroma(np.zeros((2, 2, 2), np.float32), np.zeros((2, 2, 2), np.float32))
    fast = ChromaSolver(SRGB, chroma, (8, 10)).native
    good = np.zeros((6, 10), np.uint8)
    assert fast(good, 2).shape == (2, 2, 5)
    for block, top, problem in (
        (good[:, :9], 0, r"a block is uint8 of shape \(6, 9\)"),
        (good.astype(np.uint16), 0, "a block is uint16"),
        (good[:5], 0, "a block of 5 rows"),
        (good, 3, "rows 3 to 5 of a picture of 4"),
    ):
        with pytest.raises(ValueError, match=problem):
            fast(block, top)


def fuzz(folder, seconds):
    program = folder / "fuzz"
    sanitizers = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    options = ["-std=c11", hatch_build.PLAIN, "-I", str(hatch_build.SOURCE.parent), *sanitizers]
    command = [*hatch_build.compilers()[0], *options, "-o", str(program), str(FUZZER), "-lm"]
    subprocess.run(command, check=True)
    seed = str(int.from_bytes(os.urandom(4)) + 1)
    done = subprocess.run([program, str(seconds), seed], capture_output=True, text=True)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"


def test_the_kernel_stays_within_its_buffers(tmp_path):
    fuzz(tmp_path, 3)


@pytest.mark.long
def test_the_kernel_stays_within_its_buffers_for_ten_minutes(tmp_path):
    fuzz(tmp_path, 600)
