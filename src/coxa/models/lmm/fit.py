"""From checked rows to the fit of a model with random effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import pandas as pd

from coxa.errors import FitError, NonConvergenceError
from coxa.models.design.matrix import Design
from coxa.models.inference.kenward_roger import adjustment
from coxa.models.inference.methods import FixedDf, Inference, KenwardRoger, Satterthwaite
from coxa.models.lmm.data import MixedData
from coxa.models.lmm.factors import RandomFactor
from coxa.models.lmm.random_part import Informed, RandomPart, named_variances
from coxa.models.lmm.rows import SLOPES, Prepared, Setting, block_of, built, not_apart, prepared, terms_of
from coxa.models.mmrm.data import RepeatedData
from coxa.models.numerics.marginal_fit import Attempt
from coxa.models.numerics.mixed.build import Blocks
from coxa.models.numerics.mixed.derivatives import derived
from coxa.models.numerics.mixed.likelihood import Mixed, linear
from coxa.models.numerics.mixed.search import VANISHED_TEXT, MixedOptimum, optimum_of
from coxa.models.numerics.mixed.starts import starts
from coxa.models.options import few_levels, hardly_repeated
from coxa.models.results.fit import Fit
from coxa.models.results.records import Optimisation, Sample, criteria, ladder_text
from coxa.models.spec import LMMSpec, MMRMSpec

FAR = 30.0
"""Mean of a covariate over its standard deviation from which the intercept at 0 says nothing of the data."""

RESIDUAL = pd.Index(["residual"])


def fit_independent(analysed: MixedData, spec: LMMSpec, *, clock: list[float]) -> Fit:
    """Fit rows with independent residuals; `clock` says when the formula was begun and done."""
    design, factors, sample = analysed.design, analysed.factors, analysed.sample
    setting = Setting(factors, block_of(factors), None, None)
    ready = prepared(design, factors, analysed.weights)
    clock.append(perf_counter())
    model, blocks = built(setting, ready, reml=spec.reml)
    clock.append(perf_counter())
    optimum, tried = optimum_of(model, starts(model), terms_of(model, setting))
    if (optimum is None or optimum.boundary) and (said := flat_in(setting, model)):  # else its curvature tells them
        raise FitError(
            f"formula '{spec.formula}': {said}", [*(text for one in factors for text in too_many(one)), *SLOPES]
        )
    attempts = tuple(Attempt("independent residuals", start, failure) for start, failure in tried)
    if optimum is None:
        raise not_proven(attempts, setting)
    clock.append(perf_counter())
    part = random_part(setting, ready, model, optimum, blocks, str(spec.information))
    residual = float(part.residual or np.nan)
    return as_fit(
        analysed,
        part,
        attempts,
        spec,
        structure="independent",
        covariance=pd.DataFrame(np.array([[residual]]), RESIDUAL, RESIDUAL),
        parameters=named_variances(part),
        method=method_text(part, "linear mixed model", "independent residuals", str(spec.ddf), sample, reml=spec.reml),
        warnings=warnings_of(design, part, sample),
        clock=clock,
    )


def flat_in(setting: Setting, model: Mixed) -> str:
    """Say which variances cannot be told apart; empty if all can, or if slopes are too far from zero to see it."""
    return "" if any(far_from_zero(factor) for factor in setting.factors) else not_apart(setting, model)


def not_proven(attempts: Sequence[Attempt], setting: Setting) -> NonConvergenceError:
    """Return the error that says what was tried, and what else to look at."""
    factors = setting.factors
    said = "; ".join(f"{each.structure} from {each.start}: {each.failure}" for each in attempts)
    perfect = ["look whether the outcome was computed from the columns of the formula"]
    return NonConvergenceError(
        f"no proven optimum of the likelihood. Tried: {said or 'a visit has no variance at all'}",
        [
            *(perfect if VANISHED_TEXT in said else []),
            *(text for factor in factors for text in (*too_many(factor), *far_from_zero(factor))),
            "Leave out the random effect that the data say least of, such as a slope with few visits.",
            "Use independent effects in place of correlated ones: || in place of |.",
            "Look for a factor whose levels the fixed effects or other factors tell apart already.",
            "Look for a factor within whose levels the outcome does not vary.",
        ],
    )


def too_many(factor: RandomFactor) -> list[str]:
    """Say where there are as many correlated effects of a factor as rows."""
    effects = len(factor.labels) * max(factor.parts)
    if max(factor.parts) == 1 or effects < len(factor.codes):
        return []
    return [
        f"{len(factor.codes)} rows are few for {effects} correlated effects of {factor.name}, which leave nothing to a "
        "residual; use fewer effects, or fit_mmrm with an unstructured covariance"
    ]


def far_from_zero(factor: RandomFactor) -> list[str]:
    """Say where the values of a slope are far from zero, where its intercept is."""
    there = factor.effects[factor.codes >= 0]
    middle, sd = there.mean(axis=0), there.std(axis=0)
    return [
        f"values of {name} lie about {m:.4g}, far from 0, where the intercept of {factor.name} is; use "
        f"center({name}) in the formula"
        for name, m, s in zip(factor.names, middle, sd, strict=True)
        if name.isidentifier() and 0 < FAR * s < abs(m)
    ]


def random_part(
    setting: Setting,
    ready: Prepared,
    model: Mixed,
    optimum: MixedOptimum,
    blocks: Blocks | None,
    information: str,
    residual_names: tuple[tuple[str, ...], ...] = (),
) -> RandomPart:
    """Return the random part in units of the data."""
    factors = setting.factors
    s2 = float(np.exp(optimum.theta[0])) if setting.independent else None
    own: dict[int, tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]] = {}
    for t, (k, (start, cholesky)) in enumerate(zip(setting.order, terms_of(model, setting), strict=True)):
        lower = cholesky.matrix(optimum.theta[start : start + cholesky.size])
        relative = ready.size**2 * (s2 if s2 is not None and k == setting.block else 1.0)
        unit = 1 / ready.sizes[k]
        names = factors[k].names
        held = [edge for edge in optimum.boundary if edge.term == t]
        own[k] = (
            relative * np.outer(unit, unit) * (lower @ lower.T),
            tuple(names[edge.effect] for edge in held if not edge.multiple),
            tuple(names[edge.effect] for edge in held if edge.multiple),
        )
    every = [own[k] for k in range(len(factors))]
    return RandomPart(
        setting=setting,
        ready=ready,
        covariances=tuple(each[0] for each in every),
        residual=None if s2 is None else s2 * ready.size**2,
        at_zero=tuple(each[1] for each in every),
        multiples=tuple(each[2] for each in every),
        residual_names=residual_names,
        information=information,
        informed=informed(model, optimum, information),
        model=model,
        optimum=optimum,
        blocks=blocks,
    )


def informed(model: Mixed, optimum: MixedOptimum, information: str) -> Informed:
    """Return what inference takes for known of the parameters.

    By the observed information, parameters at the boundary are held there. By the expected one, which is taken in
    variances and covariances, they are as uncertain as all others.
    """
    if information == "expected":
        straight = linear(model)
        slope = derived(straight, optimum.at)
        known, covariance = optimum.limited, np.zeros_like(slope.expected)
        try:
            covariance[np.ix_(~known, ~known)] = np.linalg.inv(slope.expected[np.ix_(~known, ~known)])
            return Informed(straight, optimum.at, slope, covariance)
        except np.linalg.LinAlgError:
            raise FitError(
                "the expected information on the variances is singular: two of them cannot be distinguished",
                ["Look for a factor whose levels other factors tell apart already.", "Use information='observed'."],
            ) from None
    return Informed(model, optimum.at, optimum.derived, optimum.covariance)


def inference_of(part: RandomPart, ddf: str) -> Inference:
    """Return the method's inference on the coefficients of the formula."""
    model, at, slope, w = part.informed.model, part.informed.at, part.informed.derived, part.informed.covariance
    back = part.ready.basis.back * part.ready.size
    phi = back @ at.phi @ back.T
    if ddf == "residual":
        return FixedDf(phi, float(model.within.n_rows - model.p))
    along = back @ at.phi
    slopes = -along @ slope.slopes @ along.T
    if ddf == "satterthwaite":
        return Satterthwaite(phi, slopes, w)
    added = adjustment(model, at, slope, w, curvature=ddf == "kenward-roger")
    return KenwardRoger(phi + back @ added @ back.T, phi, slopes, w)


