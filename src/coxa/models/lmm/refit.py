"""A model with random effects fitted again to another outcome on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart
from coxa.models.lmm.rows import built, terms_of
from coxa.models.numerics.mixed.search import optimum_of
from coxa.models.numerics.mixed.starts import starts
from coxa.models.numerics.one_thread import one_thread
from coxa.models.results.fit import Fit


@dataclass(frozen=True, slots=True)
class Refitted:
    """What another outcome gives.

    params : (p,) coefficients of the formula
    theta  : (K,) parameters of the search, in the scale of the first fit
    """

    params: np.ndarray
    theta: np.ndarray


def refit(fit: Fit, outcome: np.ndarray) -> Refitted | None:
    """Fit the model to another outcome (N,) on the analysed rows; None where no optimum is proven.

    The design, the factors and the scale are those of the fit, so that functions of its parameters are functions of
    these.
    """
    part: RandomPart = random_part_of(fit)
    ready = part.ready
    root = 1.0 if fit.sample.weights is None else np.sqrt(fit.sample.weights)
    guess = ready.basis.q.T @ outcome
    left = (outcome - ready.basis.q @ guess) / ready.size * root
    with one_thread():
        model, _ = built(part.setting, replace(ready, xy=np.column_stack([ready.xy[:, :-1], left])), reml=fit.reml)
        begin = [("the first fit", np.where(part.optimum.free, part.optimum.theta, 0.1)), *starts(model)]
        found, _ = optimum_of(model, begin, terms_of(model, part.setting))
    if found is None:
        return None
    return Refitted(ready.basis.back @ (guess + ready.size * found.at.beta), found.theta)
