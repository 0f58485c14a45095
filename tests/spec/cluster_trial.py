"""A tiny drawn trial in which clinics were allocated to arms, written as files: the fixture of tests on clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PLAN = """\
study: clinics
title: Classes against usual care in clinics allocated to one of them
design: cluster
arms:
  usual_care: {reference: true}
  classes: {label: Exercise classes}
visits:
  baseline: {day: 0}
  week_6: {day: 42}
  week_12: {day: 84}
outcomes:
  pain: {label: Hip pain, range: [0, 100], unit: points, higher_is_better: false}
covariates:
  kind: {label: Kind of clinic, type: category, levels: [town, country]}
  age: {type: number}
estimands:
  primary:
    treatment: {compare: classes, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
analyses:
  primary:
    estimand: primary
    model: mmrm
    adjust: [baseline * visit]
    random: {site_id: {}}
data:
  tables:
    participants: {file: participants.csv, columns: {site_id: clinic, therapist_id: therapist}}
    assessments: {file: assessments.csv, outcomes: {pain: pain}}
"""


def people(clinics: int, each: int = 8) -> pd.DataFrame:
    """Return participants of clinics, half of which are in each arm; in classes two therapists at each clinic."""
    clinic = np.repeat(np.arange(clinics), each)
    treated = clinic % 2 == 1
    therapist = [f"T{2 * c + k % 2}" if t else "" for k, (c, t) in enumerate(zip(clinic, treated, strict=True))]
    return pd.DataFrame(
        {
            "participant_id": [f"P{k:03d}" for k in range(len(clinic))],
            "arm": np.where(treated, "classes", "usual_care"),
            "clinic": [f"C{c}" for c in clinic],
            "therapist": therapist,
            "kind": np.where(clinic % 4 < 2, "town", "country"),
            "age": 60,
        }
    )


def assessments(who: pd.DataFrame, between: float = 6.0) -> pd.DataFrame:
    """Return pain at three visits; `between` is the standard deviation of the clinics' effects."""
    rng = np.random.default_rng(20240611)
    effect = dict(zip(who["clinic"].unique(), between * rng.normal(size=who["clinic"].nunique()), strict=True))
    start = rng.normal(55, 10, len(who))
    rows = []
    for visit, gain in (("baseline", 0.0), ("week_6", 6.0), ("week_12", 10.0)):
        pain = start + rng.normal(0, 6, len(who))
        if gain:
            pain += who["clinic"].map(effect).to_numpy() - gain * who["arm"].eq("classes").to_numpy()
        rows.append(pd.DataFrame({"participant_id": who["participant_id"], "visit": visit, "pain": pain.clip(0, 100)}))
    return pd.concat(rows, ignore_index=True).round(1)


def write_trial(folder: Path, who: pd.DataFrame, plan: str = PLAN) -> Path:
    """Write plan and data; return the study file."""
    who.to_csv(folder / "participants.csv", index=False)
    assessments(who).to_csv(folder / "assessments.csv", index=False)
    (folder / "study.yaml").write_text(plan, encoding="utf-8")
    return folder / "study.yaml"
