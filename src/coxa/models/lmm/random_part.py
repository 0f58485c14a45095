"""The random part of a fitted model: variances, and what predicts the effects of each level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.models.lmm.factors import RandomFactor
from coxa.models.lmm.rows import Prepared, Setting
from coxa.models.numerics.mixed.build import Blocks
from coxa.models.numerics.mixed.derivatives import Derived
from coxa.models.numerics.mixed.likelihood import Mixed, State
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.search import MixedOptimum
from coxa.models.numerics.mixed.structured import Structured

RESIDUAL = "residual"
"""Factor under which the residual's variance stands in a table of variances."""


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

    setting      : the factors with their levels and effects on the analysed rows, and how residuals are correlated
    ready        : the rows in the coordinates of the search, and what takes numbers back to the units of the data
    covariances  : for each factor the (q, q) covariance of the effects of a level, in units of the data
    residual     : variance of the residual where it is independent, else None
    at_zero      : for each factor the names of effects whose variance was estimated at zero
    multiples    : for each factor the names of effects that are multiples of the ones before
    residual_names : labels of the places and of the groups of a covariance structure; empty without one
    information  : "observed" or "expected", what the covariance of the parameters is the inverse of
    informed     : that covariance, and the derivatives in the same parameters
    """

    setting: Setting = field(repr=False)
    ready: Prepared = field(repr=False)
    covariances: tuple[np.ndarray, ...]
    residual: float | None
    at_zero: tuple[tuple[str, ...], ...]
    multiples: tuple[tuple[str, ...], ...]
    residual_names: tuple[tuple[str, ...], ...]
    information: str
    informed: Informed = field(repr=False)
    model: Mixed = field(repr=False)
    optimum: MixedOptimum = field(repr=False)
    blocks: Blocks | None = field(repr=False)

    @property
    def factors(self) -> tuple[RandomFactor, ...]:
        """The grouping factors."""
        return self.setting.factors

    @property
    def block(self) -> int | None:
        """Position of the factor whose levels are the blocks."""
        return self.setting.block

    @property
    def boundary(self) -> tuple[str, ...]:
        """What was estimated at the boundary, in words."""
        said = list(dict.fromkeys(limit.words for limit in self.optimum.limits))
        for factor, zero, multiple in zip(self.factors, self.at_zero, self.multiples, strict=True):
            said += [f"the variance of {name} between levels of {factor.name} was estimated at zero" for name in zero]
            said += [
                f"the effect {name} of {factor.name} was estimated to be a multiple of the effects before it "
                "(correlation 1 or -1)"
                for name in multiple
            ]
        return tuple(said)


def residual_blocks(part: RandomPart) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows of each participant (m,), and the covariance of their residuals (m, m) in units of the data.

    For residuals with a covariance structure, and of rows of weight one.
    """
    within, where, structure = part.model.within, part.setting.where, part.setting.structure
    assert isinstance(within, (Structured, Markov))
    assert where is not None
    assert structure is not None
    own = [within.own(part.optimum.theta, g) for g in range(within.groups)]
    order = np.lexsort([where.place, where.block])
    for rows in np.split(order, np.flatnonzero(np.diff(where.block[order])) + 1):
        if isinstance(within, Markov):
            yield rows, part.ready.size**2 * structure.matrix(own[0], where.times[rows])
            continue
        assert part.blocks is not None
        pattern = part.blocks.pattern[where.block[rows[0]]]
        matrix = structure.matrix(own[within.group[pattern]], within.times[within.covering[pattern]])
        yield rows, part.ready.size**2 * matrix[np.ix_(where.place[rows], where.place[rows])]


COMPONENTS = ("factor", "effect", "other", "variance", "sd", "correlation", "levels", "boundary")
"""Columns of a table of variances."""


def variance_components(part: RandomPart) -> pd.DataFrame:
    """Return one row per variance and covariance, in units of the data.

    Columns: `factor`, `effect`, `other` (the second effect of a covariance, else empty), `variance` (or covariance),
    `sd` (of a variance), `correlation` (of a covariance), `levels`, `boundary`. The residual's variance is last, where
    it is one number.
    """
    return pd.DataFrame(list(component_rows(part)), columns=list(COMPONENTS))


def component_rows(part: RandomPart) -> Iterator[tuple[str, str, str, float, float, float, int, str]]:
    """Yield the rows of `variance_components`."""
    for k, (factor, covariance) in enumerate(zip(part.factors, part.covariances, strict=True)):
        sd = np.sqrt(np.diag(covariance))
        together = np.repeat(np.arange(len(factor.parts)), factor.parts)
        levels = len(factor.labels)
        for i, name in enumerate(factor.names):
            said = "zero" if name in part.at_zero[k] else ""
            said = "multiple of the effects before" if name in part.multiples[k] else said
            yield factor.name, name, "", float(covariance[i, i]), float(sd[i]), np.nan, levels, said
        for i, name in enumerate(factor.names):
            for j in range(i):
                if together[i] == together[j]:
                    size = sd[i] * sd[j]
                    shared = float(covariance[i, j] / size) if size > 0 else np.nan
                    yield factor.name, factor.names[j], name, float(covariance[i, j]), np.nan, shared, levels, ""
    if part.residual is not None:
        yield RESIDUAL, "", "", part.residual, float(np.sqrt(part.residual)), np.nan, 0, ""


def named_variances(part: RandomPart) -> dict[str, float]:
    """Return standard deviations and correlations by name, for the parameters of the covariance."""
    named = {}
    for factor, effect, other, _, sd, correlation, _, _ in component_rows(part):
        if factor == RESIDUAL:
            named["sd[residual]"] = sd
        elif other:
            named[f"correlation[{factor}: {effect}, {other}]"] = correlation
        else:
            named[f"sd[{factor}: {effect}]"] = sd
    return named
