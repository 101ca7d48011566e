"""Which picture of a TIFF is the photograph: the same one on every surface."""

import io
import json

import numpy as np
import pytest
import tifffile
from fastapi.testclient import TestClient
from PIL import Image

import photochrom
from photochrom.errors import PhotoError
from photochrom.pages import save_pages
from photochrom.photo import Photo, pages_of
from photochrom.server import Settings, create_app
from support import tiffs
from support.tiffs import HEIGHT, WIDTH, made_pages, made_tiff, tags_of

API = "/api/v1"
REDUCED, MASK = (4, [1]), (4, [4])


def small(**more):
    tags = tags_of(1, 8, 1, t254=REDUCED, t256=(4, [50]), t257=(4, [38]), t278=(4, [38]), **more)
    return tags, [np.full((38, 50), 90, np.uint8).tobytes()]


def full(**more):
    return tags_of(1, 8, 1, **more), [tiffs.gray().tobytes()]


def infrared(**more):
    return tags_of(1, 8, 1, **more), [(255 - tiffs.gray()).tobytes()]


@pytest.fixture
def small_first(tmp_path):
    path = tmp_path / "scan.tif"
    path.write_bytes(made_pages([small(), full()]))
    return path


def test_python_means_the_full_picture(small_first, colorizer):
    for source in (small_first, small_first.read_bytes()):
        photo = Photo(source)
        assert (photo.page, photo.pages, photo.upright_size) == (1, 1, (HEIGHT, WIDTH))
        assert np.array_equal(photo.strips()(0, HEIGHT)[..., 0], tiffs.gray())
        assert pages_of(source) == [1]
        assert photo.with_page(1) is photo
    assert photochrom.colorize(small_first, size=64).rgb.shape == (HEIGHT, WIDTH, 3)
    (page,) = colorizer.colorize_pages(small_first, size=64)
    assert page.rgb.shape == (HEIGHT, WIDTH, 3)
    assert Photo(small_first, page=0).upright_size == (38, 50)


def test_the_command_means_the_full_picture(small_first, command):
    folder = small_first.parent
    done = command("colorize", small_first, "-o", "out.png", "--size", "64", "--json", cwd=folder)
    record = json.loads(done.stdout)
    assert (record["width"], record["height"]) == (WIDTH, HEIGHT)
    with Image.open(folder / "out.png") as picture:
        assert picture.size == (WIDTH, HEIGHT)


def test_the_server_means_the_full_picture(small_first, tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    app = create_app(Settings(folder=folder))
    with TestClient(app, base_url="http://localhost") as client:
        answer = client.post(f"{API}/sessions?name=scan.tif", content=small_first.read_bytes())
        session = answer.json()
        assert (session["width"], session["height"], session["pages"]) == (WIDTH, HEIGHT, 1)
        result = client.post(f"{API}/colorize?format=png", content=small_first.read_bytes())
        assert Image.open(io.BytesIO(result.content)).size == (WIDTH, HEIGHT)


def test_a_file_of_small_copies_alone_is_its_largest(tmp_path):
    tiny = tags_of(1, 8, 1, t254=REDUCED, t256=(4, [25]), t257=(4, [19]), t278=(4, [19]))
    path = tmp_path / "thumbnails.tif"
    path.write_bytes(made_pages([(tiny, [bytes(25 * 19)]), small()]))
    assert Photo(path).upright_size == (38, 50)


def test_the_old_tag_of_small_copies():
    tags, strips = small()
    del tags[254]
    assert Photo(made_pages([(tags | {255: (3, [2])}, strips), full()])).page == 1


def test_an_ordinary_picture_in_a_sub_ifd():
    page = small(t282=(5, [300, 1]), t283=(5, [300, 1]), t296=(3, [2]), t305=(7, b"scanner\0"))
    page[0][330] = full(t254=(4, [0]))
    photo = Photo(made_pages([page]))
    assert (photo.pages, photo.upright_size) == (1, (HEIGHT, WIDTH))
    assert np.array_equal(photo.strips()(0, HEIGHT)[..., 0], tiffs.gray())
    assert photo.metadata.resolution == pytest.approx((300 / 25.4, 300 / 25.4), abs=1e-3)
    assert photo.metadata.descriptive_tags.entries[305].data == b"scanner\0"


def dng(photometric, compression=1, **more):
    page = small(t50706=(1, [1, 4, 0, 0]))
    samples = 3 if photometric in (2, 34892) else 1
    picture = tiffs.rgb() if samples == 3 else tiffs.gray()
    inner = tags_of(samples, 8, photometric, compression, t254=(4, [0]), **more)
    page[0][330] = (inner, [picture.tobytes()])
    return made_pages([page])


@pytest.mark.parametrize("photometric", [32803, 34892])
def test_a_raw_dng_is_refused(photometric, command, tmp_path):
    (tmp_path / "scan.dng").write_bytes(dng(photometric))
    with pytest.raises(
        PhotoError,
        match=r"a camera's raw file(, whose| without a) finished picture",
    ):
        Photo(tmp_path / "scan.dng")
    done = command("colorize", "scan.dng", "-o", "out.png", cwd=tmp_path)
    assert done.returncode != 0
    assert done.stderr.decode().count("\n") == 1
    assert not (tmp_path / "out.png").exists()


def test_a_dng_of_an_ordinary_picture_is_read():
    photo = Photo(dng(2))
    assert np.array_equal(photo.strips()(0, HEIGHT), tiffs.rgb())


def test_other_raw_files_are_refused():
    canon = bytearray(made_pages([full(), small()]))
    assert Photo(bytes(canon)).pages == 1
    canon[8:10] = b"CR"
    nikon = small(t271=(7, b"NIKON\0"))
    nikon[0][330] = (tags_of(1, 16, 32803, 34713, t254=(4, [0])), [bytes(9)])
    pentax = tags_of(1, 16, 32803, 65535), [bytes(9)]
    bare_dng = made_pages([small(t50706=(1, [1, 4, 0, 0]))])
    for data in (bytes(canon), made_pages([nikon]), made_pages([pentax]), bare_dng):
        with pytest.raises(PhotoError, match=r"a camera's raw file|a raw file of a kind"):
            Photo(data)


def test_a_raw_dng_in_a_bigtiff_is_refused_in_the_same_words():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, bigtiff=True) as file:
        tags = [(50706, 1, 4, b"\1\4\0\0", True)]
        file.write(tiffs.gray(), photometric="cfa", extratags=tags, metadata=None)
    line = "a camera's raw file without a finished picture; develop it into a TIFF first$"
    with pytest.raises(PhotoError, match=line):
        Photo(stream.getvalue())


