"""Which of several forms in the window of a visit is used: a form is what one participant answered on one day."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import pandas as pd

from coxa.cohort.measured import named_version
from coxa.cohort.row_findings import in_words, row_findings
from coxa.errors import CoxaError
from coxa.findings import Finding
from coxa.instruments import load_instrument, score
from coxa.study import Study
from coxa.study.outcome import Outcome
from coxa.study.scales import scale_name

WINDOW = ["participant_id", "visit", "form"]
"""Forms with the same of these compete for one window."""

NEARER = "another assessment is nearer to the planned day"


@dataclass(frozen=True, slots=True)
class Choice:
    """Why rows are not used, "" for those that are; and the forms that stand in, or could."""

    reason: pd.Series
    findings: tuple[Finding, ...] = ()


def choose_forms(study: Study, table: str, frame: pd.DataFrame, assigned: pd.Series) -> Choice:
    """Choose one form for each participant, window and instrument; its rows stay together.

    Parameters
    ----------
    study
        The plan; `forms` of the table says whether the nearest form is used, or the nearest that gives a score.
    table
        `item_responses`, where a form is of an instrument, or `assessments`, where it is of an instrument or, for an
        outcome without one, of the outcome.
    frame
        Has participant_id, visit, study_day and what is measured. It is not changed.
    assigned
        Rows whose visit was found from the day. Only they compete; of two equally near days the earlier is used, and
        rows of one day are one form.
    """
    reason = pd.Series("", index=frame.index, dtype=object)
    rows = frame.loc[assigned, ["participant_id", "visit", "study_day", "source_row"]]
    rows = rows.assign(form=_form(study, table, frame[assigned]), rank=_rank(study, rows))
    rows = rows[rows.groupby(WINDOW, sort=False, observed=True)["rank"].transform("nunique") > 1]
    if rows.empty:
        return Choice(reason)
    forms = rows.groupby([*WINDOW, "study_day"], sort=False, observed=True, as_index=False).first()
    forms["scores"] = _scores(study, table, frame.loc[rows.index].assign(form=rows["form"]), forms)
    nearest = forms.sort_values("rank", kind="stable").drop_duplicates(WINDOW)
    scored = forms.sort_values(["scores", "rank"], ascending=[False, True], kind="stable").drop_duplicates(WINDOW)
    stands_in = _rule(study, table) == "nearest_scored"
    used = rows[WINDOW].merge((scored if stands_in else nearest)[[*WINDOW, "study_day", "rank"]], how="left")
    used.index = rows.index
    reason.loc[rows.index[rows["rank"] > used["rank"]]] = NEARER
    passed = rows.index[rows["rank"] < used["rank"]]
    reason.loc[passed] = "fewer scores than the form of day " + in_words(used.loc[passed, "study_day"])
    return Choice(reason, tuple(_findings(table, nearest, scored, stands_in)))


def _rule(study: Study, table: str) -> str:
    source = study.data.tables.get(table) if study.data else None  # type: ignore[call-overload]
    return str(source.forms) if source else "nearest"


def _form(study: Study, table: str, frame: pd.DataFrame) -> pd.Series:
    """Return what a row is a part of: its instrument, or its outcome where that has no instrument."""
    if table == "item_responses":
        return frame["instrument"].astype("str")
    named = {name: outcome.instrument or name for name, outcome in study.outcomes.items()}
    return frame["outcome"].map(named).astype("str")


def _rank(study: Study, rows: pd.DataFrame) -> pd.Series:
    """Return the days from the planned day; of two equally near the later ranks a little behind."""
    planned = rows["visit"].map({name: visit.day for name, visit in study.visits.items()}).astype(float)
    return (rows["study_day"] - planned).abs() + (rows["study_day"] > planned) * 0.25


def _scores(study: Study, table: str, frame: pd.DataFrame, forms: pd.DataFrame) -> pd.Series:
    """Return how many outcomes of the plan each form gives a score of."""
    keys = ["participant_id", "form", "study_day"]
    if table == "assessments":
        found = frame.groupby(keys, observed=True)["outcome"].nunique()
    else:
        parts = [_scored(study, str(name), part) for name, part in frame.groupby("form", observed=True)]
        found = pd.concat(parts, ignore_index=True).groupby(keys)["scores"].sum()
    at = pd.MultiIndex.from_frame(forms[keys])
    return pd.Series(found.reindex(at, fill_value=0).to_numpy(), index=forms.index)


def _scored(study: Study, name: str, answers: pd.DataFrame) -> pd.DataFrame:
    """Return participant_id, form, study_day and the number of scores.

    An answer that is out of range counts as answered here: the form stays, and the check of the items reports it.
    """
    keys = ["participant_id", "study_day"]
    counts = answers[keys].drop_duplicates().assign(form=name, scores=0)
    outcomes = [outcome for outcome in study.outcomes.values() if outcome.instrument == name]
    try:
        instrument = load_instrument(name)
        version = instrument.choose_version(named_version(study, name))
        known = answers[answers["item"].isin(instrument.items)].drop_duplicates([*keys, "item"])
        spans = known["item"].astype("str").map(lambda item: instrument.item_range(item, version))
        low, high = (spans.map(attrgetter(end)).astype(float) for end in ("low", "high"))
        usable = known.assign(value=known["value"].clip(low, high).round())
        parts = [_has_score(outcome, usable, keys) for outcome in outcomes]
    except CoxaError:  # the check of the items, or the scoring, reports it
        return counts
    return pd.concat([counts, *parts], ignore_index=True)


def _has_score(outcome: Outcome, answers: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return which forms give a score of one outcome."""
    scales = [scale_name(outcome)]
    found = score(
        answers, str(outcome.instrument), rule=outcome.rule, version=outcome.version, scales=scales, keys=keys
    )
    return found[keys].assign(form=str(outcome.instrument), scores=found["value"].notna().astype(int))


def _findings(table: str, nearest: pd.DataFrame, scored: pd.DataFrame, stands_in: bool) -> list[Finding]:
    """Return a warning for every window in which a form that is further away gives more scores than the nearest."""
    both = nearest.merge(scored, on=WINDOW, suffixes=("", "_other"))
    both = both[both["scores"] < both["scores_other"]]
    value = both["visit"].astype(str) + ", day " + in_words(both["study_day"]) + "; used: day "
    value += in_words(both["study_day_other"] if stands_in else both["study_day"])
    if stands_in:
        rule = "the form nearest to the planned day lacks a score, and another form of the window is used"
        remedy = "Check that the protocol allows it. Date and study day of the form that is used go with its scores."
    else:
        rule = "the form nearest to the planned day lacks a score that another form of the window has"
        remedy = (
            f"The score is missing. Write `forms: nearest_scored` in `data: tables: {table}` if the protocol lets the "
            "other form stand in."
        )
    return row_findings(
        both,
        severity="warning",
        table=table,
        field="study_day",
        rule=rule,
        remedy=remedy,
        value=value.astype(object),
    )
