"""`coxa measurement`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from coxa.cli.edge import AsJson, DataPath, Quiet, StudyPath, Verbose, edge, working

if TYPE_CHECKING:
    from coxa.report import MeasuredScore
    from coxa.study import Study


def measurement_command(
    study: StudyPath,
    data: DataPath = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say how reliable the scores of a plan are, whose change is reliable, and which change is important.

    Example: coxa measurement study.yaml --data data
    """
    with edge(verbose, as_json):
        from coxa.cli.edge import check_there
        from coxa.cohort import read_cohort
        from coxa.errors import OptionError
        from coxa.report import measured_scores
        from coxa.study import read_study

        check_there(data)
        plan = read_study(study)
        if not plan.measurement:
            least = f"measurement: {{{next(iter(plan.outcomes), 'pain')}: {{}}}}"
            raise OptionError(
                f"The plan {plan.study} asks nothing of its scores. Add `{least}` to it, for floor, ceiling and alpha."
            )
        with working("measuring", quiet or as_json):
            scores = measured_scores(read_cohort(plan, data).require_clean())
        if as_json:
            typer.echo(json.dumps({one.outcome: numbers_of(one) for one in scores}))
            return
        for one in scores:
            for line in lines_of(plan, one):
                typer.echo(line)


def numbers_of(one: MeasuredScore) -> dict[str, Any]:
    """Return the numbers of one score, unrounded; None where they were not asked or not estimated."""
    reliability, change, important = one.reliability, one.change, one.important
    methods = important.frame.set_index("method")["estimate"].to_dict() if important else None
    return {
        "floor_and_ceiling": one.ends,
        "alpha": one.alpha and one.alpha.estimate,
        "icc": reliability and dict(zip(reliability.frame["form"], reliability.frame["estimate"], strict=True)),
        "sem_agreement": reliability and reliability.sem_agreement,
        "sdc_agreement": reliability and reliability.sdc_agreement,
        "reliable_from": change and change.threshold,
        "cutoff": change and change.cutoff,
        "statuses": change and _by_arm(one),
        "important_change": methods,
        "warnings": list(important.warnings) if important else [],
        "problems": list(one.problems),
    }


def _by_arm(one: MeasuredScore) -> dict[str, dict[str, int]]:
    from coxa.measurement.change import STATUSES

    assert one.change is not None
    known = one.change.frame
    return {
        str(arm): {status: int((rows["status"] == status).sum()) for status in STATUSES}
        for arm, rows in known.groupby("arm")
    }


def lines_of(plan: Study, one: MeasuredScore) -> Iterator[str]:
    """Yield what a terminal shows of one score."""
    scale = plan.scale(one.outcome)
    digits, unit = scale.decimals, scale.unit
    yield f"{plan.label('outcomes', one.outcome)} ({scale.direction})"
    if one.ends:
        yield f"  floor {100 * one.ends['floor']:.1f}%, ceiling {100 * one.ends['ceiling']:.1f}%, n {one.ends['n']}"
    if one.alpha:
        yield f"  alpha {one.alpha.estimate:.2f} ({one.alpha.conf_low:.2f} to {one.alpha.conf_high:.2f})"
    if one.reliability:
        found = one.reliability
        icc = found.frame.set_index("form").to_dict("index")["ICC(2,1)"]
        yield f"  ICC(2,1) {icc['estimate']:.2f} ({icc['conf_low']:.2f} to {icc['conf_high']:.2f}), n {found.n}"
        yield f"  SEM {found.sem_agreement:.{digits}f}, SDC {found.sdc_agreement:.{digits}f} {unit}, agreement"
    if one.change:
        yield f"  a change of {one.change.threshold:.{digits}f} {unit} or more is reliable"
        for arm, counts in _by_arm(one).items():
            shown = ", ".join(f"{status} {n}" for status, n in counts.items())
            yield f"  {plan.groups.get(arm, arm)}: {shown}"
    if one.important:
        for row in one.important.frame.to_dict("records"):
            yield f"  important change, {row['method']}: {row['estimate']:.{digits}f} {unit}"
    for text in (*(one.important.warnings if one.important else ()), *one.problems):
        yield f"  caution: {text}"
