"""Whether the rows can tell the variances of a model apart, before its likelihood is searched."""

from __future__ import annotations

import numpy as np

from coxa.models.lmm.rows import Setting, terms_of
from coxa.models.numerics.mixed.coefficients import Coefficients
from coxa.models.numerics.mixed.likelihood import Mixed, derived, linear, state
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.starts import unit

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
    own = unit(within.triangle, 1.0)
    above = [unit(factor.triangle, 1.0) for factor in model.above.factors]
    if isinstance(within, Coefficients):
        return np.concatenate([np.zeros(1), own, *above])
    m = within.observed.shape[1]
    fading = NEIGHBOURS ** np.abs(np.subtract.outer(np.arange(m), np.arange(m))).astype(float)
    residuals = within.structure.start(fading, within.times.mean(axis=0))
    return np.concatenate([own, *[residuals] * within.groups, *above])


def involved(model: Mixed, setting: Setting, moved: np.ndarray) -> str:
    """Return the effects, by factor, whose variances and covariances move along a direction (K,)."""
    found = []
    for k, (start, triangle) in zip(setting.order, terms_of(model, setting), strict=True):
        factor = setting.factors[k]
        own = np.column_stack(triangle.entries)[moved[start : start + triangle.size] > INVOLVED]
        if len(own):
            found.append(f"{', '.join(factor.names[effect] for effect in np.unique(own))} by {factor.name}")
    return "; ".join(found)
