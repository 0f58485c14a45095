"""`coxa export`: a study in the forms that others take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.analyse import run, stop_if_not_fitted
from coxa.cli.edge import DataPath, OutPath, Quiet, Verbose, check_there, edge, working
from coxa.errors import CoxaError, OptionError

if TYPE_CHECKING:
    from coxa.report.trace.kept import Kept
    from coxa.study import Study


def export_command(
    source: Annotated[
        Path, typer.Argument(metavar="STUDY.YAML|REPORT", help="The study file, or the folder of a report.")
    ],
    target: Annotated[
        str | None,
        typer.Option("--to", help="Standard: adam, dataset-json, ars, clinicaltrials or eudract."),
    ] = None,
    data: DataPath = None,
    out: OutPath = Path("exported"),
    share: Annotated[
        bool | None,
        typer.Option(
            "--share/--no-share",
            help="For others: hide small counts; of a report that is shared unless --no-share. Not for adam and "
            "dataset-json, which have a row for each participant.",
        ),
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", help="Day of Dataset-JSON files, as YYYY-MM-DD; today unless given.")
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write ADaM, Dataset-JSON, the analysis results standard, or tables for ClinicalTrials.gov and EudraCT.

    Example: coxa export study.yaml --to ars --out exported
    """
    with edge(verbose):
        from coxa.exchange.write import OF_PARTICIPANTS, TARGETS, asked_target, write_export

        if target is None:
            raise OptionError(f"The export has no standard. Give `--to` one of {', '.join(TARGETS)}.")
        form = asked_target(target, bool(share), date)
        check_there(source)
        check_there(data)
        plan, kept = _plan(source)
        data = data or (kept.path("data") if kept else None)
        if form in OF_PARTICIPANTS:
            with working(f"reading the data of {plan.study}", quiet):
                from coxa.cohort.read import read_cohort

                cohort = read_cohort(plan, data).require_clean()
                _same_data(kept, {source.name: source.sha256 for source in cohort.sources})
                written = write_export(cohort, form, out, date=date)
            typer.echo(f"exported, for its owner alone: {', '.join(map(str, written))}")
            return
        report = run(plan, data, quiet)
        _same_data(kept, report.run.data_sha256)
        with working("writing the export", quiet):
            of_shared = bool(kept and kept.provenance.get("small_cells"))
            written = write_export(report, form, out, share=of_shared if share is None else share)
        typer.echo(f"exported: {', '.join(map(str, written))}")
        stop_if_not_fitted(report)


def _plan(source: Path) -> tuple[Study, Kept | None]:
    """Return the plan, and what is kept of the report where its folder was named."""
    from coxa.study import read_study

    if source.suffix.lower() in (".yaml", ".yml"):
        return read_study(source), None
    from coxa.report.trace.kept import read_kept

    kept = read_kept(source)
    if kept.provenance.get("arms"):
        raise CoxaError("The report is for a monitoring committee. Name the study file instead of the report.")
    path = kept.path("plan")
    if path is None or not path.is_file():
        raise CoxaError(f"The plan is not at {path}. Name the study file instead of the report.")
    plan = read_study(path)
    if plan.origin is None or plan.origin.sha256 != kept.provenance["plan"]["sha256"]:
        raise CoxaError(f"{path.name} is not the plan of the report. Make the report again with `coxa report`.")
    return plan, kept


def _same_data(kept: Kept | None, files: Mapping[str, str]) -> None:
    """Raise `CoxaError` where the data are not those of the report."""
    if kept is not None and dict(files) != kept.provenance["data"]["files"]:
        raise CoxaError("The data are not those of the report. Make the report again with `coxa report`.")