def as_fit(
    analysed: MixedData | RepeatedData,
    part: RandomPart,
    attempts: tuple[Attempt, ...],
    spec: MMRMSpec | LMMSpec,
    *,
    structure: str,
    covariance: pd.DataFrame,
    parameters: Mapping[str, float],
    method: str,
    warnings: tuple[str, ...],
    clock: list[float],
) -> Fit:
    """Return the fit in units of the data; `spec` has the degrees of freedom and the information that are used."""
    design, sample, reml, ddf = analysed.design, analysed.sample, spec.reml, str(spec.ddf)
    loglik = loglik_of(part, reml=reml)
    inference = inference_of(part, ddf)
    clock.append(perf_counter())
    participants = len(pd.unique(sample.participant))
    values = criteria(loglik, len(parameters), len(design.names), len(design.y), participants, reml=reml)
    tried = (*attempts[:-1], replace(attempts[-1], loglik=loglik, criteria=tuple(values.items())))
    return Fit(
        model="mmrm" if isinstance(spec, MMRMSpec) else "lmm",
        spec=spec,
        design=design,
        params=pd.Series(coefficients_of(part), list(design.names)),
        inference=inference,
        ddf=ddf,
        sample=sample,
        loglik=loglik,
        reml=reml,
        structure=structure,
        covariance=covariance,
        covariance_parameters=pd.Series(dict(parameters)),
        method=method,
        group=spec.group if isinstance(spec, MMRMSpec) else None,
        attempts=tried,
        optimisation=record(part.optimum, np.diff(clock)),
        warnings=tuple(text for text in (*warnings, ladder_text(tried)) if text),
        random=part,
    )


def coefficients_of(part: RandomPart) -> np.ndarray:
    """Return the coefficients of the formula (p,)."""
    ready = part.ready
    return ready.basis.back @ (ready.guess + ready.size * part.optimum.at.beta)


def loglik_of(part: RandomPart, *, reml: bool) -> float:
    """Return the log-likelihood in units of the data, with all constants."""
    ready = part.ready
    free = part.model.within.n_rows - (part.model.p if reml else 0)
    own = part.optimum.at.loglik - free * np.log(ready.size) + ready.log_weights
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


def warnings_of(design: Design, part: RandomPart, sample: Sample, *said: str) -> tuple[str, ...]:
    """Return what a reader of any result should know, and what else is said unless it is empty."""
    levels = (*few_levels(part.factors, sample), *hardly_repeated(part.factors))
    return tuple(text for text in (*levels, *part.boundary, *said, *design.unused_said) if text)


def record(ended: MixedOptimum, seconds: np.ndarray) -> Optimisation:
    """Return the optimiser's record with the time of each stage."""
    return Optimisation(
        iterations=ended.optimum.iterations,
        gradient_norm=float(np.abs(ended.optimum.point.gradient).max()),
        min_eigenvalue=ended.optimum.min_eigenvalue,
        seconds=dict(zip(("formula", "sums", "optimiser", "df"), map(float, seconds), strict=True)),
    )
