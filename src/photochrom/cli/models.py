"""`photochrom models`: list the models, download published ones, check and remove files."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli import convert
from photochrom.cli.exit_codes import FAILED, exit_code_of, one_line_errors
from photochrom.cli.output import error_line, print_error
from photochrom.cli.progress import download_progress
from photochrom.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from photochrom.models import Contract, Descriptor

app = typer.Typer(help="List, download, check and convert models.")
app.command("convert")(convert.convert)

_TASKS = {"colorize": "color", "inpaint": "fill damage"}

Names = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Names listed by `photochrom models`.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the models with purpose, licence, size, file and state.

    Only `photochrom models pull` downloads files.
    """
    if context.invoked_subcommand is not None:
        return
    from photochrom.models import INPAINT, broken_packages, known_models

    with one_line_errors():
        records = [_record(model) for model in known_models()]
        for fault in broken_packages():
            print_error(f"warning: {fault}")
    if as_json:
        typer.echo(json.dumps(records, indent=1))
        return
    for record in records:
        if record["task"] != INPAINT:
            _print_model(record)
    typer.echo("\nModels that fill wide damage, for --inpainter of `photochrom repair`:\n")
    for record in records:
        if record["task"] == INPAINT:
            _print_model(record)


@app.command("pull")
def pull(names: Names, yes: Yes = False) -> None:
    """Download published models; licence and size are shown first.

    An interrupted download is continued by the same command. Files go to the user's data folder, or
    to $PHOTOCHROM_HOME.
    """
    from photochrom.models import describe
    from photochrom.models.download import pull as fetch

    with one_line_errors():
        wanted = [describe(name) for name in names]
    for model in wanted:
        with one_line_errors():
            if model.shipped:
                raise ModelError(model.name, "comes with its package", "there is nothing to pull")
            typer.echo(f"{model.name}: {model.purpose}")
            typer.echo(f"  by          {model.authors}")
            typer.echo(f"  licence     {model.licence} ({model.licence_url})")
            typer.echo(f"  trained on  {model.trained_on}")
            typer.echo(f"  size        {_size(model)}")
            typer.echo(f"  to          {model.path}")
            if not yes and not _confirmed("Download it?"):
                raise ConfigError(None, "not downloaded", "add --yes to agree without being asked")
            try:
                with download_progress(model.name) as progress:
                    path = fetch(model, progress)
            except KeyboardInterrupt as interruption:
                print_error("interrupted; the same command goes on where it ended")
                raise typer.Exit(exit_code_of(interruption)) from None
            typer.echo(str(path))


@app.command("verify")
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Models to check; default: all on this machine."),
    ] = None,
) -> None:
    """Compare the SHA-256 of model files with the catalogue's."""
    from photochrom.models import describe, known_models
    from photochrom.models import verify as check

    failures = 0
    with one_line_errors():
        chosen = [describe(name) for name in names] if names else [
            model for model in known_models() if model.present
        ]  # fmt: skip
    for model in chosen:
        try:
            check(model)
            typer.echo(f"{model.name}: intact")
        except ModelError as error:
            failures += 1
            print_error(error)
    if failures:
        raise typer.Exit(FAILED)


@app.command("remove")
def remove(names: Names, yes: Yes = False) -> None:
    """Delete the files of models that were downloaded."""
    from photochrom.models import describe
    from photochrom.models.download import remove as delete

    with one_line_errors():
        for model in [describe(name) for name in names]:
            if not model.shipped and not yes and not _confirmed(f"Remove {model.path}?"):
                raise ConfigError(None, "nothing removed", "add --yes to agree without being asked")
            typer.echo(f"{model.name}: removed, {delete(model) / 1e6:.1f} MB freed")


def _record(model: Descriptor) -> dict[str, Any]:
    from photochrom.models import Abilities
    from photochrom.models import verify as check

    state, fault = "obtainable", None
    if model.present or model.shipped:
        try:
            check(model, quick=True)
            state = "shipped" if model.shipped else "present"
        except ModelError as error:
            state, fault = "damaged", error_line(error)
    fields = asdict(model)
    fields["contract"] = _contract_record(model.contract)
    can = asdict(Abilities.of([model.contract]))
    fields["can"] = [name for name, able in can.items() if able]
    fields.pop("folder")
    return fields | {"path": str(model.path), "state": state, "fault": fault}


def _contract_record(contract: Contract) -> dict[str, Any]:
    from photochrom.models import INPAINT

    tensors = {
        "input": contract.input,
        "output": contract.output,
        "inputs": dict(contract.inputs),
        "outputs": dict(contract.outputs),
    }
    if contract.task == INPAINT:
        return tensors
    return tensors | {
        "black": contract.black,
        "white": contract.white,
        "ab_unit": contract.ab_unit,
        "hint_unit": contract.hint_unit,
        "hints": contract.hints,
        "distribution": contract.output == "bins",
        "size": asdict(contract.size_rule),
    }


def _print_model(record: dict[str, Any]) -> None:
    about = "" if record["exact"] else "about "
    typer.echo(f"{record['name']}: {record['purpose']}")
    typer.echo(f"  licence     {record['licence']}")
    typer.echo(f"  trained on  {record['trained_on']}")
    typer.echo(f"  size        {about}{record['bytes'] / 1e6:.1f} MB")
    typer.echo(f"  can         {', '.join([_TASKS[record['task']], *record['can']])}")
    typer.echo(f"  SHA-256     {record['sha256']}")
    typer.echo(f"  file        {record['path']}")
    state = record["state"]
    if state == "obtainable":
        state += f": photochrom models pull {record['name']}"
    if record["fault"]:
        state += f": {record['fault']}"
    typer.echo(f"  state       {state}")


def _size(model: Descriptor) -> str:
    return f"{'' if model.exact else 'about '}{model.bytes / 1e6:.1f} MB"


def _confirmed(question: str) -> bool:
    """Ask for confirmation on a terminal; False without one."""
    if not sys.stdin.isatty():
        return False
    return typer.confirm(question, err=True)
