import os

import pytest

from photochrom.batch import Patterns, photos_in
from photochrom.errors import ConfigError


@pytest.fixture
def archive(tmp_path):
    for name in (
        "b.jpg", "a.TIF", "notes.txt", ".hidden.jpg", "a.color.jpg", "b.variants.jpg",
        "1912/x.png", "1912/drafts/y.tif", "1911/z.jpeg", ".git/w.jpg", "out/v.jpg",
        "1912/x.color.2.png", "p.color-3.tif",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def photos(root, recursive=True, include=(), exclude=(), leave_out=()):
    patterns = Patterns.of(include, exclude)
    return list(photos_in(root, recursive=recursive, patterns=patterns, leave_out=leave_out))


def test_a_folder(archive):
    assert photos(archive, recursive=False) == ["a.TIF", "b.jpg"]


def test_a_tree_without_its_results(archive):
    wanted = ["a.TIF", "b.jpg", "1911/z.jpeg", "1912/x.png", "1912/drafts/y.tif"]
    assert photos(archive, leave_out=[archive / "out"]) == wanted


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [
        (["*.tif"], [], ["1912/drafts/y.tif"]),
        (["1912/"], [], ["1912/x.png", "1912/drafts/y.tif"]),
        (["1912/"], ["drafts/"], ["1912/x.png"]),
        ([], ["/1912/", "*.jpg"], ["a.TIF", "1911/z.jpeg"]),
        (["[ab].*", "*.png"], [], ["a.TIF", "b.jpg", "1912/x.png"]),
    ],
)
def test_patterns(archive, include, exclude, wanted):
    assert photos(archive, include=include, exclude=exclude, leave_out=[archive / "out"]) == wanted


def test_links_to_folders_are_not_followed_in_circles(archive):
    (archive / "1911" / "up").symlink_to(archive)
    (archive / "1911" / "self").symlink_to("self")
    paths = photos(archive, leave_out=[archive / "out"])
    assert len(paths) == len(set(paths)) == 5


def test_a_folder_named_like_a_photo_is_walked_into(archive):
    (archive / "1911" / "album.jpg").mkdir()
    (archive / "1911" / "album.jpg" / "q.jpg").touch()
    assert "1911/album.jpg/q.jpg" in photos(archive)


def test_names_of_every_kind(tmp_path):
    names = ["ő.jpg", "写真.jpg", "two\nlines.jpg", " .jpg", "صورة.jpg", "-o.jpg", "a'b\".jpg"]
    if os.name == "posix":
        names.append(os.fsdecode(b"\xff\xfe.jpg"))
    for name in names:
        (tmp_path / name).touch()
    assert sorted(photos(tmp_path)) == sorted(names)


def test_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        photos(tmp_path / "nowhere")
