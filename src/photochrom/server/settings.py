"""What a server is told: by flags, else the environment, else a TOML file."""

from __future__ import annotations

import os
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from photochrom._system.cpus import available_cpus
from photochrom.errors import ConfigError, Option, Remedy, nearest_name, os_reason, see_docs
from photochrom.options import DEVICE

PREFIX = "PHOTOCHROM_SERVER_"
"""Of the environment's variables: PHOTOCHROM_SERVER_PORT, ..."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""What a browser on this machine may call it."""
MIB = 2**20
GIB = 2**30

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


def _names(value: Any) -> Any:
    """Of one text several names, between commas."""
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


class Settings(BaseSettings):
    """All that can be set; see docs/server.md. Sizes are bytes, times seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    token: Token | None = None
    insecure: bool = False
    hosts: Names = ()
    """Names that requests may be for; empty: those of this machine on loopback, else any."""
    cors_origins: Names = ()

    model: str | None = None
    device: str = DEVICE
    workers: Positive = Field(default_factory=lambda: available_cpus() + 1)
    """Photos worked on at a time; one more than cores, for while one waits for Python's lock."""
    threads: Positive | None = None
    """Of each photo; by default the cores, divided among the workers."""
    models_loaded: Positive = 3

    waiting: Annotated[int, Field(ge=0)] = 32
    """Requests that wait for a worker; more are told to come back."""
    upload_bytes: Positive = 2 * GIB
    pixels: Positive | None = None
    hints: Positive = 500
    copy_pixels: Positive = 2 * MIB
    """Of the small copy that the networks see."""
    pages: Positive = 200
    """Of a TIFF."""
    connections: Positive = 256

    sessions: Positive = 200
    session_bytes: Positive = 32 * GIB
    session_s: Seconds = 3600
    """A photo that nobody asks for is forgotten."""
    folder: Path | None = None
    """Where a temporary folder is made; the system's place by default."""
    free_bytes: Annotated[int, Field(ge=0)] = GIB
    """Of the disk, left to others."""

    header_s: Seconds = 10
    """For the head of a request to arrive whole."""
    body_bytes_s: Positive = 4096
    """Slowest upload, measured over `stall_s`."""
    stall_s: Seconds = 20
    """Longest pause of a peer that sends too slowly or does not read its answer."""
    shutdown_s: Seconds = 60
    """For what runs to finish."""

    @classmethod
    def load(cls, file: Path | None = None, **flags: Any) -> Settings:
        """Read settings; a flag that is None is not given.

        file: TOML, its keys are the names above. Raises ConfigError for a key that is not known,
        naming the nearest, and for what is out of range.
        """
        told = {} if file is None else _table(file)
        given = {name: value for name, value in flags.items() if value is not None}
        known = set(cls.model_fields)
        for name in told:
            if name not in known:
                near = nearest_name(name, known)
                advice = f"did you mean {near}?" if near else see_docs("server")
                raise ConfigError(file, f"unknown key {name!r}", advice)
        environment = {
            name for name in told if f"{PREFIX}{name}".upper() in {k.upper() for k in os.environ}
        }
        told = {name: value for name, value in told.items() if name not in environment}
        try:
            return cls(**told | given)
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
            return tuple(name.lower() for name in self.hosts)
        own = f"[{self.host}]" if ":" in self.host else self.host
        return (*LOCAL_NAMES, own)

    @property
    def threads_each(self) -> int:
        """Threads for one photo."""
        return self.threads or max(1, available_cpus() // self.workers)

    def check(self) -> None:
        """Raise ConfigError for what would put photos before the eyes of others."""
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
