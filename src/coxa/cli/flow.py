"""`coxa flow`: the participant flow diagram as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.edge import AsJson, DataPath, Quiet, StudyPath, Verbose, check_there, edge, print_json, working


def flow_command(
    study: StudyPath,
    data: DataPath = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", help="File for the diagram (.svg, .png or .pdf) or its counts (.csv); repeat it for several."
        ),
    ] = None,
    estimand: Annotated[
        str | None,
        typer.Option("--estimand", help="Estimand whose analysis is shown; by default that of the primary analysis."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw the participant flow diagram (CONSORT 2025, item 22), and check that its counts add up.

    Example: coxa flow study.yaml --out flow.svg --out flow.csv
    """
    with edge(verbose, as_json):
        from coxa.errors import check_option
        from coxa.report.output.figure_files import FORMS, write_figure

        check_there(data)
        files = out or [Path("flow.svg")]
        for file in files:
            check_option("ending of `--out`", file.suffix.lower(), FORMS)
        with working(f"counting the participants of {study}", quiet):
            from coxa.cohort.read import read_cohort
            from coxa.derive import derive_dataset
            from coxa.report.topics.participants.flow.draw import flow_figure
            from coxa.study import read_study
            from coxa.study.comparative import with_arms

            plan = with_arms(read_study(study), "`coxa flow`")
            cohort = read_cohort(plan, data).require_clean()
            figure = flow_figure(cohort, derive_dataset(cohort, estimand or plan.main_analysis.estimand_name))
            for file in files:
                write_figure(figure, file)
        if as_json:
            print_json(figure.data)
            return
        if not quiet:
            typer.echo(figure.alt)
        typer.echo(f"flow diagram: {', '.join(map(str, files))}")
