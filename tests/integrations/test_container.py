"""The Containerfile: what it says, and its commands run natively as its user would run them.

No container engine is needed; none of these tests builds the image.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer.main

from photochrom.cli.main import app
from photochrom.server.settings import PREFIX, Settings
from support.programs import program
from support.served import serving

NOBODY = 65534
TOKEN = "a-token-of-the-tests"

Steps = list[tuple[str, str]]


@pytest.fixture(scope="module")
def steps(integrations: Path) -> Steps:
    """The instructions of the Containerfile with their arguments."""
    text = (integrations / "container" / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    split = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, _, rest in split]


def of(steps: Steps, name: str) -> list[str]:
    return [rest for one, rest in steps if one == name]


def final(steps: Steps) -> Steps:
    """The instructions of the image that runs."""
    last = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    return steps[last:]


def variables(steps: Steps) -> dict[str, str]:
    [text] = of(final(steps), "ENV")
    return dict(word.split("=", 1) for word in shlex.split(text))


def command_line(steps: Steps) -> list[str]:
    [entry], [arguments] = of(final(steps), "ENTRYPOINT"), of(final(steps), "CMD")
    return [*json.loads(entry), *json.loads(arguments)]


def health_command(steps: Steps) -> list[str]:
    [text] = of(final(steps), "HEALTHCHECK")
    options, _, command = text.partition(" CMD ")
    assert re.fullmatch(r"(--(interval|timeout|start-period)=\d+s ?|--retries=\d+ ?)+", options)
    return typing.cast("list[str]", json.loads(command))


def test_every_instruction_is_one(steps: Steps) -> None:
    known = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    assert {name for name, _ in steps} <= known | {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    for image in of(steps, "FROM"):
        assert re.fullmatch(r"python:3\.\d+-slim( AS build)?", image)  # no registry's host
    assert [json.loads(text) for text in of(steps, "VOLUME")] == [["/scratch"]]


def test_what_is_copied_is_in_the_repository(steps: Steps, repository: Path) -> None:
    copies = [shlex.split(text) for text in of(steps, "COPY")]
    [built] = [words for words in copies if words[0] == "--from=build"]
    assert built[1:] == ["/opt/photochrom", "/opt/photochrom"]
    names = [name for words in copies if words != built for name in words[:-1]]
    assert [name for name in names if not (repository / name).exists()] == []
    assert {"pyproject.toml", "hatch_build.py", "src"} < set(names)  # to build the package


def test_it_runs_as_a_user_without_rights(steps: Steps) -> None:
    [user] = of(final(steps), "USER")
    assert int(user) > 0
    [making] = of(final(steps), "RUN")
    assert f"--uid {user} " in making
    names = [name for name, _ in final(steps)]
    assert "RUN" not in names[names.index("USER") :]


def test_its_settings_are_the_servers_and_hold_no_secret(steps: Steps) -> None:
    settings = {name: value for name, value in variables(steps).items() if name.startswith(PREFIX)}
    assert settings == {f"{PREFIX}HOST": "0.0.0.0", f"{PREFIX}PORT": "8000"}
    assert {name.removeprefix(PREFIX).lower() for name in settings} <= set(Settings.model_fields)
    assert of(final(steps), "EXPOSE") == [settings[f"{PREFIX}PORT"]]
    assert not [name for name in variables(steps) if "TOKEN" in name]
    assert not of(steps, "ARG")


def test_its_command_is_one_of_ours(steps: Steps) -> None:
    name, command, *options = command_line(steps)
    assert (name, options) == ("photochrom", [])
    assert command in typer.main.get_command(app).commands  # type: ignore[attr-defined]


def environment(steps: Steps, scratch: Path, **more: str) -> dict[str, str]:
    """The image's variables, with this machine's folders and a free port."""
    given = variables(steps)
    assert given["TMPDIR"] == given["HOME"] == "/scratch"
    paths = {"TMPDIR": str(scratch), "HOME": str(scratch)}
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    python = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return given | paths | path | python | {f"{PREFIX}PORT": "0"} | more


def without_rights() -> list[str]:
    """What begins a command line that runs as a user without rights."""
    if os.geteuid() != 0:
        return []
    user = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    return [program("setpriv"), *user, "--no-new-privs"]


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    """A folder that cannot be written, and one for temporary files; pytest's own are private."""
    parent = Path(tempfile.mkdtemp(prefix="photochrom-container-"))
    try:
        parent.chmod(0o755)
        fixed, scratch = parent / "fixed", parent / "scratch"
        fixed.mkdir(mode=0o555)
        scratch.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(scratch, NOBODY, NOBODY)
        yield fixed, scratch
    finally:
        shutil.rmtree(parent)


