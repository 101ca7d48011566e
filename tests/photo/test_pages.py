"""TIFFs of several pages."""

import io

import numpy as np
import pytest
import tifffile

from photochrom import Colorizer
from photochrom.errors import OutputExistsError, PhotoError
from photochrom.pages import encode_pages, save_pages
from photochrom.photo import Photo, pages_of
from photochrom.result import Result
from support import pictures


@pytest.fixture(scope="module")
def one_thread():
    return Colorizer(threads=1)


def written(path, pages, **each):
    for index, page in enumerate(pages):
        extra = {name: values[index] for name, values in each.items()}
        tifffile.imwrite(path, page, append=index > 0, metadata=None, **extra)
    return path


def test_pages_alike_become_one_file(tmp_path, one_thread):
    scenes = [pictures.scene(1, np.uint16)[..., 0], pictures.scene(1, np.uint16)[::-1, :, 0]]
    album = written(tmp_path / "album.tif", scenes, description=["one", "two"])
    assert Photo(album).pages == 2
    results = one_thread.colorize_pages(album)
    [target] = save_pages(results, tmp_path / "out.tif")
    with tifffile.TiffFile(target) as after:
        assert len(after.pages) == 2
        for page, scene, text in zip(after.pages, scenes, ("one", "two"), strict=True):
            assert (page.shape, page.dtype) == ((120, 160, 3), np.uint16)
            assert page.tags[270].value == text
            assert 700 in page.tags  # the mark
            green = page.asarray()[..., 1].astype(float)
            assert np.corrcoef(green.ravel(), scene.ravel())[0, 1] > 0.95


def test_pages_unlike_become_files(tmp_path, one_thread):
    album = written(tmp_path / "album.tif", [pictures.scene()[..., 0], pictures.scene()[:90, :, 0]])
    results = one_thread.colorize_pages(album)
    targets = save_pages(results, tmp_path / "out.tif")
    assert [target.name for target in targets] == ["out-1.tif", "out-2.tif"]
    assert [tifffile.imread(target).shape for target in targets] == [(120, 160, 3), (90, 160, 3)]
    with pytest.raises(OutputExistsError, match=r"out-1\.tif"):
        save_pages(results, tmp_path / "out.tif")


def test_into_a_kind_of_one_picture_pages_become_files(tmp_path, one_thread):
    album = written(tmp_path / "album.tif", [pictures.scene()[..., 0]] * 3)
    targets = save_pages(one_thread.colorize_pages(album), tmp_path / "out.png")
    assert [target.name for target in targets] == ["out-1.png", "out-2.png", "out-3.png"]


def test_a_smaller_copy_of_a_page_is_no_page(tmp_path, one_thread):
    scene = pictures.scene()[..., 0]
    album = written(tmp_path / "scan.tif", [scene, scene[::4, ::4]], subfiletype=[0, 1])
    assert pages_of(album) == [0]
    assert len(one_thread.colorize_pages(album)) == 1


def test_pages_of_other_things():
    assert pages_of(pictures.scene()) == [0]
    assert pages_of(b"nothing") == [0]


def test_a_missing_page_is_noticed(tmp_path, one_thread):
    """The second page's pixels are cut off; libvips alone would fill them with black."""
    album = written(tmp_path / "album.tif", [pictures.scene()[..., 0]] * 2)
    data = album.read_bytes()
    with tifffile.TiffFile(album) as whole:
        offset = whole.pages[1].dataoffsets[0]
    if offset + 120 * 160 < len(data):  # directories behind: cut pixels only by moving the end
        pytest.skip("written with directories at the end")
    album.write_bytes(data[:-1000])
    with pytest.raises(PhotoError, match="missing"):
        one_thread.colorize_pages(album)


def test_each_page_keeps_its_turn_resolution_and_xmp(tmp_path, one_thread):
    """A duplex scanner's: the back stands upside down."""
    scene = pictures.scene()[..., 0]
    packets = [f"<x:xmpmeta xmlns:x='adobe:ns:meta/' side='{side}'/>".encode() for side in "ab"]
    extra = [
        [(274, "H", 1, turn, True), (700, "B", len(packet), packet, True)]
        for turn, packet in zip((1, 3), packets, strict=True)
    ]
    album = written(tmp_path / "album.tif", [scene, scene], extratags=extra,
                    resolution=[(300, 300), (600, 600)], resolutionunit=[2, 2])  # fmt: skip
    [target] = save_pages(one_thread.colorize_pages(album), tmp_path / "out.tif")
    with tifffile.TiffFile(target) as after:
        tags = [page.tags for page in after.pages]
        assert [int(found[274].value) for found in tags] == [1, 3]
        assert [found[282].value[0] / found[282].value[1] for found in tags] == [300, 600]
        for found, side in zip(tags, ("a", "b"), strict=True):
            assert f'side="{side}"' in bytes(found[700].value).decode()
            assert "DigitalSourceType" in bytes(found[700].value).decode()


def test_pages_through_a_pipe(tmp_path, one_thread):
    scene = pictures.scene()[..., 0]
    alike = one_thread.colorize_pages(written(tmp_path / "alike.tif", [scene, scene]))
    with tifffile.TiffFile(io.BytesIO(encode_pages(alike, ".tif"))) as after:
        assert len(after.pages) == 2
    with pytest.raises(PhotoError, match="its 2 pages do not fit into one file; write several"):
        encode_pages(alike, ".png")


def test_of_pages_in_several_files_all_are_written_or_none(tmp_path, one_thread, monkeypatch):
    album = written(tmp_path / "album.tif", [pictures.scene()[..., 0]] * 3)
    results = one_thread.colorize_pages(album)

    save = Result.save

    def full(result, *given, **named):
        if result is results[2]:
            raise PhotoError(None, "the disk is full")
        return save(result, *given, **named)

    monkeypatch.setattr(Result, "save", full)
    with pytest.raises(PhotoError, match="full"):
        save_pages(results, tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["album.tif"]


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_never_replaces_the_photo(tmp_path, one_thread, page):
    scene = pictures.scene()[..., 0]
    scan = written(tmp_path / f"scan-{page}.tif", [scene, scene[:-8]])
    before = scan.read_bytes()
    results = one_thread.colorize_pages(scan)
    with pytest.raises(PhotoError, match="is the photo itself"):
        save_pages(results, tmp_path / "scan.tif", overwrite=True)
    assert scan.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [scan.name]


def test_a_failing_page_leaves_earlier_results(tmp_path, one_thread, monkeypatch):
    scene = pictures.scene()[..., 0]
    results = one_thread.colorize_pages(written(tmp_path / "in.tif", [scene, scene[:-8]]))
    (tmp_path / "out-1.png").write_bytes(b"earlier")
    save = Result.save

    def full(result, *given, **named):
        if result is results[1]:
            raise PhotoError(None, "the disk is full")
        return save(result, *given, **named)

    monkeypatch.setattr(Result, "save", full)
    with pytest.raises(PhotoError, match="full"):
        save_pages(results, tmp_path / "out.png", overwrite=True)
    assert (tmp_path / "out-1.png").read_bytes() == b"earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tif", "out-1.png"]
