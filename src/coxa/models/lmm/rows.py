"""Rows and factors in the coordinates of the search, the model that they make, and whether they identify it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coxa.errors import FitError
from coxa.models.covariance.structure import Structure
from coxa.models.design.matrix import Basis, Design, orthonormal
from coxa.models.design.rows import check_residuals
from coxa.models.lmm.factors import RandomFactor
from coxa.models.numerics.mixed.build import (
    Blocks,
    Levels,
    OuterColumns,
    Places,
    all_in_blocks,
    coefficients,
    columns_of_outer,
    markov,
    structured,
)
from coxa.models.numerics.mixed.coefficients import Coefficients
from coxa.models.numerics.mixed.derivatives import derived
from coxa.models.numerics.mixed.likelihood import Mixed, linear, state
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.random_design import CholeskyFactor
from coxa.models.numerics.mixed.starts import unit

MOST_ABOVE = 6000
"""Rows of a dense matrix of effects above the blocks from which it is too large; components together may have as many
cells."""

FEW = 64
"""Effects above the blocks up to which one dense matrix is smaller work than a matrix for each component."""

MANY_TIMES = 12
"""Rows of a participant above which residuals that fade over times of his or her own are solved for row by row."""

KEPT_AT_ONCE = 16
"""Matrices of that size that a step of the search holds at once."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows in the coordinates of the search.

    xy      : (N, p + 1) orthonormal design, and residual of least squares over its standard deviation; times root of
              weight
    levels  : the factors on rows, effects over their scale, times root of weight
    basis   : of the design
    guess   : (p,) coefficients in the basis that were taken off the outcome
    size    : the standard deviation that the outcome was divided by
    sizes   : for each factor the (q,) roots of mean squares that its effects were divided by
    log_weights : sum of the logs of the roots of the weights
    """

    xy: np.ndarray
    levels: tuple[Levels, ...]
    basis: Basis
    guess: np.ndarray
    size: float
    sizes: tuple[np.ndarray, ...]
    log_weights: float


def prepared(design: Design, factors: Sequence[RandomFactor], weights: np.ndarray | None) -> Prepared:
    """Return the rows in the coordinates of the search."""
    basis = orthonormal(design.x, design.names, beside=1)
    guess = basis.q.T @ design.y
    left = design.y - basis.q @ guess
    n, p = basis.q.shape
    size = float(np.sqrt(left @ left / (n - p)))
    check_residuals(size, float(np.abs(design.y).max()))
    root = None if weights is None else np.sqrt(weights)[:, None]
    levels, sizes = [], []
    for factor in factors:
        squares = np.einsum("nq,nq->q", factor.effects, factor.effects)  # of rows without a level they are zero
        rms = np.sqrt(squares / (factor.codes >= 0).sum())
        sizes.append(rms)
        scaled = factor.effects / rms if root is None else factor.effects / rms * root
        levels.append(Levels(factor.codes, scaled, CholeskyFactor(factor.parts), len(factor.labels)))
    xy = basis.wide
    xy[:, -1] = left / size
    log_weights = 0.0 if root is None else float(np.log(root).sum())
    return Prepared(xy if root is None else xy * root, tuple(levels), basis, guess, size, tuple(sizes), log_weights)


def block_of(factors: Sequence[RandomFactor]) -> int:
    """Return the position of the factor with the most levels; its effects are solved for block by block."""
    return max(range(len(factors)), key=lambda k: (len(factors[k].labels), len(factors[k].names)))


@dataclass(frozen=True, slots=True)
class Setting:
    """Which factor stands where, and how residuals are correlated.

    factors   : in the order of the formula
    block     : position of the factor whose levels are the blocks; None where these are participants without effects
    where     : where rows stand within participants; None where residuals are independent
    structure : of the residuals; None where they are independent
    """

    factors: tuple[RandomFactor, ...]
    block: int | None
    where: Places | None
    structure: Structure | None

    @property
    def independent(self) -> bool:
        """Whether residuals are independent; the first parameter is then the log of their variance."""
        return self.structure is None

    @property
    def along_times(self) -> bool:
        """Whether residuals are solved for along the times of each participant, who has many of his or her own."""
        if self.where is None or self.structure is None or not self.structure.spatial or self.where.group.any():
            return False
        places, rows = int(self.where.place.max()) + 1, len(self.where.block)
        return places > MANY_TIMES and len(self.where.times) == rows != places

    @property
    def outer_factors(self) -> list[int]:
        """Positions of the factors above the blocks."""
        return [k for k in range(len(self.factors)) if k != self.block]

    @property
    def order(self) -> list[int]:
        """Positions of the factors in the order of their parameters."""
        return self.outer_factors if self.block is None else [self.block, *self.outer_factors]


def built(setting: Setting, ready: Prepared, *, reml: bool) -> tuple[Mixed, Blocks | None]:
    """Return the model as arrays, and its blocks one by one where these have effects or patterns."""
    outer = outer_columns(setting, ready)
    p = ready.xy.shape[1] - 1
    own = None if setting.block is None else ready.levels[setting.block]
    if setting.structure is None:
        assert own is not None
        independent, blocks = coefficients(own, ready.xy, outer)
        return Mixed(independent, outer.outer_factors, p, reml), blocks
    assert setting.where is not None
    if setting.along_times:
        return Mixed(markov(setting.where, ready.xy, outer, setting.structure), outer.outer_factors, p, reml), None
    effects = np.zeros((len(ready.xy), 0)) if own is None else own.effects
    cholesky = CholeskyFactor(()) if own is None else own.cholesky
    within, blocks = structured(setting.where, effects, cholesky, ready.xy, outer, setting.structure)
    return Mixed(within, outer.outer_factors, p, reml), blocks


def outer_columns(setting: Setting, ready: Prepared) -> OuterColumns:
    """Return the columns of the factors above the blocks."""
    if setting.where is None:
        assert setting.block is not None
        block = all_in_blocks(ready.levels[setting.block].codes)[0]
    else:
        block = setting.where.block
    beside = ready.xy.shape[1]
    few = 0 if setting.along_times else FEW
    outer = columns_of_outer([ready.levels[k] for k in setting.outer_factors], block, beside, few)
    cells = outer.outer_factors.components * (outer.outer_factors.width + beside) ** 2
    if cells > MOST_ABOVE**2:
        names = ", ".join(
            f"{one.name} ({len(one.labels)} levels)" for one in (setting.factors[k] for k in setting.outer_factors)
        )
        raise FitError(
            (
                f"the effects of {names} share rows, so that up to {outer.outer_factors.width} of them are solved "
                f"for together, in about {8e-09 * KEPT_AT_ONCE * cells} GB of memory, more than the "
                f"{8e-09 * KEPT_AT_ONCE * MOST_ABOVE**2} GB that coxa uses"
            ),
            ["Leave out one of the factors.", "Fit the model to a part of the rows."],
        )
    return outer


def terms_of(model: Mixed, setting: Setting) -> list[tuple[int, CholeskyFactor]]:
    """Return the position of the first parameter, and the Cholesky factor, of each factor in the setting's order."""
    start, terms = model.within.size, []
    for k in setting.order:
        cholesky = CholeskyFactor(setting.factors[k].parts)
        if k == setting.block:
            terms.append((1 if setting.independent else 0, cholesky))
            continue
        terms.append((start, cholesky))
        start += cholesky.size
    return terms


