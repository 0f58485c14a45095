"""From checked rows to the fit of a model with random effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import pandas as pd

from coxa.errors import FitError, NonConvergenceError
from coxa.models.design_matrix import Design
from coxa.models.fit import Fit
from coxa.models.fit_records import Optimisation, Sample, criteria
from coxa.models.inference import FixedDf, Inference, KenwardRoger, Satterthwaite
from coxa.models.mixed_data import MixedData
from coxa.models.mixed_options import few_levels
from coxa.models.mmrm_data import RepeatedData
from coxa.models.numerics.marginal_fit import Attempt
from coxa.models.numerics.mixed.adjustment import adjustment
from coxa.models.numerics.mixed.build import Blocks, Levels, coefficients, columns_above
from coxa.models.numerics.mixed.likelihood import Mixed, derived, linear, state
from coxa.models.numerics.mixed.search import MixedOptimum, optimum_of
from coxa.models.numerics.mixed.starts import starts
from coxa.models.numerics.mixed.triangle import Triangle
from coxa.models.orthonormal import Basis, orthonormal
from coxa.models.random_factors import RandomFactor
from coxa.models.random_part import Informed, RandomPart, Scales, named_variances

MOST_ABOVE = 6000
"""Effects above the blocks from which the Schur complement, a dense matrix of that size, is too large."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows in the coordinates of the search.

    xy      : (N, p + 1) orthonormal design, and residual of least squares over its standard deviation; times root of
              weight
    levels  : the factors on rows, effects over their scale, times root of weight
    basis   : of the design
    guess   : (p,) coefficients in the basis that were taken off the outcome
    scales  : what takes numbers back to the units of the data
    log_weights : sum of the logs of the roots of the weights
    """

    xy: np.ndarray
    levels: tuple[Levels, ...]
    basis: Basis
    guess: np.ndarray
    scales: Scales
    log_weights: float


def prepared(design: Design, factors: Sequence[RandomFactor], weights: np.ndarray | None) -> Prepared:
    """Return the rows in the coordinates of the search."""
    basis = orthonormal(design.x, design.names)
    guess = basis.q.T @ design.y
    left = design.y - basis.q @ guess
    n, p = basis.q.shape
    size = float(np.sqrt(left @ left / (n - p)))
    if size <= np.finfo(float).eps * float(np.abs(design.y).max()):
        raise FitError("the fixed effects explain the outcome completely", ["use a smaller formula"])
    root = np.ones(n) if weights is None else np.sqrt(weights)
    levels, sizes = [], []
    for factor in factors:
        here = factor.codes >= 0
        rms = np.sqrt((factor.effects[here] ** 2).mean(axis=0))
        sizes.append(rms)
        scaled = factor.effects / rms * root[:, None]
        levels.append(Levels(factor.codes, scaled, Triangle(factor.parts), len(factor.labels)))
    xy = np.column_stack([basis.q, left / size]) * root[:, None]
    return Prepared(xy, tuple(levels), basis, guess, Scales(size, tuple(sizes)), float(np.log(root).sum()))


def block_of(factors: Sequence[RandomFactor]) -> int:
    """Return the position of the factor with the most levels; its effects are solved for block by block."""
    return max(range(len(factors)), key=lambda k: (len(factors[k].labels), len(factors[k].names)))


@dataclass(frozen=True, slots=True)
class Setting:
    """Which factor stands where.

    factors     : in the order of the formula
    block       : position of the factor whose levels are the blocks, or None
    offset      : position of the first parameter of its effects
    independent : whether residuals are independent; the first parameter is then the log of their variance
    """

    factors: tuple[RandomFactor, ...]
    block: int | None
    offset: int
    independent: bool

    @property
    def above(self) -> list[int]:
        """Positions of the factors above the blocks."""
        return [k for k in range(len(self.factors)) if k != self.block]

    @property
    def order(self) -> list[int]:
        """Positions of the factors in the order of their parameters."""
        return self.above if self.block is None else [self.block, *self.above]


def fit_independent(found: MixedData, *, reml: bool, ddf: str, information: str, clock: list[float]) -> Fit:
    """Fit rows with independent residuals; `clock` says when the formula was begun and done."""
    design, factors, sample = found.design, found.factors, found.sample
    block = block_of(factors)
    setting = Setting(factors, block, 1, independent=True)
    check_above(setting)
    ready = prepared(design, factors, found.weights)
    above, u = columns_above([ready.levels[k] for k in setting.above], len(design.y))
    clock.append(perf_counter())
    within, blocks = coefficients(ready.levels[block], ready.xy, u)
    model = Mixed(within, above, len(design.names), reml)
    clock.append(perf_counter())
    optimum, tried = optimum_of(model, starts(model), terms_of(model, setting))
    attempts = tuple(Attempt("independent residuals", start, failure) for start, failure in tried)
    if optimum is None:
        raise not_proven(attempts)
    clock.append(perf_counter())
    part = random_part(setting, model, optimum, blocks, ready, information)
    residual = float(part.residual or np.nan)
    return as_fit(
        found,
        ready,
        part,
        attempts,
        model="lmm",
        structure="independent",
        covariance=pd.DataFrame([[residual]], ["residual"], ["residual"]),
        parameters=named_variances(part),
        method=method_text(part, "linear mixed model", "independent residuals", ddf, sample, reml=reml),
        warnings=warnings_of(design, part, sample),
        reml=reml,
        ddf=ddf,
        clock=clock,
    )


def check_above(setting: Setting) -> None:
    """Raise FitError where the factors above the blocks have too many levels for a dense matrix."""
    above = [setting.factors[k] for k in setting.above]
    width = sum(len(factor.labels) * len(factor.names) for factor in above)
    if width > MOST_ABOVE:
        names = ", ".join(f"{factor.name} ({len(factor.labels)} levels)" for factor in above)
        raise FitError(
            f"{width} effects of {names} are more than the {MOST_ABOVE} that are solved for together",
            ["leave a factor out", "fit parts of the data"],
        )


def not_proven(attempts: Sequence[Attempt]) -> NonConvergenceError:
    """Return the error that says what was tried, and what else to look at."""
    said = "; ".join(f"{each.structure} from {each.start}: {each.failure}" for each in attempts)
    return NonConvergenceError(
        f"no proven optimum of the likelihood. Tried: {said or 'a visit has no variance at all'}",
        [
            "leave out the random effect that the data say least of, such as a slope with few visits",
            "use independent effects in place of correlated ones: || in place of |",
            "look for a factor that repeats another, or that hardly varies within its levels",
        ],
    )


def terms_of(model: Mixed, setting: Setting) -> list[tuple[int, Triangle]]:
    """Return the position of the first parameter, and the triangle, of each factor in the order of the setting."""
    start, terms = model.within.size, []
    for k in setting.order:
        triangle = Triangle(setting.factors[k].parts)
        if k == setting.block:
            terms.append((setting.offset, triangle))
            continue
        terms.append((start, triangle))
        start += triangle.size
    return terms


def random_part(
    setting: Setting, model: Mixed, found: MixedOptimum, blocks: Blocks, ready: Prepared, information: str
) -> RandomPart:
    """Return the random part in units of the data."""
    factors = setting.factors
    s2 = float(np.exp(found.theta[0])) if setting.independent else None
    own: dict[int, tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]] = {}
    for t, (k, (start, triangle)) in enumerate(zip(setting.order, terms_of(model, setting), strict=True)):
        lower = triangle.matrix(found.theta[start : start + triangle.size])
        relative = ready.scales.outcome**2 * (s2 if s2 is not None and k == setting.block else 1.0)
        unit = 1 / ready.scales.effects[k]
        names = factors[k].names
        held = [edge for edge in found.boundary if edge.term == t]
        own[k] = (
            relative * np.outer(unit, unit) * (lower @ lower.T),
            tuple(names[edge.effect] for edge in held if not edge.multiple),
            tuple(names[edge.effect] for edge in held if edge.multiple),
        )
    every = [own[k] for k in range(len(factors))]
    return RandomPart(
        factors=factors,
        covariances=tuple(each[0] for each in every),
        residual=None if s2 is None else s2 * ready.scales.outcome**2,
        at_zero=tuple(each[1] for each in every),
        multiples=tuple(each[2] for each in every),
        block=setting.block,
        information=information,
        informed=informed(model, found, information),
        model=model,
        optimum=found,
        blocks=blocks,
        scales=ready.scales,
        basis=ready.basis.back,
    )


def informed(model: Mixed, found: MixedOptimum, information: str) -> Informed:
    """Return what inference takes for known of the parameters.

    By the observed information, parameters at the boundary are held there. By the expected one, which is taken in
    variances and covariances, they are as uncertain as all others.
    """
    if information == "expected":
        straight = linear(model)
        at = state(straight, found.theta)
        slope = derived(straight, at)
        return Informed(straight, at, slope, np.linalg.inv(slope.expected))
    here = np.ix_(found.free, found.free)
    covariance = np.zeros_like(found.derived.observed)
    covariance[here] = np.linalg.inv(found.derived.observed[here])
    return Informed(model, found.at, found.derived, covariance)


def inference_of(part: RandomPart, ddf: str) -> Inference:
    """Return the method's inference on the coefficients of the formula."""
    model, at, slope, w = part.informed.model, part.informed.at, part.informed.derived, part.informed.covariance
    back = part.basis * part.scales.outcome
    phi = back @ at.phi @ back.T
    if ddf == "residual":
        return FixedDf(phi, float(model.within.n_rows - model.p))
    along = back @ at.phi
    slopes = -along @ slope.slopes @ along.T
    if ddf == "satterthwaite":
        return Satterthwaite(phi, slopes, w)
    added = adjustment(model, at, slope, w, bends=ddf == "kenward-roger")
    return KenwardRoger(phi + back @ added @ back.T, phi, slopes, w)


