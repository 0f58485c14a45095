"""Intercurrent events: what an estimand's strategies do to the values after an event.

ICH E9(R1). For each participant and visit the earliest event before that visit decides; events handled by
treatment policy change nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.findings import Finding, Findings
from coxa.study import Study
from coxa.study.estimand import Handling


def deciding_events(rows: pd.DataFrame, events: pd.DataFrame, handling: dict[str, Handling]) -> pd.DataFrame:
    """Return, for each row, the event that decides about its value.

    Parameters
    ----------
    rows
        participant_id and study_day, one row per participant and visit.
    events
        participant_id, event, study_day.
    handling
        Strategy per event; treatment policy never decides.

    Returns
    -------
    DataFrame
        Index of `rows`; `event` and `event_day`, missing where no event came before the visit. An event on the
        day of the assessment counts as after it.
    """
    acting = [name for name, how in handling.items() if how.strategy != "treatment_policy"]
    relevant = events[events["event"].isin(acting) & events["study_day"].notna()]
    keyed = rows[["participant_id", "study_day"]].rename_axis("row").reset_index()
    pairs = keyed.merge(relevant, on="participant_id", suffixes=("", "_event"))
    before = pairs[pairs["study_day_event"] < pairs["study_day"]]
    first = before.sort_values(["row", "study_day_event", "event"], kind="stable").drop_duplicates("row")
    first = first.set_index("row").rename(columns={"study_day_event": "event_day"})
    return first[["event", "event_day"]].reindex(rows.index).astype({"event": "str", "event_day": float})


def apply_strategies(
    rows: pd.DataFrame, decided: pd.DataFrame, handling: dict[str, Handling], worst: float
) -> tuple[pd.Series, pd.Series]:
    """Return each row's value after the strategies, and what was done to it.

    Parameters
    ----------
    rows
        participant_id, study_day, value and baseline, one row per participant and visit.
    decided
        From `deciding_events`.
    handling
        Strategy per event.
    worst
        Worst possible value of the outcome.

    Returns
    -------
    value, handled : Series
        `handled` is for example "hypothetical: hip_surgery", empty where nothing was done. A value that was
        missing before stays so under hypothetical, and is filled under composite and while on treatment.
    """
    strategy = decided["event"].map({name: how.strategy for name, how in handling.items()}).astype("str")
    given = decided["event"].map(
        {name: worst if how.value in ("worst", None) else how.value for name, how in handling.items()}
    )
    value = rows["value"].astype(float)
    value = value.mask(strategy == "hypothetical", np.nan)
    value = value.mask(strategy == "composite", given.astype(float))
    if strategy.eq("while_on_treatment").any():
        value = value.mask(strategy == "while_on_treatment", _last_before(rows, decided["event_day"]))
    handled = (strategy + ": " + decided["event"]).where(strategy.notna(), "")
    return value, handled


def _last_before(rows: pd.DataFrame, event_day: pd.Series) -> pd.Series:
    """Return the last value observed by the event's day, the baseline if there is none later."""
    asked = rows.assign(row=rows.index, event_day=event_day).dropna(subset=["event_day"])
    seen = rows.loc[rows["value"].notna(), ["participant_id", "study_day", "value"]]
    pairs = asked[["row", "participant_id", "event_day"]].merge(seen, on="participant_id")
    pairs = pairs[pairs["study_day"] <= pairs["event_day"]].sort_values(["row", "study_day"], kind="stable")
    last = pairs.drop_duplicates("row", keep="last").set_index("row")["value"]
    return last.reindex(rows.index).fillna(rows["baseline"]).where(event_day.notna())


def worst_value(study: Study, outcome: str) -> float:
    """Return the worst possible value of an outcome."""
    scale = study.scale(outcome)
    return scale.low if scale.higher_is_better else scale.high


def undated(events: pd.DataFrame, handling: dict[str, Handling]) -> Findings:
    """Find events without a day: no strategy but treatment policy can be applied to them."""
    if events.empty:
        return Findings()
    acting = [name for name, how in handling.items() if how.strategy != "treatment_policy"]
    rows = events[events["event"].isin(acting) & events["study_day"].isna()]
    return Findings.of(
        Finding(
            "error",
            "intercurrent_events",
            f"the event has neither date nor study day, and is handled as {_words(handling[str(row['event'])])}",
            "Add the date, or handle this event by treatment_policy.",
            row=row["source_row"],
            participant_id=row["participant_id"],
            field="event_date",
        )
        for row in rows.to_dict("records")
    )


def _words(how: Handling) -> str:
    return how.strategy.replace("_", " ")


def with_time_since(rows: pd.DataFrame, events: pd.DataFrame, handling: dict[str, Handling]) -> pd.DataFrame:
    """Return rows with the days since the first event that is handled by treatment policy, and whether it came before.

    Columns `days_since_event`, 0 before an event and without one, and `after_event`, 1 or 0.
    """
    kept = [name for name, how in handling.items() if how.strategy == "treatment_policy"]
    mine = events[events["event"].isin(kept) & events["study_day"].notna()]
    first = rows["participant_id"].map(mine.groupby("participant_id")["study_day"].min()).astype(float)
    since = (rows["study_day"].astype(float) - first).clip(lower=0.0).fillna(0.0)
    return rows.assign(days_since_event=since, after_event=(since > 0).astype(float))
