"""The reference fits of R's mmrm, each with the options of `fit_mmrm` that ask for the same."""

from __future__ import annotations

from functools import cache
from typing import Any

from coxa.models import Fit, fit_mmrm
from tests.reference.trial import FORMULA, reference, trial

DDF = {
    "satt": "satterthwaite",
    "kr": "kenward-roger",
    "krl": "kenward-roger-linear",
    "bw": "between-within",
    "resid": "residual",
}
VCOV = {
    "Asymptotic": "model",
    "Empirical": "CR0",
    "Empirical-Bias-Reduced": "CR2",
    "Empirical-Jackknife": "CR3",
    "Kenward-Roger": "model",
    "Kenward-Roger-Linear": "model",
}
WEEKS = {"week_6": 6.0, "week_12": 12.0, "week_26": 26.0, "week_52": 52.0}
KEYS = [key for key in reference("mmrm") if key != "meta"]


def options(key: str) -> dict[str, Any]:
    """Return what to call `fit_mmrm` with for one reference fit."""
    wanted = reference("mmrm")[key]
    structure = "sp_exp" if key.startswith("sp_exp") else key.split("_")[0]
    return {
        "covariance": structure,
        "ddf": DDF[key.rsplit("_", 1)[1]],
        "reml": wanted["reml"],
        "vcov": VCOV[wanted["vcov_method"]],
        "group": "arm" if "grouped" in key else None,
        "weights": "weight" if "weighted" in key else None,
        "time": "week" if structure == "sp_exp" else None,
    }


@cache
def fitted(key: str) -> Fit:
    """Return our fit of one reference case."""
    data = trial()
    return fit_mmrm(FORMULA, data.assign(week=data["visit"].astype(str).map(WEEKS)), **options(key))
