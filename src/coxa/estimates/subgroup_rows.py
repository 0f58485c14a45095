"""What effects in subgroups of all models have in common: the check of the terms, the rows, the joint test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from coxa.errors import OptionError, not_allowed
from coxa.estimates.risk_rows import finite, with_test
from coxa.estimates.table import RATIOS
from coxa.models.design.matrix import Design


@dataclass(frozen=True, slots=True)
class Part:
    """A function of the coefficients: its value and its gradient (p,)."""

    value: float
    gradient: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, slopes: np.ndarray, pair: Sequence[int]) -> Part:
        """Return the first of two arms less the second, of the values (K,) and gradients (K, p) of all arms."""
        a, b = pair
        return cls(float(values[a] - values[b]), slopes[a] - slopes[b])

    def __sub__(self, other: Part) -> Part:
        return Part(self.value - other.value, self.gradient - other.gradient)

    def error(self, covariance: np.ndarray) -> float:
        """Return the standard error, by the covariance (p, p) of the coefficients."""
        return float(np.sqrt(self.gradient @ covariance @ self.gradient))


def check_interaction(design: Design, arm: str, subgroup: str) -> None:
    """Raise OptionError unless arm and subgroup are factors that some term of the model has both."""
    for name in (arm, subgroup):
        if name not in design.levels:
            raise OptionError(not_allowed("factor of the model", name, design.levels))
    if not any({arm, subgroup} <= set(term.split(":")) for term in design.terms):
        raise OptionError(f"The model has no interaction of {arm} and {subgroup}. Fit it with '{arm} * {subgroup}'.")


def effect_row(value: float, error: float, df: float, effect: str, conf_level: float) -> dict[str, float]:
    """Return estimate, error, df, limits and test of an effect; of a ratio the value is its logarithm."""
    shown = np.exp if effect in RATIOS else float
    return {**with_test(value, error, conf_level, df, shown), "df": finite(df)}


def effects_of_levels(
    subgroup: str,
    groups: Sequence[str],
    effects: Mapping[str, Any],
    row: Callable[[Any], Mapping[str, Any]],
    behind: Callable[[int], Mapping[str, int]],
) -> Iterator[dict[str, Any]]:
    """Yield the effect in each level of a subgroup, then the later level's less the earlier's of each two.

    Parameters
    ----------
    subgroup, groups
        The factor, and its G levels.
    effects
        Level -> its effect: a number that can be subtracted, with its gradient.
    row
        Returns the numbers of an effect, or of a difference of two.
    behind
        Returns the participants and rows of a level, by its place.
    """
    for place, group in enumerate(groups):
        named = {"term": "subgroup_difference", "analysis": f"{subgroup}={group}"}
        yield {**behind(place), **named, **row(effects[group])}
    for early, late in combinations(groups, 2):
        named = {"term": "difference_between_subgroups", "analysis": f"{subgroup}={late}-{early}"}
        yield {**named, **row(effects[late] - effects[early])}


def alike(differences: np.ndarray, covariance: np.ndarray, df: float) -> dict[str, float]:
    """Return the F test that differences (q,) are all zero; chi-square over q where the df are infinite.

    Examples
    --------
    >>> found = alike(np.array([2.0]), np.array([[2.0]]), np.inf)
    >>> found["statistic"], round(found["p_value"], 4)
    (2.0, 0.1573)
    """
    q = len(differences)
    f = float(differences @ np.linalg.solve(covariance, differences) / q)
    p_value = stats.f.sf(f, q, df) if np.isfinite(df) else stats.chi2.sf(q * f, q)
    return {"statistic": f, "df": finite(df), "p_value": float(p_value)}


def joint(parts: Sequence[Part], covariance: np.ndarray, df_of: Callable[[np.ndarray], float]) -> dict[str, float]:
    """Return the test that all parts are zero, with the fewest degrees of freedom of them."""
    gradients = np.array([part.gradient for part in parts])
    df = min(df_of(gradient) for gradient in gradients)
    return alike(np.array([part.value for part in parts]), gradients @ covariance @ gradients.T, df)
