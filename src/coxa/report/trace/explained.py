"""What a page says of each number in it: `coxa why` without a file beside the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.report.record import ReportRecord
from coxa.report.trace.facts import model_facts, plan_line
from coxa.report.trace.provenance import provenance
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.tables.records import Record, records

ADDRESS = ("estimand", "analysis", "term", "visit", "arm", "reference")
LABELLED = ("arms", "visits")


def explained(report: ReportRecord[Study]) -> dict[str, Any]:
    """Return what is behind the numbers of a report, as plain data for a page; no row and no participant is in it.

    Returns
    -------
    dict
        `labels` of arms and visits; `estimands`, `analyses`, `models` and `rows` (what did not reach an estimand), each
        a list of names and texts by its own name; `estimates`, for each address without its statistic, the values and
        participants behind it, its method as a place in `methods`, and its warning where it has one.
    """
    told, study = provenance(report), report.study
    compared = study if isinstance(study, ComparativeStudy) else None
    frame = report.estimates.frame
    methods = list(dict.fromkeys(frame["method"].astype(str)))
    return {
        "labels": {kind: {name: study.label(kind, name) for name in getattr(study, kind, {})} for kind in LABELLED},
        "estimands": {name: _estimand(told, plan) for name, plan in told["estimands"].items()},
        "analyses": {one.name: _analysis(told, one) for one in (compared.planned_analyses if compared else ())},
        "models": {name: _model(model) for name, model in told["models"].items()},
        "rows": {name: list(_rows(study, plan)) for name, plan in told["estimands"].items()},
        "methods": methods,
        "estimates": {_address(row): _behind(row, methods) for row in records(frame)},
    }


def _estimand(told: dict[str, Any], plan: dict[str, Any]) -> list[tuple[str, str]]:
    first = ("Estimand", f"{plan['label']} ({plan_line(told, plan)})")
    return [first, *((name, text) for name, text in plan["attributes"])]


def _analysis(told: dict[str, Any], planned: PlannedAnalysis) -> list[tuple[str, str]]:
    return [("Analysis", f"{planned.title} ({plan_line(told, told['analyses'][planned.name])})")]


def _model(model: dict[str, Any]) -> list[tuple[str, str]]:
    warnings = (("warning", text) for text in dict.fromkeys(model["warnings"]))
    return [("Model", model["call"]), *model_facts(model), *warnings]


def _rows(study: Study, plan: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield how many values were expected and analysed, and those left out, with the reason and the visit."""
    values = plan["values"]
    yield (
        "Values",
        f"{values['expected']} expected of {plan['participants']} participants, {values['analysed']} analysed, "
        f"{values['empty']} missing",
    )
    for part in plan["left_out"]:
        visit = part["visit"]
        at = f", {study.label('visits', visit)}" if visit in study.visits else ""
        yield "Left out", f"{part['n']} ({part['table']}{at}): {part['reason']}", visit


def _address(row: Record) -> str:
    return "/".join(str(row[name]) or "-" for name in ADDRESS)


def _behind(row: Record, methods: list[str]) -> list[Any]:
    """Return the values and participants behind an estimate, where they are known, its method, and its warning."""
    n = [None if pd.isna(row[name]) else int(row[name]) for name in ("n_observations", "n_participants")]
    return [*n, methods.index(str(row["method"])), *([str(row["warning"])] if row["warning"] else [])]
