"""A small made-up trial with three arms and five visits, as a report: the fixture of the renderers' tests.

Names and texts carry characters that HTML, SVG and expression languages treat as their own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort, SourceFile
from coxa.cohort.disposition import COUNT_COLUMNS, LEFT_OUT_COLUMNS, Disposition
from coxa.derive import AnalysisDataset, derive_dataset
from coxa.estimates import Estimates, contrasts, fit_proportions, marginal_means
from coxa.findings import Finding, Findings
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.report.build import build_document
from coxa.report.document import Document
from coxa.report.output.render import render_document
from coxa.report.record import RunRecord
from coxa.report.report import Report
from coxa.study import Study
from coxa.study.kinds import study_of
from coxa.study.wording import model_formula
from coxa.tables.characters import plain

PER_ARM = 24
VISITS = {"baseline": 0, "week_6": 42, "week_12": 84, "week_26": 182, "week_52": 364}
GAINS = {"usual_care": 9.0, "exercise": 16.0, "manual_therapy": 13.0}
NASTY = "<script>alert('x')</script> & \"quoted\""
"""A label that must reach the reader as it is and the browser as text."""


def plan(arm_label: str = "Exercise therapy") -> Study:
    """Return the plan; one label can be chosen."""
    covariates = {
        "age": {"type": "number", "unit": "years"},
        "duration": {"type": "number", "unit": "months", "summary": "median_iqr", "label": "Symptom duration"},
        "sex": {"type": "category", "levels": ["female", "male"]},
        "site": {"type": "category", "levels": {"north": "North", "south": "South"}},
    }
    treatment = {"compare": ["exercise", "manual_therapy"], "against": "usual_care"}
    events = {"hip_surgery": "hypothetical"}
    at_week_12 = {"outcome": "pain", "visit": "week_12"}
    return study_of(
        {
            "study": "small-trial",
            "title": "Exercise and manual therapy for hip pain",
            "registration": "ISRCTN00000000",
            "arms": {
                "usual_care": {"label": "Usual care", "reference": True},
                "exercise": {"label": arm_label},
                "manual_therapy": {"label": "Manual therapy"},
            },
            "visits": {name: {"day": day} for name, day in VISITS.items()},
            "outcomes": {
                "pain": {
                    "label": "Hip pain score",
                    "range": [0, 100],
                    "higher_is_better": True,
                    "responder": {"measure": "change", "at_least": 10},
                }
            },
            "covariates": covariates,
            "intercurrent_events": {"hip_surgery": {}},
            "estimands": {
                "primary": {
                    "treatment": treatment,
                    "endpoint": {**at_week_12, "measure": "change"},
                    "intercurrent_events": events,
                },
                "response": {
                    "treatment": treatment,
                    "endpoint": {**at_week_12, "measure": "responder"},
                    "intercurrent_events": events,
                    "summary": "risk_difference",
                },
            },
            "analyses": {
                "primary": {"estimand": "primary", "model": "mmrm", "adjust": ["baseline * visit", "site"]},
                "simpler": {
                    "estimand": "primary",
                    "role": "sensitivity",
                    "model": "ancova",
                    "adjust": ["baseline"],
                    "relaxes": "the covariance over the visits",
                },
                "response": {"estimand": "response", "role": "secondary", "model": "proportions"},
            },
        }
    )


def tables() -> dict[str, pd.DataFrame]:
    """Return participants, assessments and events; identifiers are unlike anything else in a report."""
    rng = np.random.default_rng(2718)
    n = 3 * PER_ARM
    people = pd.DataFrame(
        {
            "participant_id": [f"QZX{number:04d}" for number in range(7001, 7001 + n)],
            "arm": np.repeat(list(GAINS), PER_ARM),
            "age": rng.normal(58, 9, n).round(0),
            "duration": rng.gamma(2, 9, n).round(0),
            "sex": rng.choice(["female", "male"], n),
            "site": rng.choice(["north", "south"], n),
        }
    )
    people.loc[[3, 30], "sex"] = None
    people.loc[11, "age"] = None
    level = rng.normal(52, 13, n)
    rows: list[dict[str, Any]] = []
    for index, person in people.iterrows():
        for place, (visit, day) in enumerate(VISITS.items()):
            share = 1 - 0.5**place
            value = level[index] + share * GAINS[person["arm"]] + rng.normal(0, 9)
            if place and rng.random() < 0.04 * place:
                continue
            rows.append(
                {
                    "participant_id": person["participant_id"],
                    "visit": visit,
                    "study_day": float(day),
                    "outcome": "pain",
                    "value": float(np.clip(value, 0, 100)),
                    "source_file": "assessments.csv",
                    "source_row": len(rows) + 2,
                    "source_column": "",
                }
            )
    events = pd.DataFrame(
        {
            "participant_id": people["participant_id"].iloc[[5, 40]].to_numpy(),
            "event": "hip_surgery",
            "study_day": [100.0, 60.0],
            "source_row": [2, 3],
        }
    )
    return {
        "participants": people.assign(source_file="participants.csv", source_row=range(2, n + 2)),
        "assessments": pd.DataFrame(rows),
        "intercurrent_events": events,
    }


def cohort(study: Study) -> Cohort:
    """Return the checked data, with a finding that names a participant and one that does not."""
    data = tables()
    findings = Findings(
        (
            Finding(
                "warning",
                "assessments",
                "an assessment lies in a window of the plan",
                "check the date",
                row=17,
                participant_id="QZX7003",
                field="assessment_date",
                value="QZX7003 on 2024-02-30",
            ),
            Finding("note", "participants", "a column is not in the plan: <b>shoe & sock</b>", "name it, or leave it"),
        )
    )
    n = len(data["assessments"]) + 1
    counts = pd.DataFrame(
        [("reading", "assessments", "assessments.csv", "rows", n, n - 1, 0, 1)], columns=list(COUNT_COLUMNS)
    )
    lost = ("reading", "assessments", "assessments.csv", 9, "", "QZX7003", "week_6", "pain", "repeats another row")
    left_out = pd.DataFrame([lost], columns=list(LEFT_OUT_COLUMNS))
    sources = (SourceFile("assessments.csv", "csv", "0" * 64, n, {}),)
    return Cohort(study, data, findings, Disposition(left_out, counts), sources)


@cache
def report(arm_label: str = "Exercise therapy") -> Report:
    """Analyse the trial: an MMRM, an ANCOVA per visit, and proportions of responders."""
    study = plan(arm_label)
    checked = cohort(study)
    datasets = {name: derive_dataset(checked, name) for name in study.estimands}
    fits: dict[str, tuple[Fit, ...]] = {}
    results = Estimates.of([])
    for name, analysis in study.analyses.items():
        dataset = datasets[analysis.estimand]
        fits[name] = _models(study, name, dataset.analysed)
        for fit in fits[name]:
            found = marginal_means(fit, "arm", by="visit") + contrasts(fit, "arm", against="usual_care", by="visit")
            results += _labelled(found, study, name)
        if analysis.model == "proportions":
            rows = dataset.analysed[dataset.analysed["visit"] == "week_12"]
            found = fit_proportions(rows, "responder", "arm", "usual_care")
            results += _labelled(Estimates(found.frame.assign(visit="week_12")), study, name)
    disposition = checked.disposition
    for dataset in datasets.values():
        disposition += dataset.disposition
    run = RunRecord(study.study, "a" * 64, {"assessments.csv": "0" * 64}, {"coxa": "0.1.0", "python": "3.12.1"})
    return Report(study, checked, datasets, fits, results, checked.findings, disposition, run)


@cache
def built(style: str = "plain", share: bool = False) -> Document:
    """Return the document of the report, built once for all tests of a process."""
    return build_document(report(), style, share)


@cache
def rendered(form: str = "html", style: str = "plain") -> str | bytes:
    """Return the report in a form, rendered once for all tests of a process."""
    return render_document(built(style), form)


def read_text(html: str) -> str:
    """Return a page without the marks of the numbers in its sentences, and with plain spaces."""
    return plain(re.sub(r"<span data-cell=[^>]*>([^<]*)</span>", r"\1", html))


def with_holm(made: Report) -> Report:
    """Return the report as if the plan had asked for Holm's adjustment in its primary analysis."""
    primary = made.study.analyses["primary"].model_copy(update={"multiplicity": "holm"})
    return replace(made, study=made.study.model_copy(update={"analyses": {**made.study.analyses, "primary": primary}}))


