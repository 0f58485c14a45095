"""What a first plan assumes of its trial, taken from the scores in its files: how they vary, and who is lost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.cohort.read import read_cohort
from coxa.errors import CoxaError
from coxa.importing.draft import Draft
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import kind_of

WHY = (
    "From the scores in the files, all arms together, for `coxa simulate`, `power` and `rehearse`. Under `mean_change` "
    "0 means no difference between arms; write there what you expect, not what these data show"
)
FEWEST = 10
"""Participants with a value at the baseline and at a later visit, below which nothing is taken from them."""

DIGITS = 2


def assume(draft: Draft) -> None:
    """Put `assumptions` into a complete plan of a trial whose files have scores; leave the plan as it is otherwise.

    Spread, correlation, course and loss are those of all arms together, so that nothing of the comparison is in them.
    Outcomes that are scored from items are left to the defaults.

    Parameters
    ----------
    draft
        With a plan that has no open question that is needed.
    """
    if any(question.needed for question in draft.questions):
        return
    try:
        study = kind_of(draft.plan).model_validate(draft.plan)
        cohort = read_cohort(study, draft.material.folder)
    except (CoxaError, ValueError, OSError):
        return
    if not isinstance(study, ComparativeStudy) or cohort.findings.errors:
        return
    rows = cohort.tables["assessments"] if "assessments" in cohort.tables else pd.DataFrame()
    people = cohort.tables["participants"]
    if rows.empty or not study.later_visits:
        return
    wide = {name: _wide(rows, name, study) for name in study.outcomes if study.outcomes[name].kind == "score"}
    outcomes = {name: _outcome(values, people, study) for name, values in wide.items()}
    taken = {name: content for name, content in outcomes.items() if content}
    if taken:
        main = next(iter(taken))
        assumed: dict[str, Any] = {"participants": len(people), "outcomes": taken}
        lost = float(1 - wide[main][study.later_visits[-1]].notna().sum() / len(people))
        assumed["dropout"] = {"probability": round(lost, DIGITS)}
        draft.put(["assumptions"], assumed, WHY)


def _wide(rows: pd.DataFrame, outcome: str, study: ComparativeStudy) -> pd.DataFrame:
    """Return the values of an outcome, participants by visits of the plan."""
    own = rows[(rows["outcome"] == outcome) & rows["value"].notna()]
    wide = own.pivot_table(index="participant_id", columns="visit", values="value", aggfunc="last", observed=True)
    return wide.reindex(columns=[study.baseline_visit, *study.later_visits])


def _outcome(wide: pd.DataFrame, people: pd.DataFrame, study: ComparativeStudy) -> dict[str, Any]:
    """Return what is assumed of one outcome; nothing where too few have a value before and after."""
    first, later = wide[study.baseline_visit], [visit for visit in study.later_visits if wide[visit].notna().any()]
    change = wide[later].sub(first, axis=0)
    if len(change) < FEWEST or not later or change.count().min() < FEWEST or not first.std() > 0:
        return {}
    arm = people.set_index("participant_id")["arm"].astype(str).reindex(wide.index)
    within = wide - wide.groupby(arm).transform("mean")
    others = [name for name in study.arms if not study.arms[name].reference]
    return {
        "baseline": {"mean": _round(first.mean()), "sd": _round(within[study.baseline_visit].std())},
        "shared_change": {visit: _round(change[visit].mean()) for visit in later},
        "mean_change": dict.fromkeys(others, 0),
        "sd": {visit: _round(within[visit].std()) for visit in later},
        "correlation": _correlation(within[[study.baseline_visit, *later]]),
    }


def _correlation(values: pd.DataFrame) -> float:
    """Return the mean correlation between visits, inside 0 and 0.95, where it can be simulated for any visits."""
    table = values.corr().to_numpy()
    pairs = [table[i, j] for i in range(len(table)) for j in range(i)]
    return _round(min(max(pd.Series(pairs).mean(), 0.0), 0.95))


def _round(value: float) -> float:
    return round(float(value), DIGITS)
