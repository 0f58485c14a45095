"""The reference trial, R's results on it, and R's names in ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.selftest.rows import reference_trial

HERE = Path(__file__).parent
FORMULA = "change ~ baseline * visit + arm * visit + site + sex"


def trial() -> pd.DataFrame:
    """Return the trial with arms and visits in their order."""
    return reference_trial()


def reference(name: str) -> dict[str, Any]:
    """Return a file of reference results."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def sorted_parts(name: str) -> str:
    """Return a coefficient's name with its factors in alphabetical order: the two programs order them differently."""
    return ":".join(sorted(name.split(":")))


def from_r(name: str) -> str:
    """Return R's name of a coefficient in ours, factors sorted: visitweek_12:armexercise, (Intercept)."""
    parts = []
    for part in name.split(":"):
        factor = next((f for f in ("visit", "arm", "site", "sex") if part.startswith(f) and part != f), None)
        parts.append(f"{factor}[{part.removeprefix(factor)}]" if factor else part.strip("()"))
    return sorted_parts(":".join(parts))


def in_r_order(values: pd.Series, coefficients: list[str]) -> pd.Series:
    """Return values by coefficient in the order of R's coefficients."""
    return values.rename(index=sorted_parts).loc[[from_r(name) for name in coefficients]]
