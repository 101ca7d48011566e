"""The luma plane of a film is written back as it was read, whatever the film's coding."""

from __future__ import annotations

import av
import numpy as np
import pytest

from photochrom.color.lab import lab_from_srgb
from support.films import frame_of, lumas_of, planes_of, scene, write_film

FORMATS = [
    f"yuv{subsampling}p{depth}"
    for subsampling in ("420", "422", "444")
    for depth in ("", "10le", "12le")
] + ["yuv411p", "yuv440p"]
MATRICES = {"bt709": 1, "bt601": 6, "bt470bg": 5, "bt2020": 9}


@pytest.mark.parametrize("full", [False, True], ids=["tv", "pc"])
@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_luma_is_bit_exact_in_every_format(tmp_path, color, pix_fmt, full):
    source = write_film(tmp_path / "in.mkv", [scene(n) for n in range(3)], pix_fmt, full=full)
    color(source, tmp_path / "out.mkv", lossless=True)
    before, after = lumas_of(source), lumas_of(tmp_path / "out.mkv")
    assert len(before) == len(after) == 3
    np.testing.assert_array_equal(before, after)
    with av.open(str(tmp_path / "out.mkv")) as film:
        context = film.streams.video[0].codec_context
        assert context.pix_fmt == pix_fmt
        assert context.color_range == (2 if full else 1)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_colors_are_the_same_in_every_matrix(tmp_path, color, matrix):
    """Decoded by FFmpeg's own conversion, ab is what bt709 in full range has."""
    pictures = [scene(n) for n in range(3)]
    labs = []
    for name, code, full in (("a", matrix, False), ("b", 1, True)):
        source = write_film(tmp_path / f"{name}.mkv", pictures, "yuv444p", matrix=code, full=full)
        target = tmp_path / f"{name}.color.mkv"
        color(source, target, lossless=True)
        with av.open(str(target)) as film:
            frame = next(film.decode(video=0))
            assert frame.colorspace == code
            rgb = frame.reformat(format="rgb24", src_colorspace=code).to_ndarray()
        labs.append(lab_from_srgb(rgb.astype(np.float32) / 255))
    apart = np.abs(labs[0] - labs[1]).mean(axis=(0, 1))
    assert apart.max() < 1.0
    assert np.linalg.norm(labs[1][..., 1:], axis=-1).mean() > 2


@pytest.mark.parametrize("pix_fmt", ["gray", "gray10le", "gray12le", "gray16le"])
def test_grey_becomes_420_of_its_depth(tmp_path, color, pix_fmt):
    source = write_film(tmp_path / "in.mkv", [scene(0)], pix_fmt, full=True)
    color(source, tmp_path / "out.mkv", lossless=True)
    np.testing.assert_array_equal(lumas_of(source), lumas_of(tmp_path / "out.mkv"))
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.streams.video[0].codec_context.pix_fmt == pix_fmt.replace("gray", "yuv420p")


def test_rgb_is_converted_once_and_said_so(tmp_path, color):
    picture = frame_of(scene(0), "gray", full=True)
    frame = picture.reformat(format="bgr0")
    with av.open(str(tmp_path / "in.mkv"), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "bgr0"
        out.mux([*stream.encode(frame), *stream.encode(None)])
    report = color(tmp_path / "in.mkv", tmp_path / "out.mkv", lossless=True)
    assert any("no luma plane" in line for line in report.warnings)
    gray = picture.to_ndarray()
    assert np.abs(lumas_of(tmp_path / "out.mkv")[0].astype(int) - gray).max() <= 1


@pytest.mark.parametrize("depth", ["", "10le"])
def test_chroma_stays_inside_the_cube(tmp_path, color, depth):
    source = write_film(tmp_path / "in.mkv", [scene(0)], f"yuv444p{depth}", full=True)
    color(source, tmp_path / "out.mkv", lossless=True)
    y, cb, cr = (plane.astype(float) for plane in planes_of(tmp_path / "out.mkv")[0])
    top = 2.0 ** (10 if depth else 8) - 1
    middle = (top + 1) / 2
    red, blue = y + 1.5748 * (cr - middle), y + 1.8556 * (cb - middle)
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    rgb = np.stack([red, green, blue])
    assert rgb.min() > -1
    assert rgb.max() < top + 1
    assert np.abs(cb - middle).max() > 2