MASKS = {
    "mask": [full(), infrared(t254=MASK)],
    "mask of a small copy": [full(), small(), (small()[0] | {254: (4, [5])}, small()[1])],
    "photometric mask": [full(), (tags_of(1, 1, 4), [bytes(50 * HEIGHT)])],
    "named infrared": [full(), infrared(t285=(7, b"Infrared\0"))],
    "described": [full(), infrared(t270=(7, b"Channel: infra-red\0"))],
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_are_left_out_with_a_word(name, command, tmp_path):
    path = tmp_path / "scan.tif"
    path.write_bytes(made_pages(MASKS[name]))
    photo = Photo(path)
    page = len(MASKS[name])
    assert photo.pages == 1
    assert photo.notes == (f"page {page}, a mask or an infrared picture, was left out",)
    assert np.array_equal(photo.strips()(0, HEIGHT)[..., 0], tiffs.gray())
    done = command("colorize", "scan.tif", "-o", "out.tif", "--size", "64", "--json", cwd=tmp_path)
    record = json.loads(done.stdout)
    assert record["outputs"] == ["out.tif"]
    assert record["warnings"] == list(photo.notes)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert len(file.pages) == 1


def test_pages_after_a_mask_stay_pages(colorizer, tmp_path):
    path = tmp_path / "album.tif"
    path.write_bytes(made_pages([infrared(t254=MASK), full(), small(), full()]))
    assert pages_of(path) == [1, 3]
    results = colorizer.colorize_pages(path, size=64)
    assert [result.photo.page for result in results] == [1, 3]
    assert [bool(result.photo.notes) for result in results] == [True, False]
    save_pages(results, tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert len(file.pages) == 2


def test_gray_pages_of_one_size_are_pages():
    """Nothing says that the second is infrared, so it is a photograph."""
    assert pages_of(made_pages([full(), infrared()])) == [0, 1]


@pytest.mark.parametrize("tag", [270, 285])
def test_pages_all_named_infrared_are_photographs(tag, tmp_path, colorizer):
    """An album of photographs on infrared film."""
    path = tmp_path / "album.tif"
    words = [f"Infrared photograph, Kodak, 1955, plate {n}\0".encode() for n in (1, 2, 3)]
    path.write_bytes(made_pages([full(**{f"t{tag}": (7, word)}) for word in words]))
    assert pages_of(path) == [0, 1, 2]
    assert Photo(path).notes == ()
    assert len(colorizer.colorize_pages(path, size=64)) == 3


def test_each_photograph_may_have_its_infrared_page():
    named = infrared(t285=(7, b"Infrared\0"))
    assert pages_of(made_pages([full(), named, full(), named])) == [0, 2]


@pytest.mark.parametrize("page", [-1, 2, 5])
def test_a_page_that_a_tiff_does_not_have(page, tmp_path):
    path = tmp_path / "album.tif"
    path.write_bytes(made_pages([full(), full()]))
    line = rf"album.tif: has 2 pages, but no page {page}; choose page from 0 to 1$"
    with pytest.raises(PhotoError, match=line):
        Photo(path, page=page)
    with pytest.raises(PhotoError, match="has 2 pages"):
        Photo(path).with_page(page)
    assert Photo(path, page=1).page == 1


@pytest.mark.parametrize("page", [-1, 1, 5])
def test_pages_of_what_has_only_one(page):
    stream = io.BytesIO()
    Image.fromarray(tiffs.gray()).save(stream, "JPEG")
    for source in (stream.getvalue(), tiffs.gray(), made_pages([full()])):
        with pytest.raises(PhotoError, match=f"has 1 page, but no page {page}; leave page"):
            Photo(source, page=page)
        assert Photo(source, page=0).page == 0


def test_a_mask_alone_is_refused():
    with pytest.raises(PhotoError, match="holds only a mask"):
        Photo(made_tiff(*infrared(t254=MASK)))
