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


def adjust_planned(estimates: Estimates, planned: PlannedAnalysis, without: int = 0) -> Estimates:
    """Adjust the p-values of two families, and leave the others.

    One is the comparisons that the estimand names, the other the tests of them against a margin. `without` comparisons
    that were planned and could not be fitted belong to both, as does one that has no p-value: as if they had shown
    nothing, so that what is left over is not judged as if less had been planned.
    """
    frame = estimates.frame
    families = (asked(frame, planned), frame["term"].isin(get_args(MarginType)))
    named = cast(Method, planned.analysis.multiplicity)
    adjusted = [_adjusted(frame[mine], named, without) for mine in families if mine.any()]
    return Estimates(pd.concat([*adjusted, frame[~np.logical_or(*families)]]).sort_index())


def _adjusted(family: pd.DataFrame, method: Method, without: int) -> pd.DataFrame:
    """Return the rows of a family with adjusted p-values; those without one, and `without` others, count as 1."""
    unknown = family["p_value"].isna()
    if not without and not unknown.any():
        return adjust_multiplicity(Estimates(family), method, family=()).frame
    others = pd.concat([family.iloc[:1]] * without).assign(p_value=1.0) if without else family.iloc[:0]
    every = pd.concat([family.assign(p_value=family["p_value"].fillna(1.0)), others], ignore_index=True)
    found = adjust_multiplicity(Estimates(every), method, family=()).frame.iloc[: len(family)].set_axis(family.index)
    return found.assign(p_value=found["p_value"].mask(unknown))
