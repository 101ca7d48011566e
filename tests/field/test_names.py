"""Names of results by a template, `--name`."""

import shutil

import pytest

from photochrom import Colorizer, ConfigError
from photochrom.batch import Job, JobSettings
from photochrom.batch.job import run_job
from photochrom.files import colorize_file
from photochrom.options import ColorizeOptions
from photochrom.photo.naming import DEFAULT_NAME, Naming

SMALL = ColorizeOptions(size=64)


@pytest.fixture
def folder(examples, tmp_path):
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    shutil.copy(examples / "cat.jpg", folder / "a.jpg")
    shutil.copy(examples / "otter.jpg", folder / "below" / "b.jpg")
    return folder


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT_NAME, "1931/a.b.color.jpg"),
        ("{stem}{suffix}", "1931/a.b.jpg"),
        ("{stem}-{model}-{vividness}{suffix}", "1931/a.b-lite-0.25.jpg"),
        ("x{{{stem}}}.PNG", "1931/x{a.b}.PNG"),
    ],
)
def test_the_fields_of_a_name(template, name):
    naming = Naming(template=template, model="nets/lite.onnx", vividness=0.25)
    assert naming.result_of("1931/a.b.jpg") == name


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{stem}{sufix}", "unknown field {sufix}; use {stem}, {suffix}, {model}, {vividness}"),
        ("{stem.parent}{suffix}", "unknown field"),
        ("{}{suffix}", "unknown field"),
        ("{stem:>9}{suffix}", "unknown field {stem:>9}"),
        ("{stem!r}{suffix}", "unknown field {stem!r}"),
        ("{stem{suffix}", "cannot be read"),
        ("{stem}}{suffix}", "cannot be read"),
        ("../{stem}{suffix}", "names a folder"),
        ("a\\{stem}{suffix}", "names a folder"),
        ("{stem}", "does not end with a format"),
        ("{stem}.doc", "does not end with a format"),
        ("", "does not end with a format"),
    ],
)
def test_a_name_that_cannot_be_is_one_line_before_any_work(template, problem, command, folder):
    done = command("colorize", folder / "a.jpg", "--name", template)
    assert done.returncode == 2
    error = done.stderr.decode()
    assert error.count("\n") == 1
    assert error.startswith(f"photochrom: --name {template}: ")
    assert problem in error
    assert [path.name for path in folder.rglob("*.*")] == ["a.jpg", "b.jpg"]


def test_a_format_and_a_suffix_exclude_each_other(command, folder):
    done = command("colorize", folder / "a.jpg", "--name", "{stem}.png", "--format", "tif")
    assert done.returncode == 2
    assert b"leave the format out" in done.stderr


def test_the_same_names_in_another_folder(command, folder, tmp_path):
    options = ("--name", "{stem}{suffix}", "--size", "64", "--jobs", "1", "-r")
    done = command("colorize", folder, "-o", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "a.jpg").is_file()
    assert (tmp_path / "out" / "below" / "b.jpg").is_file()
    again = command("colorize", folder, "-o", tmp_path / "out", *options, "--resume")
    assert b"2 done before" in again.stderr


def test_one_photo_in_another_folder(command, folder, tmp_path):
    out = tmp_path / "out"
    done = command("colorize", folder / "a.jpg", "--name", "{stem}{suffix}", "-o", f"{out}/")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in out.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("inputs", [["a.jpg"], ["."]])
def test_a_result_never_replaces_a_photo(command, folder, inputs):
    before = (folder / "a.jpg").read_bytes()
    paths = [folder / name for name in inputs]
    done = command("colorize", *paths, "--name", "{stem}{suffix}", "--overwrite")
    assert done.returncode == 2
    assert b"its result would replace the photo" in done.stderr
    assert (folder / "a.jpg").read_bytes() == before


@pytest.mark.parametrize("whole", [True, False])
def test_two_photos_of_one_name_are_an_error_before_any_work(command, folder, whole):
    shutil.copy(folder / "a.jpg", folder / "c.jpg")
    paths = [folder] if whole else [folder / "a.jpg", folder / "c.jpg"]
    done = command("colorize", *paths, "--name", "same{suffix}")
    assert done.returncode == 2
    assert b"c.jpg: would have the same result as " in done.stderr
    assert b"a.jpg; rename one" in done.stderr
    assert not (folder / "same.jpg").exists()


def test_jobs_and_python(folder, tmp_path):
    named = JobSettings(colorize=SMALL, name="{stem}-{model}{suffix}")
    job = Job([folder], tmp_path / "out", named, jobs=1)
    assert run_job(job).done == 1
    assert (tmp_path / "out" / "a-photochrom.jpg").is_file()
    assert JobSettings.of(named.as_dict()) == named
    assert named.digest("x") != JobSettings(colorize=SMALL).digest("x")
    colorizer = Colorizer("photochrom-lite", threads=1)
    report = colorize_file(
        folder / "a.jpg", None, SMALL, colorizer=colorizer, name="{stem}-{model}{suffix}"
    )
    assert report.outputs == (folder / "a-photochrom-lite.jpg",)
    with pytest.raises(ConfigError, match="is for results without a target"):
        colorize_file(folder / "a.jpg", tmp_path / "x.jpg", name="{stem}{suffix}")


def test_a_cluster_never_replaces_photos(command, folder):
    options = ("--engine", "ray", "--name", "{stem}{suffix}", "--overwrite")
    done = command("colorize", folder, "-o", f"{folder}/", *options)
    assert done.returncode == 2
    assert (
        b"could replace photos of the same folder; name another folder by --output" in done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "stdin", "why"),
    [
        (["a.jpg", "-o", "b.jpg"], False, "-o b.jpg names the result already"),
        (["a.jpg", "-o", "-"], False, "a pipe has no name"),
        (["-"], True, "a pipe has no name"),
        (["-", "-o", "b.jpg"], True, "-o b.jpg names the result already"),
    ],
)
def test_a_name_for_a_result_that_has_one_is_wrong_usage(arguments, stdin, why, command, folder):
    given = (folder / "a.jpg").read_bytes() if stdin else b""
    done = command("colorize", *arguments, "--name", "x{suffix}", stdin=given, cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"photochrom: --name x{{suffix}}: is for results in a folder; {why}; "
        "leave --name out, or name a folder by -o\n"
    )
    assert sorted(path.name for path in folder.iterdir()) == ["a.jpg", "below"]


def test_variants_are_named_by_a_template(command, folder):
    small = ("--size", "64", "-n", "2")
    name = ("--name", "{stem}_{vividness}{suffix}")
    done = command("variants", "a.jpg", *name, *small, cwd=folder)
    assert done.stdout.decode().split() == ["a_0.5.1.jpg", "a_0.5.2.jpg", "a.variants.jpg"]
    done = command("variants", "a.jpg", "--name", "{stem!s}.jpg", *small, cwd=folder)
    assert done.returncode == 2
    assert "unknown field {stem!s}" in done.stderr.decode()