@contextmanager
def running(
    steps: Steps, folders: tuple[Path, Path], **more: str
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The image's command; yields its port."""
    fixed, scratch = folders
    process = subprocess.Popen(
        [*without_rights(), *command_line(steps)],
        cwd=fixed,
        env=environment(steps, scratch, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://localhost:(\d+)/", line)
        assert found, (line, process.communicate())
        yield int(found[1]), process
    finally:
        process.kill()
        process.communicate()


def healthy(
    steps: Steps, integrations: Path, port: int, **more: str
) -> subprocess.CompletedProcess[str]:
    """The health check's command, with the repository's file in place of the image's."""
    interpreter, file = health_command(steps)
    assert interpreter == "python"
    [source] = [
        shlex.split(text)[0] for text in of(final(steps), "COPY") if text.split()[-1] == file
    ]
    given = {**os.environ, f"{PREFIX}PORT": str(port), **more}
    command = [sys.executable, str(integrations.parent / source)]
    return subprocess.run(
        command, env=given, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_colors_a_photo_and_writes_below_tmpdir_alone(
    steps: Steps, folders: tuple[Path, Path], integrations: Path, examples: Path
) -> None:
    import httpx2

    with running(steps, folders, **{f"{PREFIX}TOKEN": TOKEN}) as (port, process):
        done = healthy(steps, integrations, port)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        photo, address = (examples / "cat.jpg").read_bytes(), f"http://127.0.0.1:{port}"
        refused = httpx2.post(f"{address}/api/v1/colorize", content=photo)
        assert refused.status_code == 401
        answer = httpx2.post(
            f"{address}/api/v1/colorize",
            content=photo,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=60,
        )
        assert answer.status_code == 200
        assert answer.content[:2] == b"\xff\xd8"
        assert any(folders[1].iterdir())
        process.terminate()  # as an engine stops a container
        assert process.wait(60) == 0
    assert [list(folder.iterdir()) for folder in folders] == [[], []]


def test_without_a_token_it_says_what_it_needs(steps: Steps, folders: tuple[Path, Path]) -> None:
    fixed, scratch = folders
    done = subprocess.run(
        [*without_rights(), *command_line(steps)],
        cwd=fixed,
        env=environment(steps, scratch),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "photochrom: --host 0.0.0.0: others could reach it without a token; give --token, or "
        "--insecure if something else guards it\n"
    )


def test_a_server_of_another_name_is_healthy(steps: Steps, integrations: Path) -> None:
    with serving(hosts=("photos.example",)) as served:
        names = {f"{PREFIX}HOSTS": "photos.example, other.example"}
        assert healthy(steps, integrations, served.port, **names).returncode == 0
        done = healthy(steps, integrations, served.port)
    assert (done.returncode, done.stderr) == (1, "photochrom: /readyz answers 421\n")


def test_a_server_that_is_busy_or_gone_is_not(
    steps: Steps, integrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as served:
        monkeypatch.setattr(type(served.state.queue), "full", True)
        done = healthy(steps, integrations, served.port)
    assert (done.returncode, done.stderr) == (1, "photochrom: /readyz answers 503\n")
    done = healthy(steps, integrations, served.port)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"photochrom: port {served.port} does not answer \(.*refused.*\)\n", done.stderr
    )


def test_a_wrong_setting_is_one_line(steps: Steps, integrations: Path) -> None:
    done = healthy(steps, integrations, 0, **{f"{PREFIX}PORT": "many"})
    assert done.returncode == 1
    assert done.stderr.startswith("photochrom: port (flag, PHOTOCHROM_SERVER_PORT): ")
    assert done.stderr.count("\n") == 1