def as_fit(
    found: MixedData | RepeatedData,
    ready: Prepared,
    part: RandomPart,
    attempts: tuple[Attempt, ...],
    *,
    model: str,
    structure: str,
    covariance: pd.DataFrame,
    parameters: Mapping[str, float],
    method: str,
    warnings: tuple[str, ...],
    reml: bool,
    ddf: str,
    clock: list[float],
    group: str | None = None,
) -> Fit:
    """Return the fit in units of the data."""
    design, sample = found.design, found.sample
    loglik = loglik_of(part, ready, reml=reml)
    inference = inference_of(part, ddf)
    clock.append(perf_counter())
    participants = len(pd.unique(sample.participant))
    values = criteria(loglik, len(parameters), len(design.names), len(design.y), participants, reml=reml)
    kept = replace(attempts[-1], loglik=loglik, criteria=tuple(values.items()))
    return Fit(
        model=model,
        design=design,
        params=pd.Series(coefficients_of(part, ready), list(design.names)),
        inference=inference,
        ddf=ddf,
        sample=sample,
        loglik=loglik,
        reml=reml,
        structure=structure,
        covariance=covariance,
        covariance_parameters=pd.Series(dict(parameters)),
        method=method,
        group=group,
        attempts=(*attempts[:-1], kept),
        optimisation=record(part.optimum, np.diff(clock)),
        warnings=warnings,
        random=part,
    )


