"""What became of each participant: treatment received, follow-up, sessions, analysis, in words and from rows."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.analysis_sets import FLAGS, derive_analysis_sets, session_counts
from coxa.derive.dataset import AnalysisDataset
from coxa.report.topics.missing.reasons import (
    NO_VALUE,
    silent_participants,
    stop_days,
    stop_recorded,
    stopped_by,
    why_missing,
)
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.tables.phrases import sentence_case

Path = tuple[str, ...]
"""To what somebody belongs, from the whole to the reason: ("Not analysed", "No value")."""

RECEIVED = {True: "Treated as allocated", False: "Received the treatment of the group"}
NOT_RECEIVED = {True: "Not treated as allocated", False: "Did not receive it"}
"""Who got what an arm or a group gets, by whether the design allocates participants."""
NOT_STARTED = "Treatment not started"
NOT_KNOWN = "Treatment received not recorded"
STAYED, STOPPED = "In follow-up to the end", "Follow-up stopped"
KEPT_ON, STOPPED_TREATMENT = "No early stop of treatment recorded", "Treatment stopped early"
NO_REASON = "Reason not recorded"
NO_DATE = "date not recorded"
HALF, LESS = "Attended at least half of the planned sessions", "Attended fewer of the planned sessions"
NONE_PLANNED, NOT_RECORDED = "No sessions planned", "Attendance not recorded"
OTHER_VISITS, NO_VISIT = "With values at other visits, which the model uses", "Not in the model at any visit"
OUTSIDE_MODEL = "values only at visits that the model leaves out"
NOT_ELIGIBLE, DECLINED, OTHER = "Not eligible", "Declined to take part", "Other reasons"
TREATMENT_STOP = ("treatment_stop_date", "treatment_stop_reason")
SCREENED_REASONS = (NOT_ELIGIBLE, DECLINED, OTHER)


def given(reason: object) -> str:
    """Return a reason as recorded, in one line and with a capital, or that none is.

    Examples
    --------
    >>> given("moved  away"), given(None), given(" ")
    ('Moved away', 'Reason not recorded', 'Reason not recorded')
    """
    text = " ".join(str(reason).split()) if isinstance(reason, str) else ""
    return sentence_case(text) if text else NO_REASON


def received_paths(study: ComparativeStudy, people: pd.DataFrame) -> pd.Series | None:
    """Return whether each participant received the treatment of their arm.

    None where nothing is recorded of it, and in a cohort whose groups are not of treatments, as injured and uninjured.

    The arm received decides. Where it is empty, somebody without a date of a first treatment has not started, if such
    dates are recorded for others of the arm.
    """
    received = _column(people, "arm_received")
    started = _column(people, "treatment_start_date").notna()
    if not (study.treats or started.any()) and (received.isna() | (received == people["arm"])).all():
        return None
    if received.isna().all() and not started.any():
        return None
    allocates = study.words.allocates
    yes, no = RECEIVED[allocates], NOT_RECEIVED[allocates]
    dated = people["arm"].isin(people.loc[started, "arm"])
    paths: list[Path] = []
    for arm, other, start, known in zip(people["arm"], received, started, dated, strict=True):
        if isinstance(other, str) and other != arm:
            label = study.label("arms", other) if other in study.arms else other
            paths.append((no, f"Received {mid_sentence(label)}"))
        elif isinstance(other, str) or start:
            paths.append((yes,))
        else:
            paths.append((no, NOT_STARTED) if known else (NOT_KNOWN,))
    return pd.Series(paths, index=people.index, dtype=object)


def follow_up_paths(study: ComparativeStudy, people: pd.DataFrame) -> pd.Series | None:
    """Return who stopped follow-up, why and when; None where no stop is recorded of anybody."""
    stopped = stop_recorded(people)
    if not stopped.any():
        return None
    reasons = _column(people, "discontinuation_reason")
    when = [_period(study, day) for day in stop_days(people)]
    paths = [
        (STOPPED, given(reason), period) if gone else (STAYED,)
        for gone, reason, period in zip(stopped, reasons, when, strict=True)
    ]
    return pd.Series(paths, index=people.index, dtype=object)


def treatment_stop_paths(people: pd.DataFrame) -> pd.Series | None:
    """Return who stopped treatment before its planned end, and why; None where that is recorded of nobody."""
    stopped = _recorded(people, *TREATMENT_STOP)
    if not stopped.any():
        return None
    reasons = _column(people, "treatment_stop_reason")
    paths: list[Path] = [
        (STOPPED_TREATMENT, given(reason)) if gone else (KEPT_ON,)
        for gone, reason in zip(stopped, reasons, strict=True)
    ]
    return pd.Series(paths, index=people.index, dtype=object)


def _recorded(people: pd.DataFrame, date: str, reason: str) -> pd.Series:
    """Return of whom a date or a reason is recorded."""
    return _column(people, date).notna() | (_column(people, reason).fillna("").astype(str).str.strip() != "")


def periods(study: ComparativeStudy) -> tuple[str, ...]:
    """Return the times between visits in which somebody can stop, in order.

    Examples
    --------
    >>> periods(study)  # doctest: +SKIP
    ('before Week 6', 'Week 6 to Week 12', 'after Week 12', 'date not recorded')
    """
    labels = [study.label("visits", name) for name in study.post_visits]
    between = (f"{first} to {second}" for first, second in pairwise(labels))
    return (f"before {labels[0]}", *between, f"after {labels[-1]}", NO_DATE)


def _period(study: ComparativeStudy, day: float) -> str:
    """Say between which visits a study day lies, by their planned days; that of a visit comes after it."""
    if day != day:
        return NO_DATE
    return periods(study)[sum(day >= study.visits[name].day for name in study.post_visits)]


def session_paths(cohort: Cohort, people: pd.DataFrame) -> pd.Series | None:
    """Return who attended at least half of the planned (supervised) sessions; None where none are recorded."""
    counts = session_counts(cohort)
    if counts is None:
        return None
    mine = counts.reindex(people["participant_id"])
    paths: list[Path] = [
        (NONE_PLANNED,)
        if not planned > 0
        else (NOT_RECORDED,)
        if attended != attended
        else (HALF,)
        if 2 * attended >= planned
        else (LESS,)
        for planned, attended in zip(mine["planned"].astype(float), mine["attended"].astype(float), strict=True)
    ]
    return pd.Series(paths, index=people.index, dtype=object)


def analysis_paths(cohort: Cohort, dataset: AnalysisDataset, people: pd.DataFrame, words: Path) -> pd.Series:
    """Return who is analysed for an estimand at the visits it names, and why others are not.

    Parameters
    ----------
    words
        What those analysed and those not analysed are called.
    """
    study = with_arms(cohort.study, "The flow of participants")
    visits = study.estimands[dataset.estimand].endpoint.visit
    frame = dataset.frame[dataset.frame["visit"].isin(visits)]
    analysed = set(frame.loc[frame[dataset.response].notna(), "participant_id"])
    missing = frame[~frame["participant_id"].isin(analysed)]
    why: dict[str, list[str]] = {}
    for person, reason in zip(missing["participant_id"], why_missing(study, missing), strict=True):
        why.setdefault(str(person), []).append(str(reason))
    flag = FLAGS[study.estimands[dataset.estimand].population]
    outside = derive_analysis_sets(cohort).drop_duplicates("participant_id").set_index("participant_id")
    reasons = outside[f"{flag}_reason"]
    stopped = stopped_by(study, people, visits)
    recorded = bool(stop_recorded(people).any())
    inside = set(dataset.frame["participant_id"])
    paths: list[Path] = []
    for person, gone in zip(people["participant_id"], stopped, strict=True):
        if person in analysed:
            paths.append(words[:1])
        elif person not in inside:
            paths.append((words[1], given(reasons.get(person))))
        else:
            said = list(dict.fromkeys(why.get(str(person), [NO_VALUE])))
            detail = ("follow-up had stopped" if gone else "follow-up had not stopped",)
            reason = ", ".join([said[0], *map(mid_sentence, said[1:])])
            paths.append((words[1], reason, *(detail if recorded and said == [NO_VALUE] else ())))
    return pd.Series(paths, index=people.index, dtype=object)


def other_visit_paths(
    study: ComparativeStudy, dataset: AnalysisDataset, people: pd.DataFrame, visits: set[str]
) -> pd.Series:
    """Return who has a response of the estimand at any of the visits of its model, and why others have none.

    The reasons are those of the table of analysis sets, so that the two agree.
    """
    spoken = set(dataset.analysed.loc[dataset.analysed["visit"].isin(visits), "participant_id"])
    silent = silent_participants(dataset, study).set_index("participant_id")["reason"]
    paths: list[Path] = [
        (OTHER_VISITS,) if person in spoken else (NO_VISIT, sentence_case(str(silent.get(person, OUTSIDE_MODEL))))
        for person in people["participant_id"]
    ]
    return pd.Series(paths, index=people.index, dtype=object)


def screening_paths(rows: pd.DataFrame, enrolled: pd.Series, outside: str) -> pd.Series:
    """Return why people who were assessed did not take part.

    Parameters
    ----------
    rows
        Rows of table screening of those who are in no arm.
    enrolled
        Whether the row names somebody of table participants.
    outside
        Why such a participant did not take part.
    """
    paths: list[Path] = []
    for eligible, consented, reason, known in zip(
        rows["eligible"], rows["consented"], rows["exclusion_reason"], enrolled, strict=True
    ):
        if known:
            paths.append((OTHER, outside))
        elif _is(eligible, False):
            paths.append((NOT_ELIGIBLE, given(reason)))
        elif _is(consented, False):
            paths.append((DECLINED, given(reason)))
        else:
            paths.append((OTHER, given(reason)))
    return pd.Series(paths, index=rows.index, dtype=object)


def _is(value: bool | None, wanted: bool) -> bool:
    """Say whether a flag that may be missing has a value."""
    return not pd.isna(value) and bool(value) is wanted


def _column(people: pd.DataFrame, name: str) -> pd.Series:
    return people[name].astype(object) if name in people else pd.Series(None, index=people.index, dtype=object)
