"""Why values of an estimand are missing, and who of its analysis set contributes none."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.derive.once import once
from coxa.frames import among
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy

NO_VALUE = "No value"
NO_BASELINE = "No baseline value"


def why_missing(study: ComparativeStudy, rows: pd.DataFrame) -> pd.Series:
    """Say, for rows without a response, why there is none."""
    handled = rows["handled"].fillna("").astype(str)
    words = {text: _event_words(study, text) for text in handled.unique() if text}
    reason = np.where(rows["value"].notna(), NO_BASELINE, NO_VALUE).astype(object)
    return pd.Series(reason, index=rows.index, dtype="str").mask(handled != "", handled.map(words))


@once
def silent_participants(dataset: AnalysisDataset, study: ComparativeStudy) -> pd.DataFrame:
    """Return the participants of the analysis set without a response at any visit, and why.

    Returns
    -------
    DataFrame
        participant_id, arm, reason ("no value after baseline"); one row each, in the order of the data.
    """
    frame = dataset.frame
    spoken = frame.loc[frame[dataset.response].notna(), "participant_id"]
    rows = frame[~among(frame["participant_id"], spoken)]
    reasons: dict[tuple[str, str], list[str]] = {}
    for person, arm, reason in zip(rows["participant_id"], rows["arm"], why_missing(study, rows), strict=True):
        reasons.setdefault((str(person), str(arm)), []).append(reason)
    silent = [(person, arm, _joined(said)) for (person, arm), said in reasons.items()]
    return pd.DataFrame(silent, columns=["participant_id", "arm", "reason"])


def stop_recorded(people: pd.DataFrame) -> pd.Series:
    """Return of whom it is recorded, by a date or a reason, that follow-up stopped."""
    reason = people.get("discontinuation_reason", pd.Series(None, index=people.index, dtype=object))
    date = people.get("discontinuation_date", pd.Series(None, index=people.index, dtype=object))
    return date.notna() | reason.astype(object).fillna("").astype(str).str.strip().ne("")


def stopped_by(study: ComparativeStudy, people: pd.DataFrame, visits: Iterable[str]) -> pd.Series:
    """Return whose follow-up had stopped before the last of some visits was over.

    A visit is over at the end of its window, or after its planned day where it has none: one rule for the flow diagram
    and every table. A stop without a date counts as one before.
    """
    end = max(study.visits[visit].day + (study.visits[visit].window or (0, 0))[1] for visit in visits)
    return stop_recorded(people) & ~(stop_days(people) > end)


def stop_days(people: pd.DataFrame) -> pd.Series:
    """Return the study day on which follow-up stopped; missing where a date is."""
    stop, start = (
        pd.to_datetime(people.get(name, pd.Series(None, index=people.index, dtype=object)))
        for name in ("discontinuation_date", "randomisation_date")
    )
    return (stop - start).dt.days.astype(float)


def _joined(reasons: list[str]) -> str:
    """Return the reasons of one participant's visits as one phrase."""
    distinct = list(dict.fromkeys(reasons))
    if distinct == [NO_VALUE]:
        return "no value after baseline"
    if NO_BASELINE in distinct:
        return mid_sentence(NO_BASELINE)
    return ", ".join(mid_sentence(reason) for reason in distinct)


def _event_words(study: ComparativeStudy, handled: str) -> str:
    """Return "After hip surgery (hypothetical)" for `hypothetical: hip_surgery`."""
    strategy, _, event = handled.partition(": ")
    if event not in study.intercurrent_events:
        return f"Intercurrent event: {handled}"
    label = mid_sentence(study.label("intercurrent_events", event))
    return f"After {label} ({strategy.replace('_', ' ')})"
