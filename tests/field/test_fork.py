"""Forked processes: they colour where they can, else raise one line; none waits for ever."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PRELUDE = """
import hashlib, json, multiprocessing, os, signal, sys, time
from pathlib import Path

FILE, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])


def digest(result):
    return hashlib.sha256(result.rgb.tobytes()).hexdigest()


def in_child(work, limit=60):
    '''What a forked child makes of `work`; "hangs" where it does not end, work and exit.'''
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = work()
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, json.dumps(answer).encode())
        sys.exit(0)  # with all that Python and its libraries do at the end
    os.close(writing)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return json.loads(os.read(reading, 65536)) if status == 0 else f"status {status}"
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hangs"

"""

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("ORT_", "PYTEST_", "CI"))  # ONNX Runtime behaves otherwise in tests
}


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Path:
    """A grey JPEG of several strips."""
    file = tmp_path_factory.mktemp("photo") / "photo.jpg"
    with Image.open(sorted(examples.glob("*.jpg"))[0]) as image:
        image.convert("L").resize((1200, 900)).save(file)
    return file


def answers(script: str, photo: Path, folder: Path) -> list[str]:
    """What a script prints as JSON, run by a Python of its own."""
    file = folder / "script.py"
    file.write_text(PRELUDE + script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(file), str(photo), str(folder)],
        capture_output=True,
        timeout=500,
        check=False,
        env=CLEAN,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


FRESH = """
import photochrom

found = [in_child(lambda: digest(photochrom.Colorizer(threads=3).colorize(FILE)))]
found.append(in_child(lambda: digest(photochrom.colorize(FILE))))
ours = photochrom.Colorizer(threads=3)
photochrom.colorizer.shared_colorizer()
found.append(in_child(lambda: digest(photochrom.Colorizer(threads=3).colorize(FILE))))
found.append(in_child(lambda: digest(ours.colorize(FILE))))
found.append(in_child(lambda: digest(photochrom.colorize(FILE))))
ours.session.logits(__import__("numpy").full((64, 64), 50, "float32"))
found.append(in_child(lambda: digest(ours.colorize(FILE))))
found.append(in_child(lambda: in_child(lambda: digest(ours.colorize(FILE)))))
found.append(digest(ours.colorize(FILE)))
print(json.dumps(found))
"""


def test_children_color_while_their_parent_has_opened_no_photo(photo: Path, tmp_path: Path) -> None:
    """With a Colorizer of their own, with their parent's, asked before or not, and in children."""
    found = answers(FRESH, photo, tmp_path)
    shared = [found.pop(4), found.pop(1)]  # of another number of threads, which rounds otherwise
    assert len(shared[0]) == len(found[0]) == 64, found
    assert shared[0] == shared[1]
    assert found == [found[0]] * 6


LATE = """
import photochrom
from photochrom.photo import save_picture

ours = photochrom.Colorizer(threads=3)
work = ours.workspace(FILE)
result = work.result()
opened = photochrom.Photo(FILE)
pixels = result.rgb
found = {
    "fresh": lambda: digest(photochrom.Colorizer().colorize(FILE)),
    "array": lambda: digest(photochrom.Colorizer().colorize(pixels, recolor=True)),
    "parent's": lambda: digest(ours.colorize(FILE)),
    "shared": lambda: digest(photochrom.colorize(FILE)),
    "workspace": lambda: digest(work.result()),
    "options": lambda: digest(work.result(vividness=0.9)),
    "write": lambda: str(result.save(FOLDER / "late.png")),
    "photo": lambda: str(photochrom.Photo(FILE).bits),
    "strips": lambda: str(opened.strips()(0, 8).shape),
    "picture": lambda: str(save_picture(pixels, FOLDER / "picture.png")),
    "confidence": lambda: str(result.confidence_picture().shape),
    "grandchild": lambda: in_child(lambda: digest(ours.colorize(FILE))),
}
found = {name: in_child(work) for name, work in found.items()}
found["idle"] = in_child(lambda: "ends")
found["parent"] = digest(ours.colorize(FILE))
print(json.dumps(found))
"""

LINE = (
    "PhotochromError: this process: was forked after photos had been opened, and lacks the threads "
    'that colour them; start it with multiprocessing.get_context("spawn"), or before the first '
    "photo is opened"
)


def test_children_of_a_parent_that_has_colored_raise_one_line(photo: Path, tmp_path: Path) -> None:
    found = answers(LATE, photo, tmp_path)
    assert found.pop("idle") == "ends"
    assert len(found.pop("parent")) == 64
    assert found == dict.fromkeys(found, LINE)
    assert len(found) == 12
    assert not list(tmp_path.glob("*.png"))


