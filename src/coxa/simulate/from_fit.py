"""Outcomes drawn from a fitted model with random effects, on its own rows."""

from __future__ import annotations

import numpy as np

from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart, residual_blocks
from coxa.models.numerics.mixed.structured import Structured
from coxa.models.results.fit import Fit


def draw_outcome(fit: Fit, rng: np.random.Generator) -> np.ndarray:
    """Draw an outcome (N,) for the analysed rows: new random effects and residuals about the fitted means.

    Parameters
    ----------
    fit : Fit
        With random effects.
    rng : Generator

    Raises
    ------
    FitError
        The fit has no random effects.
    """
    part = random_part_of(fit)
    drawn = fit.design.x @ fit.params.to_numpy()
    for factor, covariance in zip(part.factors, part.covariances, strict=True):
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        effects = rng.normal(size=(len(factor.labels), len(covariance))) @ root.T
        here = factor.codes >= 0
        drawn[here] += (effects[factor.codes[here]] * factor.effects[here]).sum(axis=1)
    residual = draw_residual(part, len(drawn), rng)
    return drawn + (residual if fit.sample.weights is None else residual / np.sqrt(fit.sample.weights))


def draw_residual(part: RandomPart, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw residuals (N,) of weight one: independent, or with the structure within blocks."""
    if part.residual is not None:
        return rng.normal(size=rows) * np.sqrt(part.residual)
    within, where, structure = part.model.within, part.setting.where, part.setting.structure
    if not isinstance(within, Structured):
        found = np.empty(rows)
        for mine, covariance in residual_blocks(part):
            found[mine] = np.linalg.cholesky(covariance) @ rng.normal(size=len(mine))
        return found
    assert where is not None
    assert structure is not None
    assert part.blocks is not None
    blocks, m = int(where.block.max()) + 1, within.observed.shape[1]
    cover = within.covering[part.blocks.pattern]
    group = within.group[part.blocks.pattern]
    noise = np.empty((blocks, m))
    for g in range(within.groups):
        matrices = structure.matrix(within.own(part.optimum.theta, g), within.times)
        lower = np.linalg.cholesky(np.broadcast_to(matrices, (len(within.times), m, m)))
        mine = np.flatnonzero(group == g)
        noise[mine] = (lower[cover[mine]] @ rng.normal(size=(len(mine), m, 1)))[..., 0]
    return part.ready.size * noise[where.block, where.place]
