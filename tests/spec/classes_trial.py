"""A small drawn trial of classes against usual care, written as files; visits, gaps and keys can be chosen."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from coxa.report.build import build_document
from coxa.report.output.html import render_html
from coxa.report.report import Report
from tests.spec.pages import without_scripts

PLAN = """\
study: classes
title: Classes against usual care
arms: {usual_care: {label: Usual care, reference: true}, classes: {label: Classes}}
visits: {baseline: {day: 0}, week_6: {day: 42}, week_12: {day: 84}}
outcomes: {pain: {label: Pain, range: [0, 100], unit: points, higher_is_better: falseOUTCOME}}
estimands:
  primary:
    treatment: {compare: classes, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
analyses:
  primary: {estimand: primary, model: mmrm, adjust: [baseline * visit]OPTIONS}
  ancova: {estimand: primary, role: sensitivity, model: ancova, adjust: [baseline]}
data:
  tables:
    participants: {file: participants.csv, columns: {therapist_id: therapist}}
    assessments: {file: assessments.csv, outcomes: {pain: pain}}
"""
VISITS = ["baseline", "week_6", "week_12"]


def written(
    folder: Path,
    options: str = "",
    *,
    outcome: str = "",
    visits: list[str] = VISITS,
    unseen: tuple[str, str] = ("", ""),
) -> Path:
    """Write the plan and a trial of 40 with these visits; the arm of `unseen` lacks the visit of it."""
    rng = np.random.default_rng(5)
    arm = np.tile(["usual_care", "classes"], 20)
    people = pd.DataFrame({"participant_id": [f"P{k}" for k in range(40)], "arm": arm})
    people["therapist"] = [f"T{k % 12}" for k in range(40)]
    rows = [
        {"participant_id": f"P{k}", "visit": visit, "pain": round(60 - 5 * t - 4 * t * (k % 2) + rng.normal(0, 6), 1)}
        for k in range(40)
        for t, visit in enumerate(visits)
        if (arm[k], visit) != unseen
    ]
    plan = PLAN.replace("OPTIONS", options).replace("OUTCOME", outcome)
    if len(visits) == 2:
        plan = plan.replace(" week_6: {day: 42},", "")
    people.to_csv(folder / "participants.csv", index=False)
    pd.DataFrame(rows).to_csv(folder / "assessments.csv", index=False)
    (folder / "study.yaml").write_text(plan, encoding="utf-8")
    return folder / "study.yaml"


def page(report: Report) -> str:
    """Return the words of the page, without drawings."""
    html = re.sub(r"<(svg|style)\b.*?</\1>", " ", without_scripts(render_html(build_document(report))), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
