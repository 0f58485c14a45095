"""Days and dates: when participants are enrolled, and on which day of its window a visit takes place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.seeds import generator

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

ALL_PAST = date(2024, 12, 31)
"""Last possible day of a trial whose plan has neither a data cut nor a first day."""


def visit_days(design: TrialDesign, n: int, seed: int) -> Floats:
    """Return (n, m) study days of the visits: about the planned day, within the window."""
    rng = generator("visit days", seed)
    standard = rng.standard_normal((n, len(design.visits)))
    days = np.empty_like(standard)
    for place, name in enumerate(design.visits):
        visit = design.study.visits[name]
        low, high = visit.window or (0, 0)
        days[:, place] = visit.day + np.clip(np.round(standard[:, place] * (high - low) / 8.0), low, high)
    return days


def first_day(design: TrialDesign) -> date:
    """Return the first possible day of enrolment: the plan's, or so early that every visit is past."""
    part = design.assumptions
    if part.first_day is not None:
        return part.first_day
    ends = [visit.day + (visit.window or (0, 0))[1] for visit in design.study.visits.values()]
    return (design.study.data_cut or ALL_PAST) - timedelta(days=max(ends) + part.enrolment_days)


def enrolment(design: TrialDesign, n: int, seed: int) -> NDArray[np.int64]:
    """Return (n,) days of randomisation since the first possible one, in order."""
    return np.sort(generator("enrolment", seed).integers(0, design.assumptions.enrolment_days, n))


def dates(start: date, entry: NDArray[np.int64], day: Floats) -> pd.Series:
    """Return study days as ISO dates, missing where the day is NaN.

    start : first possible day of enrolment
    entry : (r,) day of randomisation of each row's participant, since `start`
    day   : (r,) study days
    """
    import pandas as pd

    days = pd.Series(entry + np.asarray(day, dtype=float))
    shown = (pd.Timestamp(start) + pd.to_timedelta(days, unit="D")).dt.strftime("%Y-%m-%d")
    return shown.astype("str").where(days.notna())
