"""`photochrom ledger`: the state of each photo of a job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import one_line_errors
from photochrom.cli.output import one_line, print_record

_FAILURES_SHOWN = 20
"""Failures that are listed without --failed."""


def ledger(
    folder: Annotated[
        Path, typer.Argument(help="The folder of a job's results, or that of `colorize --ledger`.")
    ],
    failed: Annotated[
        bool, typer.Option("--failed", help="List all failed photos and their errors.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per photo.")
    ] = False,
) -> None:
    """Show the state of each photo of a job: counts by state, settings, failures.

    The ledger can be read while the job runs.
    """
    from photochrom.batch import Ledger, State

    with one_line_errors(), Ledger(folder, writing=False) as opened:
        if as_json:
            for record in opened.records(State.FAILED if failed else None):
                print_record(
                    {
                        "path": record.path,
                        "root": record.root,
                        "state": record.state.value,
                        "settings": record.settings,
                        "sha256": record.sha256,
                        "outputs": [name for name, _, _ in record.outputs],
                        "seconds": record.seconds,
                        "reason": record.reason,
                        "error": record.error,
                        "at": record.at,
                    }
                )
            return
        counts = opened.counts()
        for state in State:
            reasons = {reason: n for (s, reason), n in counts.items() if s is state}
            if reasons:
                detail = "; ".join(f"{n} {reason}" for reason, n in reasons.items() if reason)
                line = f"{sum(reasons.values()):8d} {state.value}"
                typer.echo(line + (f" ({detail})" if detail else ""))
        for digest, settings in opened.settings().items():
            values = ", ".join(f"{name} {value}" for name, value in settings.items())
            typer.echo(f"settings {digest}: {values}")
        for index, record in enumerate(opened.records(State.FAILED)):
            if index == _FAILURES_SHOWN and not failed:
                typer.echo("... (--failed lists all)")
                break
            typer.echo(one_line(record.error or record.path))
