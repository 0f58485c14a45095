"""`coxa score`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, HeaderRow, MaxCells, Quiet, SheetName, Verbose, edge, print_json, working

if TYPE_CHECKING:
    import pandas as pd

    from coxa.findings import Findings

SHOWN = 10
ENDINGS = (".csv", ".parquet")


def score_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel, Parquet, SPSS, Stata or SAS file.")],
    instrument: Annotated[str, typer.Option("--instrument", help="Instrument; `coxa schema instruments` lists them.")],
    prefix: Annotated[
        str | None,
        typer.Option("--prefix", help="Prefix of item codes in column names, such as hoos_; found by default."),
    ] = None,
    participant: Annotated[
        str | None, typer.Option("--participant", help="Column of the participant; participant_id by default.")
    ] = None,
    visit: Annotated[
        str | None,
        typer.Option("--visit", help="Column of the visit; visit by default, not needed for one visit."),
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Rule for missing items.")] = None,
    version: Annotated[str | None, typer.Option("--version", help="Version of the instrument.")] = None,
    missing: Annotated[
        list[str] | None, typer.Option("--missing", help="Code for missing; repeat it for several.")
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Set impossible answers to missing, list them, and score the rest.")
    ] = False,
    sheet: SheetName = None,
    header_row: HeaderRow = None,
    max_cells: MaxCells = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File for the scores (.csv or .parquet); findings are written into its folder."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Score the questionnaires of a file that has a column per item, or columns item and value.

    Example: coxa score data/items.csv --instrument hoos --visit week --out scores.csv
    """
    with edge(verbose, as_json):
        from coxa.cli.show import show_findings, show_scores
        from coxa.cohort.items import read_items
        from coxa.cohort.readers.raw import ReadOptions
        from coxa.errors import DataError, check_option
        from coxa.findings import Findings
        from coxa.instruments import score
        from coxa.instruments.check import blank_bad_answers

        if out is not None:
            check_option("ending of `--out`", out.suffix.lower(), ENDINGS)
        options = ReadOptions(sheet=sheet, header_row=tuple(header_row or ()) or None, max_cells=max_cells)
        findings = Findings()
        try:
            with working(f"scoring {file}", quiet):
                read = read_items(file, instrument, prefix, participant, visit, tuple(missing or ()), options)
                items, findings = read.table, read.findings
                if leave_out:
                    items, blanked = blank_bad_answers(items, instrument, version=version)
                    findings += blanked
                scores = score(items, instrument, rule=rule, version=version)
        except DataError as error:
            write(out, findings + error.findings)
            raise
        write(out, findings, scores)
        show_findings(findings.warnings if quiet else findings, to_stderr=True)
        if as_json:
            print_json(scores)
        elif not quiet:
            show_scores(scores, SHOWN)
        missed = int(scores["value"].isna().sum())
        typer.echo(f"{len(scores)} scores, {missed} of them missing; the column `reason` says why", err=as_json)
        if out is not None:
            typer.echo(f"scores: {out}, findings: {beside(out)}", err=as_json)


def beside(out: Path) -> Path:
    """Return where the findings of a score file go: scores.findings.csv beside scores.csv."""
    return out.with_suffix(".findings.csv")


def write(out: Path | None, findings: Findings, scores: pd.DataFrame | None = None) -> None:
    """Write findings, and scores where there are any, if a file was named; only its owner may read them."""
    if out is None:
        return
    from coxa.report.output.csv_files import write_csv, write_table

    write_csv(findings.to_frame(), beside(out), private=True)
    if scores is not None:
        write_table(scores, out, private=True)
