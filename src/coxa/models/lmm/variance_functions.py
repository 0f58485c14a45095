"""Parameters of a model with random effects, and shares of its variance, as functions of what the search moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coxa.errors import FitError
from coxa.models.covariance.structure import Structure
from coxa.models.lmm.random_part import RandomPart
from coxa.models.lmm.rows import terms_of
from coxa.models.lmm.structured import residual_parameters
from coxa.models.numerics.mixed.markov import Markov
from coxa.models.numerics.mixed.profile import Function
from coxa.models.numerics.mixed.structured import Structured
from coxa.models.results.fit import Fit

Covariance = Callable[[np.ndarray], np.ndarray]
"""Covariance (q, q) of the effects of a factor as a function of the parameters of the search."""

SAME = 1e-9
"""Relative range up to which the residual's variance is the same at all visits."""


def effect_covariance(part: RandomPart, factor: int) -> Covariance:
    """Return the covariance (q, q) of the effects of a factor as a function of the parameters, in units of the data."""
    setting = part.setting
    start, cholesky = terms_of(part.model, setting)[setting.order.index(factor)]
    unit = part.ready.size / part.ready.sizes[factor]
    relative = setting.independent and factor == setting.block

    def covariance(theta: np.ndarray) -> np.ndarray:
        lower = cholesky.matrix(theta[start : start + cholesky.size])
        scale = float(np.exp(theta[0])) if relative else 1.0
        return np.asarray(scale * np.outer(unit, unit) * (lower @ lower.T))

    return covariance


def parameter_functions(fit: Fit, part: RandomPart) -> dict[str, Function]:
    """Return every parameter by name as a function of the parameters of the search."""
    functions: dict[str, Function] = {}
    for k, factor in enumerate(part.factors):
        covariance = effect_covariance(part, k)
        for i, name in enumerate(factor.names):
            functions[f"sd[{factor.name}: {name}]"] = root_of(entry(covariance, i))
            for j in range(i):
                label = f"correlation[{factor.name}: {factor.names[j]}, {name}]"
                functions[label] = correlation_of(covariance, i, j)
    if part.setting.independent:
        size = part.ready.size
        functions["sd[residual]"] = lambda theta: float(size * np.exp(theta[0] / 2))
    else:
        functions |= structure_functions(fit, part)
    return {name: functions[name] for name in fit.covariance_parameters.index}


def entry(covariance: Covariance, i: int) -> Function:
    """Return a variance as a function of the parameters."""
    return lambda theta: float(covariance(theta)[i, i])


def root_of(variance: Function) -> Function:
    """Return a standard deviation as a function of the parameters."""
    return lambda theta: float(np.sqrt(variance(theta)))


def correlation_of(covariance: Covariance, i: int, j: int) -> Function:
    """Return a correlation as a function of the parameters; 0 where a variance is zero."""

    def correlation(theta: np.ndarray) -> float:
        own = covariance(theta)
        size = np.sqrt(own[i, i] * own[j, j])
        return float(own[i, j] / size) if size > 0 else 0.0

    return correlation


def structure_functions(fit: Fit, part: RandomPart) -> dict[str, Function]:
    """Return the parameters of the residuals' structure by name as functions of the parameters of the search."""
    within, structure = structured_of(part)
    times, (labels, groups) = within.times.mean(axis=0), part.residual_names

    def one(name: str) -> Function:
        def value(theta: np.ndarray) -> float:
            own = [within.own(theta, g) for g in range(within.groups)]
            return residual_parameters(structure, own, times, labels, groups, part.ready.size)[name]

        return value

    return {name: one(name) for name in fit.covariance_parameters.index if "residual " in name}


def structured_of(part: RandomPart) -> tuple[Structured | Markov, Structure]:
    """Return the blocks with a covariance structure, and the structure."""
    within, structure = part.model.within, part.setting.structure
    assert isinstance(within, (Structured, Markov))
    assert structure is not None
    return within, structure


def icc_functions(fit: Fit, part: RandomPart) -> list[tuple[str, str, str, Function]]:
    """Return factor, `by`, visit, and the share as a function of the parameters."""
    intercepts: list[tuple[str, str, Function]] = []
    for k, factor in enumerate(part.factors):
        covariance = effect_covariance(part, k)
        place = 0
        for term in factor.terms:
            for name in term.names:
                by = name if term.by_levels and name.startswith(f"{term.term.by}[") else ""
                if name == "Intercept" or by:
                    intercepts.append((factor.name, by, entry(covariance, place)))
                place += 1
    residuals = residual_variances(fit, part)
    arms = list(dict.fromkeys(by for _, by, _ in intercepts if by)) or [""]
    functions = []
    for name, by, own in intercepts:
        # with variances by arm, an observation of one arm has the effects of that arm alone
        for arm in [by] if by else arms:
            shared = [g for _, their, g in intercepts if their in ("", arm)]
            functions += [
                (name, arm, visit, share_of(own, [*shared, residual])) for visit, residual in residuals.items()
            ]
    return functions


def share_of(own: Function, every: list[Function]) -> Function:
    """Return the share of one variance in the sum of all."""
    return lambda theta: own(theta) / sum(g(theta) for g in every)


def residual_variances(fit: Fit, part: RandomPart) -> dict[str, Function]:
    """Return the variance of the residual as a function of the parameters, by visit where it differs between these."""
    size = part.ready.size
    if part.setting.independent:
        return {"": lambda theta: float(size**2 * np.exp(theta[0]))}
    within, structure = structured_of(part)
    times = within.times.mean(axis=0)
    if within.groups > 1:
        raise FitError(
            "with a covariance for each group the share of a factor differs between groups",
            ["Take it from fit.covariance and fit.variance_components of the group that is of interest."],
        )
    labels = list(fit.covariance.index)

    def at(k: int) -> Function:
        return lambda theta: float(size**2 * structure.matrix(within.own(theta, 0), times)[k, k])

    values = [at(k)(part.optimum.theta) for k in range(len(labels))]
    if len(labels) == 1 or np.ptp(values) < SAME * max(values):
        return {"": at(0)}
    return {str(label): at(k) for k, label in enumerate(labels)}
