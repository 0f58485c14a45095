"""Numbers of an audit with the digits that a page shows: further ones would tell patients apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.clinics.audit import Audit, CaseMix
from coxa.study.audit.plan import CLINIC

SHARE = 3
"""Decimals of shares: a tenth of a per cent."""

FINE = 2
"""Decimals of weights, ratios of variances and reliabilities."""

SMALL = 4
"""Decimals of p values."""

COUNTS = (
    "n",
    "events",
    "episodes",
    "n_lost",
    "band",
    "part",
    "direction",
    "own_n",
    "weeks",
    "n_seen",
    "n_due",
    "n_capped",
)
"""Columns that are counts or places, and whole already."""


def rounded_audit(audit: Audit) -> Audit:
    """Return an audit whose means, shares, limits and coefficients have no more digits than the page shows.

    Notes
    -----
    A mean expected by a model is a sum of its coefficients over patients, weighted by how many have which level: with
    sixteen digits of both these numbers follow, however small they are.
    """
    scales = {name: audit.plan.scale(name).decimals for name in audit.plan.outcomes}
    shares = [replace(one, clinics=_rounded(one.clinics, SHARE, {"expected": 1})) for one in audit.shares]
    series = [
        replace(one, frame=_rounded(one.frame, scales[audit.plan.main] if one.measure == "change" else SHARE))
        for one in audit.series
    ]
    rare = [
        replace(one, expected=_number(one.expected, 1), highest=_number(one.highest, 1), limit=_number(one.limit, 1))
        for one in audit.rare
    ]
    return replace(
        audit,
        rare=tuple(rare),
        stretches={name: _rounded(frame, 1) for name, frame in audit.stretches.items()},
        completeness=replace(audit.completeness, weights=_rounded(audit.completeness.weights, FINE)),
        case_mix={name: _case_mix(found, scales[name]) for name, found in audit.case_mix.items()},
        shares=tuple(shares),
        series=tuple(series),
        rates=tuple(replace(one, clinics=_rounded(one.clinics, SHARE)) for one in audit.rates),
        literature=_rounded(audit.literature, FINE),
    )


def _case_mix(found: CaseMix, decimals: int) -> CaseMix:
    if found.without:
        return found
    frames: dict[str, Any] = {
        name: _rounded(getattr(found, name), decimals, {"reliability": FINE, "share": SHARE})
        for name in ("coefficients", "variances", "calibration", "clinics", "therapists", "recovery")
    }
    numbers: dict[str, Any] = {name: _number(getattr(found, name), FINE) for name in ("phi", "tau2")}
    numbers |= {"target": _number(found.target, decimals), "p_value": _number(found.p_value, SMALL)}
    return replace(found, **frames, **numbers)


def _number(value: float, decimals: int) -> float:
    return float(np.round(value, decimals))


def _rounded(frame: pd.DataFrame, decimals: int, own: dict[str, int] | None = None) -> pd.DataFrame:
    """Return a frame whose numbers that are no counts have so many decimals; `own` are those of single columns."""
    skipped: Collection[str] = {*COUNTS, CLINIC}
    digits = {
        str(name): (own or {}).get(str(name), decimals)
        for name in frame.columns
        if name not in skipped and pd.api.types.is_float_dtype(frame[name])
    }
    return frame.round(digits) if digits else frame
