"""The days of people in n-of-1 trials: what each wrote under which treatment, and the regression on them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.analyses.blocks import blocks_of
from coxa.derive.diary import derive_diary
from coxa.errors import OptionError
from coxa.n_of_1 import day_effect
from coxa.report.record import ReportRecord
from coxa.study.blocks import SEQUENCE, words_of
from coxa.study.comparative import PlannedAnalysis
from coxa.study.outcome_sources.daily_diary import DailyDiarySource

NUMBERS = ("estimate", "conf_low", "conf_high", "correlation")


def days_of_people(
    report: ReportRecord, planned: PlannedAnalysis, compare: str, people: pd.DataFrame
) -> pd.DataFrame | None:
    """Return the days of the diary behind an outcome, with the treatment of each; None where it is not of days.

    Returns
    -------
    DataFrame or None
        `participant_id`, `day`, `period`, `treatment` (of the two compared), `analysed` (not a day of the run-in),
        `value`.
    """
    source = getattr(planned.outcome, "source", None)
    if not isinstance(source, DailyDiarySource) or source.take != "mean":
        return None
    blocks, diary = blocks_of(report.study), derive_diary(report.cohort)
    if source.field not in diary:
        return None
    table = report.cohort.table("participants").set_index("participant_id")
    known = {person: words_of(one) for person, one in table[SEQUENCE].dropna().items()}
    rows = diary[diary["participant_id"].isin(list(people["participant_id"])) & diary[source.field].notna()]
    day = rows["study_day"].astype(int).to_numpy()
    period, within = blocks.places(day)
    taken = [
        known[person][at - 1] if person in known and 1 <= at <= len(known[person]) else ""
        for person, at in zip(rows["participant_id"], period, strict=True)
    ]
    found = pd.DataFrame(
        {
            "participant_id": rows["participant_id"].astype(str).to_numpy(),
            "day": day,
            "period": period,
            "treatment": taken,
            "analysed": within > blocks.period_days - source.length,
            "value": rows[source.field].astype(float).to_numpy(),
        }
    )
    taking = (day >= 1) & (within <= blocks.period_days)  # no day of a washout
    return found[found["treatment"].isin([compare, planned.against]) & taking].assign(
        treated=lambda made: (made["treatment"] == compare).astype(float)
    )


def day_effects(days: pd.DataFrame | None, conf_level: float) -> dict[str, tuple[float, float, float, float]]:
    """Return participant -> estimate, limits and correlation of the regression on days; empty without days."""
    found: dict[str, tuple[float, float, float, float]] = {}
    if days is None:
        return found
    for person, rows in days[days["analysed"]].groupby("participant_id", sort=False):
        try:
            one = day_effect(rows["value"], rows["treated"], rows["day"], conf_level=conf_level)
        except OptionError:  # too few days of this person
            continue
        if np.isfinite(one.std_error):
            found[str(person)] = tuple(float(getattr(one, name)) for name in NUMBERS)  # type: ignore[assignment]
    return found