FLAT = 1e-10
"""Eigenvalue of the expected information, scaled to a diagonal of 1, below which a direction has none."""

INVOLVED = 1e-4
"""Part of a flat direction, relative to its largest, from which a variance has to do with it."""

NEIGHBOURS = 0.5
"""Correlation of neighbouring places at which the rank is taken: no derivative of a structure is zero there."""

SLOPES = (
    "count the distinct values of a slope: correlated with an intercept, it needs three in some level",
    "use independent effects in place of correlated ones (|| in place of |), or leave the slope out",
    "look for a factor whose levels the fixed effects or other factors tell apart already",
)
"""Remedies where random effects and independent residuals cannot be told apart."""


def not_apart(setting: Setting, model: Mixed) -> str:
    """Say which variances cannot be told apart because the likelihood is flat in some direction; empty if none is.

    The rank of the expected information depends on design and rows, not on the outcome; as the covariance of the rows
    is linear in variances and covariances, it does not depend on these either. An intercept and a slope beside a
    residual, at two times, have a flat direction: four numbers for two variances and one covariance.
    """
    if isinstance(model.within, Markov):  # many rows of each participant, at many times
        return ""
    theta = inside(model)
    straight = linear(model)
    information = derived(straight, state(straight, theta)).expected
    scale = 1 / np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    values, directions = np.linalg.eigh(scale[:, None] * information * scale)
    if values[0] >= FLAT:
        return ""
    moved = np.abs(scale * directions[:, 0])
    effects = involved(model, setting, moved / moved.max())
    if not effects:
        return ""
    return (
        f"the rows cannot tell the variances of {effects} and of the residuals apart: the likelihood is the same for "
        "many values of them, for any outcome"
    )


def inside(model: Mixed) -> np.ndarray:
    """Return parameters of uncorrelated random effects beside residuals whose correlation fades over the places."""
    within = model.within
    assert not isinstance(within, Markov)
    own = unit(within.cholesky, 1.0)
    outer = [unit(factor.cholesky, 1.0) for factor in model.outer_factors.factors]
    if isinstance(within, Coefficients):
        return np.concatenate([np.zeros(1), own, *outer])
    m = within.observed.shape[1]
    fading = NEIGHBOURS ** np.abs(np.subtract.outer(np.arange(m), np.arange(m))).astype(float)
    residuals = within.structure.start(fading, within.times.mean(axis=0))
    return np.concatenate([own, *[residuals] * within.groups, *outer])


def involved(model: Mixed, setting: Setting, moved: np.ndarray) -> str:
    """Return the effects, by factor, whose variances and covariances move along a direction (K,)."""
    moving = []
    for k, (start, cholesky) in zip(setting.order, terms_of(model, setting), strict=True):
        factor = setting.factors[k]
        own = np.column_stack(cholesky.entries)[moved[start : start + cholesky.size] > INVOLVED]
        if len(own):
            moving.append(f"{', '.join(factor.names[effect] for effect in np.unique(own))} by {factor.name}")
    return "; ".join(moving)
