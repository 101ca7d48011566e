"""`photochrom app` and `photochrom serve`: the page, and the HTTP API."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom._system.cpus import available_cpus
from photochrom.cli.exit_codes import needs_extra, on_hang_up, one_line_errors
from photochrom.cli.options import MaxPixels, Model, Threads
from photochrom.cli.output import print_error, show_warnings

if TYPE_CHECKING:
    from photochrom.server.settings import Settings

_EXTRA = "app"

Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml", help="Settings; flags and environment variables override it."
    ),
]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Default: 8000.")]
ServerDevice = Annotated[
    str | None, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, ...; default: auto.")
]
Token = Annotated[
    str | None,
    typer.Option(
        metavar="SECRET",
        help="Requests must send the header Authorization: Bearer SECRET. Better in "
        "PHOTOCHROM_SERVER_TOKEN, where other users do not see it.",
    ),
]


def app(
    port: Port = None,
    model: Model = None,
    device: ServerDevice = None,
    threads: Threads = None,
    max_pixels: MaxPixels = None,
    config: Config = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")
    ] = False,
) -> None:
    """Open the page in your browser; nothing leaves this machine.

    The server answers on 127.0.0.1 alone, at a free port where 8000 is taken, until Ctrl-C.
    """
    with one_line_errors(), needs_extra("photochrom app", _EXTRA):
        from photochrom.server.settings import Settings

        settings = Settings.load(
            config,
            host="127.0.0.1",
            port=port,
            model=model,
            device=device,
            threads=threads or available_cpus(),
            pixels=max_pixels,
        )
    _run(settings, any_port=port is None, browser=not no_browser)


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Default: 127.0.0.1; other hosts need a token, or --insecure."),
    ] = None,
    port: Port = None,
    token: Token = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Accept requests without a token on any host."),
    ] = False,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Allowed Host header; repeatable."),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Allowed CORS origin; repeatable."),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Sub-path at which a proxy serves it, such as /photos."),
    ] = None,
    model: Model = None,
    device: ServerDevice = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Photos processed at the same time; default: cores + 1."),
    ] = None,
    threads: Threads = None,
    max_pixels: MaxPixels = None,
    config: Config = None,
) -> None:
    """Serve the HTTP API and the page until SIGINT, SIGTERM or SIGHUP.

    Running requests are finished first. Settings without a flag come from PHOTOCHROM_SERVER_... or
    --config. See the documentation: server.
    """
    with one_line_errors(), needs_extra("photochrom serve", _EXTRA):
        from photochrom.server.settings import Settings

        settings = Settings.load(
            config,
            host=host,
            port=port,
            token=token,
            insecure=insecure or None,
            hosts=_tuple(allowed_host),
            cors_origins=_tuple(cors_origin),
            root_path=root_path,
            model=model,
            device=device,
            workers=workers,
            threads=threads,
            pixels=max_pixels,
        )
    _run(settings)


def _run(settings: Settings, *, any_port: bool = False, browser: bool = False) -> None:
    with one_line_errors(), needs_extra("the server", _EXTRA):
        from photochrom._system.threads import limit_threads
        from photochrom._system.vips import pyvips
        from photochrom.server import create_app
        from photochrom.server.run import address_of, listen, serve

        limit_threads(1)
        pyvips.concurrency_set(settings.threads_each)

        listening = listen(settings, any_port=any_port)
        with show_warnings():
            application = create_app(settings)
    address = address_of(listening, settings.root_path)
    typer.echo(f"Photochrom answers at {address} (end it with Ctrl-C)")
    on_hang_up(lambda: signal.raise_signal(signal.SIGTERM))  # which uvicorn handles
    with suppress(KeyboardInterrupt):  # its usual end
        serve(application, settings, listening, open_page=address if browser else None)
    print_error("stopped; temporary files removed")


def _tuple(values: Any) -> tuple[str, ...] | None:
    return tuple(values) if values else None
