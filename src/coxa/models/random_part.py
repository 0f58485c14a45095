"""The random part of a fitted model: variances, and what predicts the effects of each level."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.models.numerics.mixed.build import Blocks
from coxa.models.numerics.mixed.likelihood import Derived, Mixed, State
from coxa.models.numerics.mixed.search import MixedOptimum
from coxa.models.random_factors import RandomFactor

RESIDUAL = "residual"
"""Factor under which the residual's variance stands in a table of variances."""


@dataclass(frozen=True, slots=True)
class Scales:
    """What takes the numbers of the search to the units of the data.

    outcome : standard deviation that the outcome was divided by
    effects : for each factor the (q,) roots of mean squares that its effects were divided by
    """

    outcome: float
    effects: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class Informed:
    """The likelihood and its derivatives in the parameters that inference is in, and their covariance (K, K)."""

    model: Mixed
    at: State
    derived: Derived
    covariance: np.ndarray


@dataclass(frozen=True, slots=True)
class RandomPart:
    """Random effects of a fitted model; the factors in the order of the formula.

    factors      : with their levels and effects on the analysed rows
    covariances  : for each factor the (q, q) covariance of the effects of a level, in units of the data
    residual     : variance of the residual where it is independent, else None
    at_zero      : for each factor the names of effects whose variance was estimated at zero
    multiples    : for each factor the names of effects that are multiples of the ones before
    block        : position of the factor whose levels are the blocks; None where the blocks are participants of an MMRM
    information  : "observed" or "expected", what the covariance of the parameters is the inverse of
    informed     : that covariance, and the derivatives in the same parameters
    basis        : (p, p) takes coefficients of the search to those of the formula; `scales` is on top
    """

    factors: tuple[RandomFactor, ...]
    covariances: tuple[np.ndarray, ...]
    residual: float | None
    at_zero: tuple[tuple[str, ...], ...]
    multiples: tuple[tuple[str, ...], ...]
    block: int | None
    information: str
    informed: Informed = field(repr=False)
    model: Mixed = field(repr=False)
    optimum: MixedOptimum = field(repr=False)
    blocks: Blocks = field(repr=False)
    scales: Scales = field(repr=False)
    basis: np.ndarray = field(repr=False)

    @property
    def boundary(self) -> tuple[str, ...]:
        """What was estimated at the boundary, in words."""
        said = []
        for factor, zero, multiple in zip(self.factors, self.at_zero, self.multiples, strict=True):
            said += [f"the variance of {name} between levels of {factor.name} was estimated at zero" for name in zero]
            said += [
                f"the effect {name} of {factor.name} was estimated to be a multiple of the effects before it "
                "(correlation 1 or -1)"
                for name in multiple
            ]
        return tuple(said)


def variance_components(part: RandomPart) -> pd.DataFrame:
    """Return one row per variance and covariance, in units of the data.

    Columns: `factor`, `effect`, `other` (the second effect of a covariance, else empty), `variance` (or covariance),
    `sd` (of a variance), `correlation` (of a covariance), `levels`, `boundary`. The residual's variance is last, where
    it is one number.
    """
    rows = []
    for factor, covariance, zero, multiple in zip(
        part.factors, part.covariances, part.at_zero, part.multiples, strict=True
    ):
        sd = np.sqrt(np.diag(covariance))
        together = np.repeat(np.arange(len(factor.parts)), factor.parts)
        for i, name in enumerate(factor.names):
            said = "zero" if name in zero else ("multiple of the effects before" if name in multiple else "")
            rows.append((factor.name, name, "", covariance[i, i], sd[i], np.nan, len(factor.labels), said))
        for i, name in enumerate(factor.names):
            for j in range(i):
                if together[i] == together[j]:
                    size = sd[i] * sd[j]
                    shared = covariance[i, j] / size if size > 0 else np.nan
                    rows.append(
                        (factor.name, factor.names[j], name, covariance[i, j], np.nan, shared, len(factor.labels), "")
                    )
    if part.residual is not None:
        rows.append((RESIDUAL, "", "", part.residual, np.sqrt(part.residual), np.nan, 0, ""))
    columns = ["factor", "effect", "other", "variance", "sd", "correlation", "levels", "boundary"]
    return pd.DataFrame(rows, columns=columns)


def named_variances(part: RandomPart) -> dict[str, float]:
    """Return standard deviations and correlations by name, for the parameters of the covariance."""
    named = {}
    for row in variance_components(part).itertuples():
        if row.factor == RESIDUAL:
            named["sd[residual]"] = row.sd
        elif row.other:
            named[f"correlation[{row.factor}: {row.effect}, {row.other}]"] = row.correlation
        else:
            named[f"sd[{row.factor}: {row.effect}]"] = row.sd
    return named
