"""The same job on a local Ray cluster: folders, an S3 that moto's server speaks, a lost worker."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from PIL import Image

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.filterwarnings("ignore"),  # of Ray's own modules
]

ray = pytest.importorskip("ray")

from photochrom.batch import JobSettings, Ledger, State  # noqa: E402
from photochrom.batch.cluster import ClusterJob, run_on_ray  # noqa: E402
from photochrom.errors import ConfigError  # noqa: E402
from photochrom.options import ColorizeOptions, SaveOptions  # noqa: E402

SMALL = JobSettings(colorize=ColorizeOptions(size=64))


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Two workers' worth of cores, whatever the machine has."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def tree(examples, tmp_path):
    root = tmp_path / "scans"
    (root / "1912").mkdir(parents=True)
    with Image.open(examples / "cat.jpg") as cat:
        small = cat.resize((150, 100))
    for name in ("a.jpg", "1912/b.png", "1912/c.tif"):
        small.save(root / name)
    (root / "1912" / "broken.jpg").write_bytes((root / "a.jpg").read_bytes()[:900])
    (root / "1912" / "@eaDir").mkdir()  # a file server's own
    shutil.copy(root / "a.jpg", root / "1912" / "@eaDir" / "thumb.jpg")
    (root / "1912" / "layers.xcf").write_bytes(b"gimp xcf")
    with Image.open(examples / "color" / "cat.jpg") as cat:
        cat.resize((150, 100)).save(root / "color.jpg")
    return root


def job(tree, **changes):
    out = str(tree.parent / "out")
    return replace(ClusterJob(str(tree), out, tree.parent / "ledger", SMALL), **changes)


def sizes(folder):
    pictures = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with Image.open(path) as picture:
                picture.load()
                pictures[path.relative_to(folder).as_posix()] = picture.size
    return pictures


RESULTS = dict.fromkeys(["1912/b.color.png", "1912/c.color.tif", "a.color.jpg"], (150, 100))


def test_a_tree(tree):
    reports = []
    summary = run_on_ray(job(tree), reports.append)
    assert (summary.done, summary.skipped, summary.failed) == (3, 1, 1)
    assert summary.passed_over == {"XCF": 1}
    assert sizes(tree.parent / "out") == RESULTS
    assert [report.source for report in reports if report.record.state is State.PASSED_OVER] == [
        str(tree / "1912" / "layers.xcf")
    ]
    assert len(reports) == 6
    with Ledger(tree.parent / "ledger", writing=False) as ledger:
        assert ledger.find("a.jpg").state is State.DONE
        assert str(tree) in ledger.find("1912/broken.jpg").error
    with pytest.raises(ConfigError, match="add resume=True"):
        run_on_ray(job(tree))
    summary = run_on_ray(job(tree, resume=True))
    assert (summary.done, summary.done_before, summary.skipped, summary.failed) == (0, 3, 1, 1)
    summary = run_on_ray(job(tree, resume=True, retry_failed=True))
    assert (summary.done_before, summary.failed) == (3, 1)


@pytest.mark.long
def test_times_and_permissions_of_folders(tree):
    photo = tree / "a.jpg"
    os.utime(photo, ns=(10**18, 10**18))
    photo.chmod(0o640)
    settings = replace(SMALL, save=SaveOptions(keep_time=True))
    run_on_ray(job(tree, settings=settings))
    status = (tree.parent / "out" / "a.color.jpg").stat()
    assert (status.st_mtime_ns, status.st_mode & 0o777) == (10**18, 0o640)


@pytest.mark.long
def test_files_of_others_stay(tree):
    target = tree.parent / "out" / "a.color.jpg"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    summary = run_on_ray(job(tree))
    assert target.read_bytes() == b"mine"
    assert summary.reasons["OutputExistsError"] == 1
    summary = run_on_ray(job(tree, resume=True, retry_failed=True))
    assert target.read_bytes() == b"mine"
    assert summary.reasons["OutputExistsError"] == 1


@pytest.mark.long
def test_two_photos_with_one_result(tree):
    with Image.open(tree / "a.jpg") as picture:
        picture.save(tree / "a.png")
    reports = []
    summary = run_on_ray(job(tree, settings=replace(SMALL, format=".jpg")), reports.append)
    assert summary.reasons["OutputExistsError"] == 1
    [line] = [r.record.error for r in reports if "same result" in (r.record.error or "")]
    assert line == f"{tree / 'a.png'}: would have the same result as a.jpg; rename one"
    assert "a.color.jpg" in sizes(tree.parent / "out")


@pytest.fixture
def store(monkeypatch):
    """A server that speaks S3, on this machine."""
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"),
                        ("AWS_DEFAULT_REGION", "us-east-1")):  # fmt: skip
        monkeypatch.setenv(name, value)
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    address = None
    for line in server.stderr:
        if "http://" in line:
            address = "http" + line.rsplit("http", 1)[1].strip()
            break
    yield {"endpoint_url": address, "key": "x", "secret": "x"}
    server.kill()
    server.communicate()


def test_an_object_store(tree, store):
    import s3fs

    system = s3fs.S3FileSystem(**store)
    system.mkdir("archive")
    system.put(f"{tree}/", "archive/scans/", recursive=True)
    on_s3 = job(tree, root="s3://archive/scans", output="s3://archive/out", storage=store)
    summary = run_on_ray(on_s3)
    assert (summary.done, summary.skipped, summary.failed) == (3, 1, 1)
    system.invalidate_cache()
    assert sorted(system.find("archive/out")) == [f"archive/out/{name}" for name in sorted(RESULTS)]
    with system.open("archive/out/a.color.jpg") as file, Image.open(file) as picture:
        assert picture.size == (150, 100)
    summary = run_on_ray(replace(on_s3, resume=True))
    assert (summary.done, summary.done_before) == (0, 3)


def test_a_killed_worker_costs_repetition_only(tree):
    for index in range(40):
        shutil.copy(tree / "a.jpg", tree / f"more{index:02d}.jpg")
    killed = []

    def listener(report):
        if len(killed) < 1 and report.outcome is not None:
            workers = subprocess.run(
                ["pgrep", "-f", "ray::.*Map"], capture_output=True, text=True, check=False
            ).stdout.split()
            for pid in workers[:1]:
                os.kill(int(pid), signal.SIGKILL)
                killed.append(pid)
                time.sleep(0.5)

    summary = run_on_ray(job(tree, workers=2), listener)
    assert killed
    assert (summary.done, summary.failed) == (43, 1)
    assert len(sizes(tree.parent / "out")) == 43
