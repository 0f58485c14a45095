"""From a report to a reporting event: each analysis of the plan with its method and its results."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.arguments import kinds
from coxa.exchange.adam.build import estimand_rows
from coxa.exchange.ars.parts import (
    VARIABLES,
    Part,
    analysis_sets,
    arm_id,
    groupings,
    purpose,
    set_id,
    subsets,
    terms,
    visit_grouping,
)
from coxa.exchange.shown import Shown, as_text, first_of_each, shown_by
from coxa.report.record import REPORT, ReportRecord
from coxa.report.topics.analyses.sentences import parts_not_fitted_words
from coxa.report.trace.provenance import model_call
from coxa.study import Study
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.records import Record, records
from coxa.tables.table import Table, identifier

NOT_FITTED = "The model could not be fitted: the analysis has no results."


@kinds(report=REPORT)
def to_ars(report: ReportRecord[Study], *, share: bool = False) -> dict[str, Any]:
    """Return the analyses of a plan with their results as a reporting event of the analysis results standard 1.0.

    Parameters
    ----------
    report
        Of a study that compares arms or groups.
    share
        For others: small counts are hidden as in a report that is shared, and numbers have the digits that it prints.

    Returns
    -------
    dict
        A ReportingEvent: an analysis for each of the plan, its population as analysis set, the recorded call of its
        model as code, and each number that a table of the report shows of it, unrounded (`rawValue`) and as shown
        (`formattedValue`).

    Raises
    ------
    OptionError
        If the study has no arms.

    Examples
    --------
    >>> import coxa
    >>> from coxa.exchange import to_ars
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> event = to_ars(report)
    >>> event["analyses"][0]["analysisSetId"], event["methods"][0]["codeTemplate"]["code"].partition("(")[0]
    ('SET.full_analysis_set', 'fit_mmrm')
    """
    shown = shown_by(report, "The analysis results standard", share)
    study = shown.study
    numbers = first_of_each(shown.frame[shown.frame["analysis"].isin(list(study.analyses))])
    by_analysis = {name: numbers[numbers["analysis"] == name] for name in study.analyses}
    outputs = list(_outputs(shown))
    origin = study.origin
    plan = {"id": "PLAN", "name": "Plan of the study", **({"location": origin.name} if origin else {})}
    return {
        "id": study.study,
        "version": 1,
        "name": study.title,
        "listOfPlannedAnalyses": _listed([(p.title, {"analysisId": p.name}) for p in study.planned_analyses]),
        "listOfPlannedOutputs": _listed([(one["name"], {"outputId": one["id"]}) for one in outputs]),
        "analysisSets": analysis_sets(study),
        "analysisGroupings": groupings(study),
        "dataGroupings": [visit_grouping(study)],
        "dataSubsets": subsets(study, estimand_rows(report)),
        "methods": [_method(shown, planned, by_analysis[planned.name]) for planned in study.planned_analyses],
        "analyses": [_analysis(shown, planned, by_analysis[planned.name]) for planned in study.planned_analyses],
        "outputs": outputs,
        "referenceDocuments": [plan],
        "terminologyExtensions": terms(study),
    }


def ars_text(event: dict[str, Any]) -> str:
    """Return a reporting event as the text of a file."""
    return json.dumps(event, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _listed(items: list[tuple[str, Part]]) -> Part:
    return {"listItems": [{"name": name, "level": 1, "order": at, **one} for at, (name, one) in enumerate(items, 1)]}


def _method(shown: Shown, planned: PlannedAnalysis, numbers: pd.DataFrame) -> Part:
    """Return the method of an analysis: the call of its model, and an operation for each kind of number."""
    kinds_of = numbers[["term", "statistic"]].drop_duplicates()
    named = {
        operation_id(planned.name, term, statistic): f"{term}: {statistic}"
        for term, statistic in zip(kinds_of["term"], kinds_of["statistic"], strict=True)
    }
    words = "; ".join(dict.fromkeys(str(text) for text in numbers["method"] if text))
    return {
        "id": _method_id(planned),
        "name": planned.label,
        **({"description": words} if words else {}),
        "operations": [{"id": name, "name": text, "label": text} for name, text in named.items()],
        **_code(shown, planned, "codeTemplate"),
    }


def operation_id(analysis: str, term: str, statistic: str) -> str:
    """Return the identifier of an operation.

    Examples
    --------
    >>> operation_id("primary", "marginal_mean", "conf_low")
    'OP.primary.marginal-mean.conf-low'
    """
    return f"OP.{analysis}.{identifier(term)}.{identifier(statistic)}"


def _method_id(planned: PlannedAnalysis) -> str:
    return f"METHOD.{planned.name}"


def _code(shown: Shown, planned: PlannedAnalysis, key: str) -> Part:
    """Return the recorded calls of the models of an analysis; nothing where no model is behind it."""
    fits = shown.report.fits.get(planned.name, ())
    versions = shown.report.run.versions
    calls = [model_call(shown.report.study, planned.name, fit) for fit in fits]
    context = f"Python {versions['python']}, coxa {versions['coxa']}"
    return {key: {"context": context, "code": "\n".join(calls)}} if fits else {}


def _analysis(shown: Shown, planned: PlannedAnalysis, numbers: pd.DataFrame) -> Part:
    why = shown.report.not_fitted.get(planned.name)
    order = ("ARM", "REF", "VISIT")
    return {
        "id": planned.name,
        "version": 1,
        "name": planned.title,
        "description": NOT_FITTED if why else _description(shown, planned),
        "reason": {"controlledTerm": "SPECIFIED IN SAP"},
        "purpose": purpose(planned),
        "documentRefs": [{"referenceDocumentId": "PLAN"}],
        "analysisSetId": set_id(planned.estimand.population),
        "dataset": "ADQS",
        "variable": VARIABLES[planned.response],
        "dataSubsetId": f"ROWS.{planned.estimand_name}",
        "orderedGroupings": [
            {"order": at, "groupingId": name, "resultsByGroup": True} for at, name in enumerate(order, 1)
        ],
        "methodId": _method_id(planned),
        **_code(shown, planned, "programmingCode"),
        "results": [_result(shown, planned.name, row) for row in records(numbers)],
    }


def _description(shown: Shown, planned: PlannedAnalysis) -> str:
    """Return the estimand of an analysis, and what of it could not be fitted."""
    label = shown.study.label("estimands", planned.estimand_name)
    return " ".join([f"{label}.", *parts] if (parts := parts_not_fitted_words(shown.report, planned)) else [label])


def _result(shown: Shown, analysis: str, row: Record) -> Part:
    value = float(row["value"])
    return {
        "operationId": operation_id(analysis, row["term"], row["statistic"]),
        "resultGroups": list(_groups(shown, row)),
        **({"rawValue": repr(value)} if math.isfinite(value) else {}),
        "formattedValue": as_text(row),
    }


def _groups(shown: Shown, row: Record) -> Iterator[Part]:
    """Yield the arm, the arm it is compared with, and the visit of a number, those that it has."""
    if row["arm"] in shown.study.arms:
        yield {"groupingId": "ARM", "groupId": arm_id(row["arm"])}
    if row["reference"] in shown.study.arms:
        yield {"groupingId": "REF", "groupId": arm_id(row["reference"], reference=True)}
    if row["visit"] in shown.study.visits:
        yield {"groupingId": "VISIT", "groupId": f"VISIT.{row['visit']}"}


def _outputs(shown: Shown) -> Iterator[Part]:
    """Yield the tables of the report that show a planned analysis."""
    used = set(shown.frame.loc[shown.frame["analysis"].isin(list(shown.study.analyses)), "table"])
    numbers = shown.document.numbers()
    for table in shown.document.tables():
        if table.id in used:
            yield _output(table, numbers[table.id])


def _output(table: Table, number: int) -> Part:
    title = str(table.title)
    section = {"order": 1, "subSection": {"id": f"TITLE.T{number}", "text": title}}
    display = {
        "id": f"DISPLAY.T{number}",
        "version": 1,
        "name": f"Table {number}",
        "displayTitle": title,
        "displaySections": [{"sectionType": "Title", "orderedSubSections": [section]}],
    }
    return {
        "id": f"OUTPUT.T{number}",
        "version": 1,
        "name": f"Table {number}: {title}",
        "fileSpecifications": [
            {"name": "report.html", "fileType": {"sponsorTermId": "TERM.html"}, "location": "report.html"}
        ],
        "displays": [{"order": 1, "display": display}],
    }
