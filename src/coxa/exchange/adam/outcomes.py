"""ADQS: the values of every outcome as recorded, and those that strategies for intercurrent events made."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.change import with_changes
from coxa.derive.dataset import AnalysisDataset
from coxa.derive.groups import participants_by_group
from coxa.derive.responder import responder_status
from coxa.derive.scores import derive_scores
from coxa.derive.study_day import study_days
from coxa.exchange.adam.crosswalk import (
    AdamDataset,
    Variable,
    adam_label,
    adam_name,
    dataset,
    flag,
    taken,
    variables_for,
)
from coxa.exchange.adam.subjects import arm_columns, identifiers
from coxa.study import Study

KEYS = ["participant_id", "outcome", "visit"]
DERIVED = {"composite": "COMPOSITE", "while_on_treatment": "LOCF"}
"""Strategy that gives a value of its own -> how the value was derived."""
CARRIED = "CARRIED"
"""Derivation of a value that the data say is of an earlier visit."""
OF_ARM = {"TRT01P": "TRTP", "TRT01PN": "TRTPN", "GROUP": "GROUP", "GROUPN": "GROUPN"}


def outcome_level(cohort: Cohort, datasets: Mapping[str, AnalysisDataset]) -> AdamDataset:
    """Return ADQS.

    Parameters
    ----------
    cohort
        Checked tables.
    datasets
        Estimand -> the rows it is estimated from.

    Returns
    -------
    AdamDataset
        A row for each value of an outcome at a planned visit as recorded, baseline included, and one for each value
        that a composite or while-on-treatment strategy made (`DTYPE`). ANL01FL is Y for the rows that the first
        estimand of the plan is estimated from, ANL02FL for those of the second, and so on.
    """
    study = cohort.study
    rows = _recorded(cohort)
    flags = analysis_flags(datasets)
    made = [_made(frame.analysed) for frame in datasets.values()]
    rows = pd.concat([rows, *(one for one in made if len(one))], ignore_index=True)
    rows = rows.drop_duplicates([*KEYS, "DTYPE", "value"], ignore_index=True)
    for name, one in flags.items():
        rows[one.name] = _used(rows, datasets[name].analysed)
    people = participants_by_group(cohort)
    variables = (*variables_for(study, "ADQS"), *flags.values())
    own = [name for name in rows if name in {one.name for one in variables}]
    columns = {
        **identifiers(study, rows),
        **_of_arm(study, people, rows),
        **parameters(study, rows["outcome"]),
        **_visits(study, rows),
        **taken(variables, rows),
        **{name: rows[name] for name in own},
    }
    return dataset("ADQS", variables, columns)


def analysis_flags(datasets: Mapping[str, AnalysisDataset]) -> dict[str, Variable]:
    """Return, for each estimand, the variable that flags the rows it is estimated from."""
    return {
        name: Variable(f"ANL{place:02d}FL", adam_label(f"Analysis Flag {place:02d} - {name}"), "text")
        for place, name in enumerate(datasets, start=1)
    }


def parameter_codes(study: Study) -> dict[str, str]:
    """Return the code of each outcome, at most eight characters."""
    codes: dict[str, str] = {}
    for name in study.outcomes:
        codes[name] = adam_name(name, codes.values())
    return codes


def parameters(study: Study, outcomes: pd.Series) -> dict[str, pd.Series]:
    """Return description, code and number of the outcome of each row."""
    codes = parameter_codes(study)
    words = {name: f"{study.label('outcomes', name)} ({study.scale(name).unit})" for name in codes}
    numbers = {name: place for place, name in enumerate(codes, start=1)}
    return {
        "PARAM": outcomes.map(words),
        "PARAMCD": outcomes.map(codes),
        "PARAMN": outcomes.map(numbers),
        "CRIT1": outcomes.map({name: _criterion(study, name) for name in codes}),
    }


def _criterion(study: Study, name: str) -> str | None:
    rule = study.outcomes[name].response
    if rule is None:
        return None
    what = {"value": "value", "change": "improvement", "percent_change": "improvement in percent"}[rule.measure]
    return f"{what} of at least {rule.at_least:g}"


def _recorded(cohort: Cohort) -> pd.DataFrame:
    """Return the values as recorded, of everybody in an arm or a group, with baseline, changes and response."""
    study = cohort.study
    scores, _ = derive_scores(cohort)
    rows = scores[scores["value"].notna()].astype({"outcome": str, "visit": str})
    people = participants_by_group(cohort)
    inside = rows["participant_id"].isin(people.loc[people["arm"].notna(), "participant_id"])
    planned = rows["outcome"].isin(list(study.outcomes)) & rows["visit"].isin(list(study.visits))
    rows = rows[inside & planned].reset_index(drop=True)
    start = rows[rows["visit"] == study.baseline_visit].set_index(["participant_id", "outcome"])["value"]
    at = pd.MultiIndex.from_frame(rows[["participant_id", "outcome"]])
    rows["baseline"] = start.reindex(at).to_numpy(dtype=float)
    at_baseline = rows["visit"] == study.baseline_visit
    rows = with_changes(rows)
    for name in ("change", "percent_change"):
        rows[name] = rows[name].mask(at_baseline)
    none = pd.Series(False, rows.index)
    carried = rows["carried_forward"].fillna(False).astype(bool) if "carried_forward" in rows else none
    return rows.assign(
        ABLFL=at_baseline.map({True: "Y", False: None}),
        DTYPE=pd.Series(None, rows.index, dtype=object).mask(carried, CARRIED),
        CRIT1FL=_response(study, rows).mask(at_baseline),
        ADY=relative_day(study_days(rows, people, "assessment_date")),
    )


def _response(study: Study, rows: pd.DataFrame) -> pd.Series:
    status = pd.Series(float("nan"), rows.index)
    for name, outcome in study.outcomes.items():
        mine = rows["outcome"] == name
        if outcome.response is not None and mine.any():
            better = study.scale(name).higher_is_better
            status[mine] = responder_status(rows[mine], outcome.response, better).astype(float)
    return flag(status.map({1.0: True, 0.0: False}))


def relative_day(day: pd.Series) -> pd.Series:
    """Return a day of ADaM, which has no day 0: the day of randomisation is day 1, the one before it is day -1."""
    return day + (day >= 0)


def _made(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the values that a strategy put in the place of others, without date and without a source."""
    strategy = rows["handled"].str.partition(":")[0]
    made = rows[strategy.isin(list(DERIVED))].astype({"visit": str})
    kept = made[[*KEYS, "value", "baseline", "change", "percent_change"]]
    known = made["responder"].map({1.0: True, 0.0: False})
    return kept.assign(DTYPE=strategy[made.index].map(DERIVED), CRIT1FL=flag(known))


