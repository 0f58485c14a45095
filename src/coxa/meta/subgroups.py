"""Pooled effects of subgroups of studies, and the test of whether they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coxa.cards import Carded
from coxa.errors import OptionError
from coxa.meta.effects import as_columns
from coxa.meta.pooled import PooledEffect, PoolSpec, fit_pooled


@dataclass(frozen=True, slots=True, repr=False)
class Subgroups(Carded):
    """Subgroups of studies.

    levels   : their names, in the order of the studies
    pooled   : each with its own tau²
    together : meta-regression on the subgroups with one tau², whose joint test is that of a difference between them

    Examples
    --------
    >>> found = pool_subgroups([-0.6, -0.5, -0.1, -0.2], [0.03, 0.04, 0.03, 0.04], ["hip", "hip", "knee", "knee"])
    >>> found.levels, found.pooled[0].k
    (('hip', 'knee'), 2)
    """

    levels: tuple[str, ...]
    pooled: tuple[PooledEffect, ...]
    together: PooledEffect | None

    @property
    def p_value(self) -> float:
        """p-value of the test of a difference between subgroups; NaN where there is one, or too few studies."""
        return math.nan if self.together is None else self.together.moderators_p_value


def pool_subgroups(
    estimate: ArrayLike, variance: ArrayLike, subgroup: Sequence[str], spec: PoolSpec | None = None
) -> Subgroups:
    """Pool studies by subgroup, and test whether the subgroups differ.

    Parameters
    ----------
    estimate, variance
        Of each study; ratios as logarithms.
    subgroup
        The subgroup of each study.
    spec
        How they are pooled; REML with Hartung and Knapp unless given.

    Returns
    -------
    Subgroups
        The test is a meta-regression with one tau² for all.

    Raises
    ------
    OptionError
        There is not one subgroup for each study.

    Examples
    --------
    >>> found = pool_subgroups([-0.6, -0.5, -0.1, -0.2], [0.03, 0.04, 0.03, 0.04], ["hip", "hip", "knee", "knee"])
    >>> found.levels, [round(one.estimate, 2) for one in found.pooled], round(found.p_value, 2)
    (('hip', 'knee'), [-0.56, -0.14], 0.15)
    """
    y, v = as_columns(estimate=estimate, variance=variance)
    if len(subgroup) != len(y):
        raise OptionError(f"`subgroup` has {len(subgroup)} names for {len(y)} studies. Give one for each study.")
    spec = spec or PoolSpec()
    names = np.asarray(subgroup, dtype=str)
    levels = tuple(dict.fromkeys(map(str, subgroup)))
    pooled = tuple(_own(y[names == level], v[names == level], spec) for level in levels)
    if len(levels) < 2 or len(y) <= len(levels):
        return Subgroups(levels, pooled, None)
    x = np.column_stack([np.ones(len(y)), *((names == level).astype(float) for level in levels[1:])])
    return Subgroups(levels, pooled, fit_pooled(y, v, x, ("intercept", *levels[1:]), spec))


def _own(y: np.ndarray, v: np.ndarray, spec: PoolSpec) -> PooledEffect:
    return fit_pooled(y, v, np.ones((len(y), 1)), ("intercept",), spec)
