"""Which rows of estimates are the comparisons that a plan asks for, and the adjustment of their p-values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast, get_args

import numpy as np
import pandas as pd

from coxa.estimates import Estimates, adjust_multiplicity
from coxa.estimates.margins import MarginType
from coxa.estimates.multiplicity import Method
from coxa.estimates.risk_rows import SPREAD_UNKNOWN
from coxa.estimates.table import COURSES
from coxa.study.comparative import PlannedAnalysis


def join(parts: Iterable[Estimates]) -> Estimates:
    """Return all rows as one table; one without rows of nothing."""
    frames = [part.frame for part in parts]
    if not frames:
        return Estimates.of(())
    filled = [frame for frame in frames if len(frame)]
    if len(filled) > 1:
        return Estimates(pd.concat(filled, ignore_index=True))
    return Estimates((filled or frames)[0].reset_index(drop=True))


def asked(frame: pd.DataFrame, planned: PlannedAnalysis) -> pd.Series:
    """Tell which rows are comparisons that the estimand names: at its visits, or over the whole course."""
    visits = planned.visits
    return frame["term"].isin((planned.effect.term, *COURSES)) & (frame["visit"].isin(visits) | frame["visit"].eq(""))


def with_unknown_spread(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a warning where arms are compared and neither an interval nor a test could be given."""
    unknown = frame[["std_error", "conf_low", "conf_high", "p_value"]].isna().all(axis=1)
    unknown &= np.isfinite(frame["estimate"].astype(float))
    if not unknown.any():
        return frame
    unknown &= frame["reference"].ne("")
    unknown &= ~frame["warning"].str.contains(SPREAD_UNKNOWN.partition(":")[0], regex=False)
    said = frame["warning"].where(frame["warning"].eq(""), frame["warning"] + "; ") + SPREAD_UNKNOWN
    return frame.assign(warning=frame["warning"].mask(unknown, said)) if unknown.any() else frame


def adjust_planned(estimates: Estimates, planned: PlannedAnalysis) -> Estimates:
    """Adjust the p-values of two families, and leave the others.

    One is the comparisons that the estimand names, the other the tests of them against a margin.
    """
    frame = estimates.frame
    families = (asked(frame, planned), frame["term"].isin(get_args(MarginType)))
    named = cast(Method, planned.analysis.multiplicity)
    adjusted = [adjust_multiplicity(Estimates(frame[mine]), named, family=()).frame for mine in families if mine.any()]
    return Estimates(pd.concat([*adjusted, frame[~np.logical_or(*families)]]).sort_index())