POOLS = """
from concurrent.futures import ProcessPoolExecutor

import photochrom

ours = photochrom.Colorizer()
fork, spawn = map(multiprocessing.get_context, ("fork", "spawn"))


def color(file):
    return digest(ours.colorize(file))


def color_fresh(file):
    try:
        return digest(photochrom.Colorizer().colorize(file))
    except photochrom.PhotochromError as error:
        return f"{type(error).__name__}: {error}"


def pooled(work, context):
    with context.Pool(2) as pool:
        return pool.map_async(work, [FILE] * 3).get(90)


def executed(work, context):
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return list(pool.map(work, [FILE] * 3, timeout=90))


if __name__ == "__main__":
    found = {"pool": pooled(color, fork), "executor": executed(color_fresh, fork)}
    color(FILE)
    found |= {"late pool": pooled(color_fresh, fork), "late executor": executed(color_fresh, fork)}
    found["spawn"] = pooled(color_fresh, spawn)
    print(json.dumps(found))
"""


def test_pools(photo: Path, tmp_path: Path) -> None:
    """`multiprocessing.Pool` and `ProcessPoolExecutor`, before and after; the remedy is one."""
    found = answers(POOLS, photo, tmp_path)
    colored = found["pool"][0]
    assert len(colored) == 64
    assert found["pool"] == found["executor"] == found["spawn"] == [colored] * 3
    assert found["late pool"] == found["late executor"] == [LINE] * 3


LOADER = """
import torch
from torch.utils.data import DataLoader, Dataset

import photochrom


class Colored(Dataset):
    def __init__(self):
        self.colorizer = photochrom.Colorizer(threads=1)

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.from_numpy(self.colorizer.colorize(FILE).rgb)


loader = DataLoader(Colored(), num_workers=2, multiprocessing_context="fork", timeout=90)
print(json.dumps([str(tuple(batch.shape)) for batch in loader]))
"""


@pytest.mark.workshop
def test_a_data_loader_colors_in_its_workers(photo: Path, tmp_path: Path) -> None:
    assert answers(LOADER, photo, tmp_path) == ["(1, 900, 1200, 3)"] * 4


SERVER = """
import http.client, threading

from photochrom.server import create_app
from photochrom.server.run import listen, server_of
from photochrom.server.settings import Settings

settings = Settings(port=0, workers=2, threads=3)
app = create_app(settings)
listening = listen(settings)
listening.listen()
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        server_of(app, settings).run(sockets=[listening])
        sys.exit(0)
    children.append(child)
found = []
for _ in range(4):
    connection = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=60)
    try:
        connection.request("POST", "/api/v1/colorize?format=png", FILE.read_bytes(),
                           {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        found.append([answer.status, answer.read()[1:4].decode("latin-1")])
    except OSError as error:
        found.append(repr(error))
for child in children:
    os.kill(child, signal.SIGTERM)
end = time.monotonic() + 60
for child in children:
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < end:
        time.sleep(0.01)
    if ended[0] == 0:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    found.append("ends" if ended[0] else "hangs")
print(json.dumps(found))
"""


def test_servers_that_are_forked_from_one_app_answer_and_end(photo: Path, tmp_path: Path) -> None:
    """As gunicorn does with --preload: the app is made once, and every worker is a fork."""
    found = answers(SERVER, photo, tmp_path)
    assert found == [[200, "PNG"]] * 4 + ["ends"] * 2


HALF = """
from photochrom._system.threads import ordered_map

gate = __import__("threading").Event()
numbers = ordered_map(lambda number: number if number < 2 else gate.wait(), range(40), 2, 8)
found = [next(numbers)]
found.append(in_child(lambda: [next(numbers) for _ in range(30)], limit=20))
gate.set()
print(json.dumps(found + [sum(numbers)]))
"""


def test_a_map_over_threads_is_not_continued_in_a_child(photo: Path, tmp_path: Path) -> None:
    found = answers(HALF, photo, tmp_path)
    assert found[0] == 0
    assert found[1] == LINE
    assert found[2] == 1 + 38


def test_the_photo_of_these_tests_has_several_strips(photo: Path) -> None:
    """Else no thread beside the caller's would have work."""
    from photochrom.photo import Photo

    opened = Photo(io.BytesIO(photo.read_bytes()).getvalue())
    assert len(opened.plan.spans()) > 3
    assert np.prod(opened.upright_size) == 1200 * 900
