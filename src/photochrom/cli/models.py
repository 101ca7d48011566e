"""`photochrom models`: what there is to choose from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from photochrom.cli.failures import one_line_errors
from photochrom.errors import ModelError


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the models: licence, size, SHA-256, where they lie, whether the file is intact."""
    from photochrom.models import known_models, verify

    with one_line_errors():
        records = []
        for model in known_models():
            try:
                verify(model)
                state = "intact"
            except ModelError as error:
                state = str(error)
            records.append(asdict(model) | {"path": str(model.path), "state": state})
    if as_json:
        typer.echo(json.dumps(records, indent=1))
        return
    for record in records:
        typer.echo(f"{record['name']}: {record['purpose']}")
        typer.echo(f"  licence     {record['licence']}")
        typer.echo(f"  trained on  {record['trained_on']}")
        typer.echo(f"  size        {record['bytes'] / 1e6:.1f} MB")
        typer.echo(f"  SHA-256     {record['sha256']}")
        typer.echo(f"  file        {record['path']}")
        typer.echo(f"  state       {record['state']}")
