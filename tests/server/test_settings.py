"""Settings: flags before the environment before a file; what is wrong is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from photochrom.errors import ConfigError
from photochrom.server.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    path.write_text('port = 1111\nworkers = 3\ncors_origins = ["https://a.example"]\n')
    return path


def test_the_nearest_counts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load(file).port == 1111
    monkeypatch.setenv("PHOTOCHROM_SERVER_PORT", "2222")
    assert Settings.load(file).port == 2222
    settings = Settings.load(file, port=3333, host=None)
    assert (settings.port, settings.workers, settings.host) == (3333, 3, "127.0.0.1")
    assert settings.cors_origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "did you mean port?"),
        ("port = 99999", "less than or equal to 65535"),
        ("port = [", "not valid TOML"),
        ('workers = "many"', "workers"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "server.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        Settings.load(path)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_wrong_variable_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_SERVER_SESSION_S", "soon")
    with pytest.raises(ConfigError, match="PHOTOCHROM_SERVER_SESSION_S"):
        Settings.load()


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: No such file"):
        Settings.load(tmp_path / "no.toml")


def test_a_token_is_not_shown() -> None:
    assert "tulip" not in repr(Settings(token="tulip"))


def test_threads_are_shared_among_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.server.settings.available_cpus", lambda: 8)
    assert Settings(workers=3).threads_each == 2
    assert Settings(workers=20).threads_each == 1
    assert Settings(workers=2, threads=5).threads_each == 5
