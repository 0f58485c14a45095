"""`coxa rehearse`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import FOUND, AsJson, Quiet, StudyPath, Verbose, check_there, edge, print_json
from coxa.cli.power import Jobs, Scheduler, following

if TYPE_CHECKING:
    from coxa.design.by_simulation.rehearsal import Rehearsal


def rehearse_command(
    study: StudyPath,
    data: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="Folder of the data files, or one file; by default that of the plan."),
    ] = None,
    replicates: Annotated[int, typer.Option("--replicates", help="Number of rehearsals.")] = 500,
    power: Annotated[float, typer.Option("--power", help="Power to be reached.")] = 0.8,
    effect: Annotated[float, typer.Option("--effect", help="Factor of the assumed effects; 0 plants none.")] = 1.0,
    dropout: Annotated[
        bool, typer.Option("--dropout", help="Let participants leave too, as the assumptions of the plan say.")
    ] = False,
    analyses: Annotated[str | None, typer.Option("--analyses", help="Analyses of the plan; all by default.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed; the same data and seed give the same numbers.")] = 1,
    unlocked: Annotated[
        bool, typer.Option("--unlocked", help="Rehearse a plan that differs from the locked one.")
    ] = False,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the tables and the record of the run.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the plan on its blinded data with shuffled arms and a planted effect: PASS, RISK or FAIL.

    Example: coxa rehearse study.yaml data --replicates 200
    """
    with edge(verbose, as_json):
        from coxa.cli.lists import names
        from coxa.cli.show_lock import check_locked
        from coxa.design.by_simulation.rehearsal import rehearse
        from coxa.study import read_study
        from coxa.study.comparative import with_arms

        check_there(data)
        plan = with_arms(read_study(study), "`coxa rehearse`")
        check_locked(plan, unlocked, quiet or as_json)
        with following("rehearsing", quiet) as progress:
            found = rehearse(
                plan,
                data,
                replicates=replicates,
                power=power,
                effect=effect,
                dropout=dropout,
                seed=seed,
                analyses=names(analyses),
                jobs=jobs,
                scheduler=scheduler,
                progress=progress,
            )
        written = _written(found, out)
        if as_json:
            print_json(found.frame)
        else:
            from coxa.cli.show_power import show_rehearsal

            show_rehearsal(plan, found, quiet)
            if written:
                typer.echo(f"written: {', '.join(map(str, written))}")
        if found.verdict == "FAIL":
            raise typer.Exit(FOUND)


def _written(found: Rehearsal, out: Path | None) -> list[Path]:
    """Write tables and record, if there is a folder; return the files."""
    if out is None:
        return []
    from coxa.cli.power_files import rehearsal_files

    return rehearsal_files(found, out)