def coefficients_of(part: RandomPart, ready: Prepared) -> np.ndarray:
    """Return the coefficients of the formula (p,)."""
    return ready.basis.back @ (ready.guess + ready.scales.outcome * part.optimum.at.beta)


def loglik_of(part: RandomPart, ready: Prepared, *, reml: bool) -> float:
    """Return the log-likelihood in units of the data, with all constants."""
    free = part.model.within.n_rows - (part.model.p if reml else 0)
    own = part.optimum.at.loglik - free * np.log(ready.scales.outcome) + ready.log_weights
    return float(own - (ready.basis.log_det if reml else 0.0))


def method_text(part: RandomPart, kind: str, residual: str, ddf: str, sample: Sample, *, reml: bool) -> str:
    """Return the model in a sentence, for a footnote."""
    effects = "; ".join(f"{', '.join(factor.names)} by {factor.name}" for factor in part.factors)
    words = [
        f"{kind}, random effects: {effects}",
        residual,
        "weighted" if sample.weights is not None else "",
        "REML" if reml else "ML",
        f"{ddf} degrees of freedom",
    ]
    return ", ".join(word for word in words if word)


def warnings_of(design: Design, part: RandomPart, sample: Sample) -> tuple[str, ...]:
    """Return what a reader of any result should know."""
    unused = [
        f"no analysed row has {column} {', '.join(map(str, levels))}" for column, levels in design.unused_levels.items()
    ]
    return (*few_levels(part.factors, sample), *part.boundary, *unused)


def record(found: MixedOptimum, seconds: np.ndarray) -> Optimisation:
    """Return the optimiser's record with the time of each stage."""
    return Optimisation(
        iterations=found.optimum.iterations,
        gradient_norm=float(np.abs(found.optimum.point.gradient).max()),
        min_eigenvalue=found.optimum.min_eigenvalue,
        seconds=dict(zip(("formula", "sums", "optimiser", "df"), map(float, seconds), strict=True)),
    )