def with_newcomer(dataset: AnalysisDataset, handled: str = "") -> AnalysisDataset:
    """Return the data with one more participant in the set, of the exercise arm and without any value."""
    frame = dataset.frame
    one = frame[frame["participant_id"] == frame["participant_id"].iloc[0]]
    empty = {"value": float("nan"), dataset.response: float("nan"), "handled": handled}
    arm = pd.Categorical(["exercise"] * len(one), categories=frame["arm"].cat.categories)
    newcomer = one.assign(participant_id="QZX9999", arm=arm, **empty)
    return replace(dataset, frame=pd.concat([frame, newcomer], ignore_index=True))


def _models(study: Study, name: str, rows: pd.DataFrame) -> tuple[Fit, ...]:
    analysis = study.analyses[name]
    formula = model_formula(study, name)
    if analysis.model == "mmrm":
        return (fit_mmrm(formula, rows, ddf=analysis.ddf),)
    if analysis.model == "ancova":
        return tuple(
            fit_ancova(formula, rows[rows["visit"] == visit], at_visit=visit) for visit in rows["visit"].cat.categories
        )
    return ()


def _labelled(found: Estimates, study: Study, analysis: str) -> Estimates:
    estimand = study.analyses[analysis].estimand
    outcome = study.estimands[estimand].endpoint.outcome
    return Estimates(found.labelled(estimand=estimand, analysis=analysis).frame.assign(outcome=outcome))
