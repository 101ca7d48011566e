"""`photochrom data`: build training sets and show what they hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.embed import embed
from photochrom.cli.exit_codes import exit_code_of, needs_extra, one_line_errors
from photochrom.cli.progress import source_bytes_progress
from photochrom.workshop.data.recipe import Fit, Recipe

if TYPE_CHECKING:
    from photochrom.workshop.data.manifest import Tally

app = typer.Typer(
    help="Build training sets and look at what they hold; see the documentation: data.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


Size = Annotated[int, typer.Option(min=16, help="Short side of the stored photos.")]
Shape = Annotated[
    Fit,
    typer.Option(help="Keep the shape, crop the middle square, or pad with white to a square."),
]
MinSide = Annotated[int, typer.Option(min=16, help="Drop photos whose short side is smaller.")]
MinColorfulness = Annotated[
    float, typer.Option(min=0.0, help="Drop duller photos (Hasler and Süsstrunk; 40 is vivid).")
]
Quality = Annotated[int, typer.Option(min=1, max=100, help="Quality of the stored WebP files.")]
ShardSize = Annotated[int, typer.Option(min=1, help="Photos in a shard.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Number of threads; default: all cores.")]
Out = Annotated[Path, typer.Argument(help="A new folder, or the folder of an interrupted run.")]
Terms = Annotated[
    str, typer.Option(help="Terms of use of photos that state none: free, research, unclear.")
]


@app.command()
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCES...", help="Folders, tars, zips, shards, URLs of shards."),
    ],
    out: Out,
    size: Size = 256,
    fit: Shape = Fit.KEEP,
    min_side: MinSide = 128,
    min_colorfulness: MinColorfulness = 8.0,
    quality: Quality = 90,
    shard_size: ShardSize = 1000,
    jobs: Jobs = None,
    source: Annotated[str, typer.Option(help="Source label of photos that have none.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of photos that state none.")] = "",
    terms: Terms = "",
) -> None:
    """Turn photos into shards for training.

    Grey and tinted photos, graphics, near duplicates, small and corrupt files are dropped;
    OUT/manifest.csv lists every photo with its credits and the reason. Run the same command again
    to go on after an interruption.
    """
    with one_line_errors():
        with needs_extra("preparing data", "train"):
            from photochrom.workshop.data.originals import total_size
            from photochrom.workshop.data.prepare import prepare as prepare_set
        recipe = Recipe(size, fit, min_side, min_colorfulness, quality, shard_size)
        labels = {"source": source, "licence": licence, "terms": terms}
        with _interruptible(), source_bytes_progress(total_size(sources)) as advance:
            tally = prepare_set(sources, out, recipe, labels=labels, jobs=jobs, report=advance)
        _print_tally(tally, out)


@app.command()
def gather(
    listing: Annotated[
        Path,
        typer.Argument(metavar="LIST", help="A CSV of repositories, such as configs/corpus.csv."),
    ],
    clones: Annotated[
        Path, typer.Argument(metavar="CLONES", help="Their clones, as OWNER/NAME or OWNER+NAME.")
    ],
    out: Out,
    split: Annotated[str, typer.Option(help="Only sources of this split.")] = "train",
    only: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Only photos that this table lists by their origin."),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.csv",
            help="Drop near duplicates of the photos in this table of hashes; repeatable.",
        ),
    ] = None,
    sheets: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder of the contact sheets; default: OUT-sheets."),
    ] = None,
    size: Size = 256,
    min_side: MinSide = 160,
    min_colorfulness: MinColorfulness = 8.0,
    quality: Quality = 85,
    shard_size: ShardSize = 1000,
    jobs: Jobs = None,
) -> None:
    """Build a training corpus out of git repositories that hold photographs.

    Each source gets shards and a manifest of its own in OUT, and a contact sheet. Photos are judged
    as `prepare` does. Run the same command again to go on after an interruption.

    Exit codes: 0 done, 1 where a repository has no clone or a photo of --only was not kept.
    """
    with one_line_errors():
        with needs_extra("gathering data", "train"):
            from photochrom.workshop.data.gather import gather as gather_set
        recipe = Recipe(size, Fit.KEEP, min_side, min_colorfulness, quality, shard_size)
        with _interruptible(), _source_progress() as advance:
            gathered = gather_set(
                listing,
                clones,
                out,
                recipe,
                split=split,
                only=only,
                excluded=exclude or (),
                sheets=sheets or out.parent / f"{out.name}-sheets",
                jobs=jobs,
                report=advance,
            )
    for name, tally in gathered.tallies.items():
        dropped = ", ".join(f"{count} {reason}" for reason, count in tally.dropped.most_common())
        typer.echo(f"{tally.kept:7d} {name:20} dropped: {dropped or 'none'}")
    typer.echo(f"{gathered.kept} photos of {len(gathered.tallies)} sources kept: {out}")
    for repository in gathered.missing:
        typer.echo(f"photochrom: {repository}: no clone in {clones}; clone it there", err=True)
    for origin in gathered.absent:
        typer.echo(
            f"photochrom: {origin}: not kept; look for it in OUT/SOURCE/manifest.csv", err=True
        )
    if gathered.missing or gathered.absent:
        raise typer.Exit(1)


@app.command()
def unsplash(
    tables: Annotated[
        list[Path],
        typer.Argument(metavar="TABLES...", help="photos.tsv of the dataset, or its pieces."),
    ],
    out: Out,
    width: Annotated[int, typer.Option(min=32, help="Fetch the photos this wide.")] = 640,
    limit: Annotated[int | None, typer.Option(min=1, help="Fetch only the first N photos.")] = None,
    connections: Annotated[int, typer.Option(min=1, max=64, help="Downloads at once.")] = 8,
    tries: Annotated[int, typer.Option(min=1, help="Attempts per photo.")] = 6,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Time limit of one attempt, seconds.")
    ] = 30.0,
    size: Size = 256,
    fit: Shape = Fit.KEEP,
    min_side: MinSide = 128,
    min_colorfulness: MinColorfulness = 8.0,
    quality: Quality = 90,
    shard_size: ShardSize = 1000,
    jobs: Jobs = None,
    terms: Terms = "",
) -> None:
    """Fetch the Unsplash dataset into shards for training, with its photographers' credits.

    Photos are judged as `prepare` does; OUT/manifest.csv has the reason for those that could not be
    downloaded. Run the same command again to go on after an interruption.
    """
    with one_line_errors():
        with needs_extra("fetching data", "train"):
            from photochrom.workshop.data.download import DownloadPolicy
            from photochrom.workshop.data.unsplash import fetch_unsplash
        recipe = Recipe(size, fit, min_side, min_colorfulness, quality, shard_size)
        with _interruptible(), source_bytes_progress(None) as advance:
            tally = fetch_unsplash(
                tables,
                out,
                recipe,
                width=width,
                limit=limit,
                terms=terms,
                policy=DownloadPolicy(tries=tries, timeout=timeout, connections=connections),
                jobs=jobs,
                report=lambda counts: advance(0, counts),
            )
        _print_tally(tally, out)


app.command()(embed)


@app.command()
def stats(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCES...", help="Folders, tars, zips, shards, URLs of shards."),
    ],
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Also draw the figures.")
    ] = None,
    jobs: Jobs = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with the ab histogram.")
    ] = False,
) -> None:
    """Print what a set of photos holds: sizes, colourfulness, colours, sources, terms."""
    with one_line_errors():
        with needs_extra("statistics", "train"):
            from photochrom.workshop.data.originals import total_size
            from photochrom.workshop.data.stats import measure
            from photochrom.workshop.data.stats_plot import save_plot
        with source_bytes_progress(total_size(sources)) as advance:
            figures = measure(sources, jobs, lambda size: advance(size, None))
        if plot is not None:
            save_plot(figures, plot)
    summary = figures.summary()
    typer.echo(json.dumps(summary, indent=1, ensure_ascii=False) if as_json else _table(summary))


def _table(summary: dict[str, Any]) -> str:
    spreads = {
        "short side": "short_side",
        "long side": "long_side",
        "long : short": "aspect",
        "colorfulness": "colorfulness",
        "mean chroma": "chroma",
    }
    columns = list(summary["short_side"])
    lines = [
        f"{summary['photos']} photos, {summary['unreadable']} unreadable",
        f"mean chroma {summary['mean_chroma']:.1f}, "
        f"{summary['bins_used']:.0%} of the ab plane's cells in use",
        "",
        " " * 16 + "".join(f"{column:>9}" for column in columns),
    ]
    for title, name in spreads.items():
        values = "".join(f"{summary[name][column]:9.4g}" for column in columns)
        lines.append(f"{title:16}{values}")
    lines += ["", "source                    share"]
    lines += [f"{name:24} {share:6.1%}" for name, share in summary["sources"].items()]
    lines += ["", "terms                    photos"]
    lines += [f"{name:24} {count:6d}" for name, count in summary["terms"].items()]
    return "\n".join(lines)


def _print_tally(tally: Tally, out: Path) -> None:
    typer.echo(f"{tally.kept} of {tally.total} photos kept: {out}")
    for reason, count in sorted(tally.dropped.items(), key=lambda item: (-item[1], item[0])):
        typer.echo(f"{count:8d} {reason}")


@contextmanager
def _source_progress() -> Iterator[Callable[[str, Tally], None]]:
    """One line with the progress of the current source, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield lambda name, tally: status.update(f"{name}: {tally.total} photos, {tally.kept} kept")


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as interruption:
        typer.echo("photochrom: interrupted; the same command goes on from here", err=True)
        raise typer.Exit(exit_code_of(interruption)) from None
