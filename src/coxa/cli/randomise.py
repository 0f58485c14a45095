"""`coxa randomise`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import FOUND, AsJson, Quiet, StudyPath, Verbose, edge, print_json, working

if TYPE_CHECKING:
    import pandas as pd

    from coxa.allocation.schemes import Scheme
    from coxa.findings import Findings
    from coxa.study.comparative import ComparativeStudy

FORMATS = ("csv", "redcap", "sealed", "cards")


def randomise_command(
    study: StudyPath,
    n: Annotated[
        int | None, typer.Option("--n", help="Entries of the list; with strata, entries of each stratum.")
    ] = None,
    participants: Annotated[
        Path | None,
        typer.Option("--participants", help="File of participants or clusters in their order, instead of `--n`."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed; by default 128 random bits, which are kept in record.json.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the list; created if it does not exist.")] = Path(
        "randomisation"
    ),
    form: Annotated[
        str | None, typer.Option("--format", help="Formats among csv,redcap,sealed,cards; by default all that apply.")
    ] = None,
    simulate: Annotated[
        int | None,
        typer.Option("--simulate", help="Number of lists to simulate, to study the scheme instead of drawing a list."),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option("--verify", help="Folder of a list to check against its seals, instead of drawing one."),
    ] = None,
    date: Annotated[str | None, typer.Option("--date", help="Date for record.json, such as 2026-03-31.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw the allocation list of a plan: CSV, REDCap table, sealed list and cards.

    Example: coxa randomise study.yaml --n 80 --out allocation
    """
    with edge(verbose, as_json):
        from coxa.allocation.planned import planned_scheme
        from coxa.study import read_study
        from coxa.study.comparative import with_arms

        plan = with_arms(read_study(study), "`coxa randomise`")
        if verify is not None:
            _verify(verify, as_json)
            return
        scheme = planned_scheme(plan)
        units = None
        if participants is not None:
            from coxa.cli.allocation_files import read_units

            units = read_units(participants)
        if simulate is not None:
            with working("simulating lists", quiet):
                _simulate(scheme, n, units, simulate, 0 if seed is None else seed, as_json)
            return
        _draw(plan, scheme, n, units, seed, out, form, date, as_json, quiet)


def _draw(
    plan: ComparativeStudy,
    scheme: Scheme,
    n: int | None,
    units: pd.DataFrame | None,
    seed: int | None,
    out: Path,
    form: str | None,
    date: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Draw a list, write it and show it."""
    import secrets

    from coxa.cli.allocation_files import allocation_files, check_date, check_formats, refuse_existing
    from coxa.cli.show_randomise import show_counts_of, show_written
    from coxa.design.allocation_list import randomise

    formats = check_formats(form, FORMATS, given=units is not None)
    check_date(date)
    refuse_existing(out)
    allocation = randomise(scheme, n, seed=secrets.randbits(128) if seed is None else seed, participants=units)
    written = allocation_files(plan, allocation, out, formats, date)
    if as_json:
        print_json(allocation.frame)
        return
    if not quiet:
        show_counts_of(plan, allocation, n)
    show_written(plan, allocation, written, chosen=seed, quiet=quiet)


def _simulate(
    scheme: Scheme, n: int | None, units: pd.DataFrame | None, replicates: int, seed: int, as_json: bool
) -> None:
    import json
    from dataclasses import asdict

    from coxa.cli.show_randomise import show_simulation
    from coxa.design.balance_and_guessing import balance, predictability

    found = balance(scheme, n, replicates=replicates, seed=seed, participants=units)
    guess = predictability(scheme, n, replicates=replicates, seed=seed, participants=units)
    if as_json:
        rows = found.frame.to_dict("records")
        typer.echo(json.dumps({"balance": rows, "predictability": asdict(guess)}))
    else:
        show_simulation(scheme, found, guess, drawn=units is None)


def _verify(folder: Path, as_json: bool) -> None:
    from coxa.cli.allocation_files import check_folder
    from coxa.cli.show import show_findings

    findings: Findings = check_folder(folder)
    if as_json:
        print_json(findings.to_frame())
    elif findings:
        show_findings(findings)
    else:
        typer.echo(f"{folder}: every allocation fits its seal")
    if findings:
        raise typer.Exit(FOUND)
