"""`photochrom presets`: list, show, save and remove named options."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from photochrom.cli.exit_codes import FAILED, one_line_errors
from photochrom.cli.options import (
    KeepTime,
    PresetName,
    Profile,
    Quality,
    Reversible,
    Saturation,
    Size,
    Smooth,
    Tint,
    Vividness,
    Warmth,
)
from photochrom.cli.output import print_error, print_path, print_record
from photochrom.options import ColorizeOptions, SaveOptions
from photochrom.presets import Preset

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - and _.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def presets(context: typer.Context) -> None:
    """List, show, save and remove presets: named options of colouring and saving, for --preset.

    Your own lie in the user's folder of settings, or in $PHOTOCHROM_HOME/presets, one TOML file
    each.
    """
    if context.invoked_subcommand is None:
        list_all()


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the presets: what each is for, and its options.

    Exit codes: 0 all were read, 1 a file of your own is faulty (one line each on stderr).
    """
    from photochrom.presets import readable_presets

    with one_line_errors():
        found, faults = readable_presets()
    if as_json:
        print_record({"presets": [preset.record() for preset in found]})
    else:
        width = max(len(preset.name) for preset in found)
        for preset in found:
            own = "" if preset.shipped else " (your own)"
            typer.echo(f"{preset.name:{width}}  {preset.purpose}{own}".rstrip())
            typer.echo(f"{'':{width}}  {_in_words(preset)}")
    for fault in faults:
        print_error(fault)
    if faults:
        raise typer.Exit(FAILED)


@app.command("show")
def show(name: Name, as_json: Json = False) -> None:
    """Print a preset as the TOML of its file; what is not in it is the default."""
    from photochrom.presets import load_preset

    with one_line_errors():
        preset = load_preset(name)
    if as_json:
        print_record(preset.record())
    else:
        typer.echo(preset.toml(), nl=False)


@app.command("save")
def save(
    name: Name,
    purpose: Annotated[
        str, typer.Option(metavar="TEXT", help="One line that says what it is for.")
    ] = "",
    preset: PresetName = None,  # noqa: ARG001 - its callback sets the defaults of the others
    vividness: Vividness = ColorizeOptions.vividness,
    size: Size = None,
    saturation: Saturation = ColorizeOptions.saturation,
    warmth: Warmth = ColorizeOptions.warmth,
    tint: Tint = ColorizeOptions.tint,
    smooth: Smooth = ColorizeOptions.smooth,
    quality: Quality = SaveOptions.quality,
    profile: Profile = SaveOptions.profile,
    reversible: Reversible = False,
    keep_time: KeepTime = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace your preset of this name, or have yours instead of one that comes with "
            "Photochrom.",
        ),
    ] = False,
) -> None:
    """Save options under a name, and print the file.

    With --preset NAME it begins with the options of that one.
    """
    from photochrom.presets import save_preset

    with one_line_errors():
        made = Preset(
            name=name,
            purpose=purpose,
            colorize=ColorizeOptions(
                vividness=vividness,
                size=size,
                saturation=saturation,
                warmth=warmth,
                tint=tint,
                smooth=smooth,
            ),
            save=SaveOptions(
                quality=quality, profile=profile, reversible=reversible, keep_time=keep_time
            ),
        )
        path = save_preset(made, overwrite=overwrite)
    print_path(str(path))


@app.command("remove")
def remove(name: Name) -> None:
    """Delete a preset of your own, and print its file.

    One of the same name that comes with Photochrom counts again.
    """
    from photochrom.presets import remove_preset

    with one_line_errors():
        path = remove_preset(name)
    print_path(str(path))


def _in_words(preset: Preset) -> str:
    """The options that are not the defaults, on one line."""
    changes: dict[str, Any] = preset.changes
    words = (
        key.replace("_", " ") if value is True else f"{key} {value}"
        for key, value in changes.items()
    )
    return ", ".join(words) or "all options have their defaults"
