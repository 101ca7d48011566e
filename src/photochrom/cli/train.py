"""`photochrom train`: run or resume a training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from photochrom.cli.exit_codes import needs_extra, one_line_errors
from photochrom.errors import ConfigError, Option, Remedy


def train(
    config: Annotated[
        Path, typer.Argument(help="Configuration, a TOML file; configs/ has examples.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the run; default: out/NAME."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Checkpoint to continue from; default: that of the run's folder."),
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Begin a new run with the weights of a checkpoint, an exported .onnx file or a "
            "shipped model.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew even if the folder has a checkpoint.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Stop with a checkpoint after N minutes.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="PyTorch threads.")] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Half-precision checkpoints, to carry elsewhere.")
    ] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a configuration key, e.g. schedule.compile=false; repeatable.",
        ),
    ] = None,
) -> None:
    """Train a network on shards of photos, on a CPU or a GPU.

    The run's folder gets config.json, metrics.jsonl, TensorBoard's files, contact sheets and the
    checkpoint `latest`. Run the same command again to resume; Ctrl-C, SIGTERM or SIGHUP ends a run
    with a checkpoint. Under torchrun the processes share every batch; see the documentation:
    training.
    """
    with one_line_errors():
        with needs_extra("training", "train"):
            from photochrom.workshop.torch_threads import set_threads
            from photochrom.workshop.training.checkpoint import find_checkpoint
            from photochrom.workshop.training.config import load_config
            from photochrom.workshop.training.loop import Limits, Trainer
            from photochrom.workshop.training.starting_point import read_starting_point
        if start_from is not None and resume is not None:
            raise ConfigError(
                Option("start_from"),
                "is for a new run, and a resumed one has weights of its own",
                Remedy("leave out {} or {}", Option("start_from"), Option("resume")),
            )
        set_threads(threads)
        settings = load_config(config, overrides or [])
        folder = output or Path("out") / settings.name
        start = None if start_from is None else read_starting_point(start_from)
        trainer = Trainer(settings, folder, Limits(minutes, compact), log=typer.echo)
        own = None if fresh else find_checkpoint(trainer.latest)
        figures = trainer.run(resume or own, start)
    if not trainer.fabric.is_global_zero:
        return
    for name, value in figures.items():
        typer.echo(f"{name:24s} {value:8.3f}")
    typer.echo(f"checkpoint: {trainer.latest}")