def _used(rows: pd.DataFrame, analysed: pd.DataFrame) -> pd.Series:
    """Return Y for the rows that are those of an estimand: recorded, or made by the strategy that it has."""
    strategy = analysed["handled"].str.partition(":")[0]
    how = strategy.map(DERIVED).fillna("").to_numpy()
    wanted = zip(*(analysed[name].astype(str) for name in KEYS), how, analysed["value"], strict=True)
    own = rows["DTYPE"].where(rows["DTYPE"] != CARRIED, "").fillna("")
    there = list(zip(*(rows[name].astype(str) for name in KEYS), own, rows["value"], strict=True))
    kept = set(wanted)
    return pd.Series(["Y" if one in kept else None for one in there], rows.index, dtype=object)


def _visits(study: Study, rows: pd.DataFrame) -> dict[str, pd.Series]:
    order = {name: place for place, name in enumerate((study.baseline_visit, *study.post_visits))}
    labels = {name: study.label("visits", name) for name in order}
    return {"AVISIT": rows["visit"].map(labels), "AVISITN": rows["visit"].map(order)}


def _of_arm(study: Study, people: pd.DataFrame, rows: pd.DataFrame) -> dict[str, pd.Series]:
    columns = arm_columns(study, people)
    return {
        OF_ARM[name]: rows["participant_id"].map(dict(zip(people["participant_id"], values, strict=True)))
        for name, values in columns.items()
        if name in OF_ARM
    }
