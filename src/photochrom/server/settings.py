"""A server's settings: from flags, else the environment, else a TOML file."""

from __future__ import annotations

import os
import re
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from photochrom._system.cpus import available_cpus
from photochrom.errors import ConfigError, Option, Remedy, nearest_name, os_reason, see_docs
from photochrom.options import DEVICE
from photochrom.server.host_names import canonical_name

PREFIX = "PHOTOCHROM_SERVER_"
"""Of the environment's variables: PHOTOCHROM_SERVER_PORT, ..."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Names of this machine that a browser on it may use."""
MIB = 2**20
GIB = 2**30

_SUB_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


def _names(value: Any) -> Any:
    """Split a text of names at its commas."""
    return (
        tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value
    )


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]


def _usable(token: SecretStr) -> SecretStr:
    secret = token.get_secret_value()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError("must be printable ASCII without spaces, and not empty")
    return token


Token = Annotated[SecretStr, AfterValidator(_usable)]


def _unbracketed(host: str) -> str:
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


Host = Annotated[str, AfterValidator(_unbracketed)]


def _sub_path(path: str) -> str:
    path = path.rstrip("/")
    if path and not _SUB_PATH.fullmatch(path):
        raise ValueError("must be a path like /photos, of letters, digits and - . _ ~")
    return path


RootPath = Annotated[str, AfterValidator(_sub_path)]


class Settings(BaseSettings):
    """All settings; see docs/server.md. Sizes are in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: Host = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    token: Token | None = None
    insecure: bool = False
    hosts: Names = ()
    """Names that requests may be for; empty: those of this machine on loopback, else any."""
    cors_origins: Names = ()
    root_path: RootPath = ""
    """The sub-path at which a proxy serves this server; empty for the root."""

    model: str | None = None
    device: str = DEVICE
    workers: Positive = Field(default_factory=lambda: available_cpus() + 1)
    """Photos worked on at a time; one more than cores, for while one waits for Python's lock."""
    threads: Positive | None = None
    """Of each photo; by default the cores, divided among the workers."""
    models_loaded: Positive = 3

    waiting: Annotated[int, Field(ge=0)] = 32
    """Requests that wait for a worker; more are refused with status 429."""
    upload_bytes: Positive = 2 * GIB
    pixels: Positive | None = None
    hints: Positive = 500
    copy_pixels: Positive = 2 * MIB
    """Of the small copy that the networks see."""
    pages: Positive = 200
    """Of a TIFF."""
    connections: Positive = 256

    film_bytes: Positive = 16 * GIB
    """Of an uploaded film; its result needs as much again, and twice that while it is made."""
    films: Positive = 8
    """Films that are open at a time; one of them is coloured at a time."""

    sessions: Positive = 200
    session_bytes: Positive = 32 * GIB
    session_s: Seconds = 3600
    """A session without a request for so long is deleted; its client may choose a shorter time."""
    idle_s: Seconds = 300
    """A session without a request for so long yields to a new one where all places are taken."""
    folder: Path | None = None
    """Where a temporary folder is made; the system's temporary folder by default."""
    free_bytes: Annotated[int, Field(ge=0)] = GIB
    """Free space of the disk that uploads must leave."""

    header_s: Seconds = 10
    """For the head of a request to arrive whole."""
    body_bytes_s: Positive = 4096
    """Slowest upload, measured over `stall_s`."""
    stall_s: Seconds = 20
    """Longest pause of a peer that sends too slowly or does not read its answer."""
    shutdown_s: Seconds = 60
    """For running requests to finish."""

    @classmethod
    def load(cls, file: Path | None = None, **flags: Any) -> Settings:
        """Read settings; a flag that is None was not given.

        file: TOML, its keys are the names above. Raises ConfigError for an unknown key, naming
        the nearest, and for a value out of range.
        """
        table = {} if file is None else _table(file)
        given = {name: value for name, value in flags.items() if value is not None}
        known = set(cls.model_fields)
        for name in table:
            if name not in known:
                near = nearest_name(name, known)
                advice = f"did you mean {near}?" if near else see_docs("server")
                raise ConfigError(file, f"unknown key {name!r}", advice)
        environment = {
            name for name in table if f"{PREFIX}{name}".upper() in {k.upper() for k in os.environ}
        }
        table = {name: value for name, value in table.items() if name not in environment}
        try:
            return cls(**table | given)
        except ValidationError as error:
            raise _first_fault(error, file) from error
        except SettingsError as error:
            raise ConfigError(f"{PREFIX}...", str(error), see_docs("server")) from error

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that requests may be for; empty for any."""
        if self.hosts or not self.local:
            return tuple(map(canonical_name, self.hosts))
        return (*LOCAL_NAMES, canonical_name(self.host))

    @property
    def threads_each(self) -> int:
        """Threads for one photo."""
        return self.threads or max(1, available_cpus() // self.workers)

    def check(self) -> None:
        """Raise ConfigError for settings that would show photos to others."""
        if not self.local and self.token is None and not self.insecure:
            raise ConfigError(
                Option("host", self.host),
                "others could reach it without a token",
                Remedy(
                    "give {}, or {} if something else guards it",
                    Option("token"),
                    Option("insecure", True),
                ),
            )


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(file, os_reason(error), "name a TOML file") from error
    except ValueError as error:
        raise ConfigError(file, f"not valid TOML ({error})") from error


def _first_fault(error: ValidationError, file: Path | None) -> ConfigError:
    fault = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in fault["loc"])
    origin = f" (flag, {PREFIX}{name.upper()}{'' if file is None else f' or {file}'})"
    given = "" if name == "token" else f", not {fault['input']!r}"
    message = fault["msg"]
    return ConfigError(f"{name}{origin}", f"{message[0].lower()}{message[1:]}{given}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
