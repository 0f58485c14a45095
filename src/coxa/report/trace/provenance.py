"""Where the numbers of a report come from: plan lines, model calls, rows used and rows left out by which rule."""

from __future__ import annotations

from typing import Any

from coxa.analyses.methods import method_of
from coxa.models.results.run import AnyFit
from coxa.report.record import ReportRecord, compares
from coxa.report.trace.identity import data_hash, model_id
from coxa.report.trace.run_data import lock_data
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.locking.content import plan_content
from coxa.study.wording import estimand_attributes
from coxa.tables.records import records

STEPS = ("stage", "table", "visit", "reason")


def provenance(report: ReportRecord[Study]) -> dict[str, Any]:
    """Return plan, data, estimands, analyses and models of a report as plain data; nobody is named in it.

    Returns
    -------
    dict
        `plan` with its hash and its content but for the data, `data` with hashes; `lock` with deviations; `estimands`
        with the five attributes, the line of the plan, and what was left out by step and rule; `analyses` with the
        line of the plan; `models` by the names in the results data set, with the call, rows used and rows left out.
    """
    study, run = report.study, report.run
    file = study.origin.name if study.origin else ""
    return {
        "study": study.study,
        "plan": {"file": file, "sha256": run.plan_sha256, "content": plan_content(study)},
        "lock": lock_data(report.status),
        "data": {"files": dict(run.data_sha256), "sha256": data_hash(run.data_sha256)},
        "versions": dict(run.versions),
        "estimands": {name: _estimand(report, name) for name in report.datasets} if compares(report) else {},
        "analyses": {
            name: {"estimand": plan.estimand, "plan_line": _line(report, "analyses", name), "model": plan.model}
            for name, plan in (study.analyses.items() if isinstance(study, ComparativeStudy) else ())
        },
        "models": {
            model_id(name, str(fit.sample.visits[0]), len(fits)): {"analysis": name, **_model(study, name, fit)}
            for name, fits in report.fits.items()
            for fit in fits
        },
    }


def model_call(study: Study, name: str, fit: AnyFit) -> str:
    """Return the call that gives the model of an analysis again on the rows of its estimand, held in `data`."""
    if not isinstance(study, ComparativeStudy) or name not in study.analyses:
        return fit.spec.call()
    planned = study.planned(name)
    return method_of(planned.analysis).recorded_call(planned, fit)


def _model(study: Study, name: str, fit: AnyFit) -> dict[str, Any]:
    reasons = fit.left_out["reason"].astype(str).value_counts(sort=False)
    return {
        "call": model_call(study, name, fit),
        "method": fit.method,
        "visits": [str(visit) for visit in fit.sample.visits],
        "participants": fit.n_participants,
        "rows": fit.n_observations,
        "left_out": [{"reason": str(reason), "rows": int(n)} for reason, n in reasons.items()],
        "tried": [f"{a.structure} from {a.start}: {a.failure}" for a in fit.attempts if a.failure],
        "warnings": list(fit.warnings),
    }


def _estimand(report: ReportRecord, name: str) -> dict[str, Any]:
    dataset = report.datasets[name]
    return {
        "label": report.study.label("estimands", name),
        "plan_line": _line(report, "estimands", name),
        "attributes": [[attribute, text] for attribute, text in estimand_attributes(report.study, name)],
        "participants": int(dataset.frame["participant_id"].nunique()),
        "values": {"expected": len(dataset.frame), "analysed": len(dataset.analysed), "empty": _empty(report, name)},
        "left_out": _left_out(report, name),
    }


def _left_out(report: ReportRecord, estimand: str) -> list[dict[str, Any]]:
    """Count what did not reach an estimand, by step, visit and rule: from the files, its set, and its values."""
    lost = report.disposition.left_out
    outcome = report.study.estimands[estimand].endpoint.outcome
    own = lost["stage"].isin([f"analysis set of {estimand}", f"values of {estimand}"])
    others = lost["stage"].str.startswith(("analysis set of ", "values of "), na=False)
    concerned = lost["table"].eq("participants") | lost["outcome"].eq(outcome)
    steps = lost.loc[own | (~others & concerned), list(STEPS)].astype(object).fillna("").astype(str)
    counted = steps.groupby(list(STEPS), sort=False).size().reset_index(name="n")
    days = {visit: plan.day for visit, plan in report.study.visits.items()}
    counted = counted.sort_values("visit", key=lambda visits: visits.map(days).fillna(-1), kind="stable")
    return [{**row, "n": int(row["n"])} for row in records(counted)]


def _empty(report: ReportRecord, estimand: str) -> int:
    """Return how many values were never there."""
    counts = report.disposition.counts
    return int(counts.loc[counts["stage"] == f"values of {estimand}", "empty"].sum())


def _line(report: ReportRecord[Study], *path: str) -> int | None:
    origin = report.study.origin
    return origin.line(*path) if origin else None
