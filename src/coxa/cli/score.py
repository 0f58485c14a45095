"""`coxa score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.edge import AsJson, Quiet, Verbose, edge, working

SHOWN = 10


def score_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel, Parquet, SPSS, Stata or SAS file.")],
    instrument: Annotated[str, typer.Option("--instrument", help="Instrument; `coxa schema instruments` lists them.")],
    prefix: Annotated[str, typer.Option("--prefix", help="Before the item code in column names, such as hoos_.")] = "",
    participant: Annotated[str, typer.Option("--participant", help="Column of the participant.")] = "participant_id",
    visit: Annotated[str, typer.Option("--visit", help="Column of the visit; may be absent for one visit.")] = "visit",
    rule: Annotated[str | None, typer.Option("--rule", help="Missing-item rule.")] = None,
    version: Annotated[str | None, typer.Option("--version", help="Version of the instrument.")] = None,
    missing: Annotated[list[str] | None, typer.Option("--missing", help="Code that means missing; repeatable.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file for the scores.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Score the questionnaires of one file: one column per item, or columns item and value."""
    with edge(verbose):
        with working(f"scoring {file}", quiet):
            from coxa.cohort.items import read_items
            from coxa.instruments import score

            items = read_items(file, instrument, prefix, participant, visit, tuple(missing or ()))
            scores = score(items, instrument, rule=rule, version=version)
        if as_json:
            typer.echo(scores.to_json(orient="records"))
        else:
            from coxa.cli.show import show_scores

            if not quiet:
                show_scores(scores, SHOWN)
            missed = int(scores["value"].isna().sum())
            typer.echo(f"{len(scores)} scores, {missed} of them missing; the column `reason` says why")
        if out is not None:
            from coxa.report.write import write_csv

            out.parent.mkdir(parents=True, exist_ok=True)
            typer.echo(f"scores: {write_csv(scores, out)}", err=as_json)
