"""`coxa interim`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, DataPath, Quiet, StudyPath, Verbose, edge, working

if TYPE_CHECKING:
    from coxa.study.comparative import ComparativeStudy
    from coxa.study.locking.looks import LookEntry


def interim_command(
    study: StudyPath,
    data: DataPath = None,
    fraction: Annotated[
        float | None,
        typer.Option("--fraction", help="Share of the information; by the participants analysed by default."),
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", help="Day of the look, as YYYY-MM-DD; today by default.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take an interim look of a locked plan: test its hypotheses at their boundaries, and record it.

    Example: coxa interim study.yaml --data data --date 2026-03-01
    """
    with edge(verbose, as_json):
        from coxa.cli.edge import check_there
        from coxa.report.analyse import analyse
        from coxa.report.interim import record_look
        from coxa.study import read_study
        from coxa.study.comparative import with_arms

        check_there(data)
        plan = with_arms(read_study(study), "`coxa interim`")
        with working("analysing", quiet or as_json) as progress:
            report = analyse(plan, data, progress=progress)
        entry = record_look(report, fraction=fraction, date=date)  # type: ignore[arg-type]
        if as_json:
            typer.echo(json.dumps(asdict(entry)))
        else:
            _show(plan, entry, quiet)


def _show(plan: ComparativeStudy, entry: LookEntry, quiet: bool) -> None:
    """Print what a look showed."""
    from coxa.study.locking.looks import looks_path
    from coxa.study.margin import claim_words, margin_words
    from coxa.study.tested import hypothesis_label, tested

    asked = tested(plan)
    assert plan.interim is not None
    assert asked is not None
    analyses = {name: one.analysis for name, one in asked.tested.items()}
    label = plan.interim.look_label(entry.look)
    typer.echo(f"{label} of {plan.study}, {entry.date}: information fraction {entry.fraction:.3f}")
    if not quiet:
        for name, seen in entry.seen.items():
            decision = entry.decided[name]
            bound = "no weight yet" if decision["boundary"] is None else f"boundary {decision['boundary']:.4f}"
            verdict = "rejected" if decision["rejected"] else "not rejected"
            typer.echo(
                f"{hypothesis_label(plan, name)}: n {int(seen['n'])}, Z {seen['z']:.4f}, {bound}, "
                f"adjusted p {decision['adjusted']:.4f}, {verdict}"
            )
            if (reached := decision.get("reached_at")) is not None:
                planned = plan.planned(analyses[name])
                typer.echo(
                    f"  against a margin of {margin_words(planned)}: {planned.effect.words} {seen['estimate']:.4g}, "
                    f"{claim_words(planned)} from {reached:.4g}"
                )
    typer.echo(f"SHA-256 of the look  {entry.sha256}")
    typer.echo(f"looks: {looks_path(plan)}")
