"""From checked rows, or from their sums, to a fit of the mixed model for repeated measures and its inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np
import pandas as pd

from coxa.errors import NonConvergenceError
from coxa.models.covariance.spatial_exponential import fades_early
from coxa.models.covariance.structure import Structure
from coxa.models.design.matrix import orthonormal
from coxa.models.design.rows import check_memory, check_residuals, nearly_singular, never_together, steps_warning
from coxa.models.inference.kenward_roger import kenward_roger_adjustment
from coxa.models.inference.methods import (
    BetweenWithin,
    FixedDf,
    Inference,
    KenwardRoger,
    RobustSatterthwaite,
    Satterthwaite,
    between_within_df,
)
from coxa.models.inference.sandwich import sandwich
from coxa.models.mmrm.data import RepeatedData
from coxa.models.numerics.marginal_fit import USED_UP, Attempt, MarginalFit, left_over, moments
from coxa.models.numerics.pattern_sums import Pattern, Stack, patterns, stack, sums_of
from coxa.models.numerics.reml import first_derivatives, of_groups, second_sums, visit_times
from coxa.models.results.fit import Fit
from coxa.models.results.records import Optimisation, climb, ladder_text, measured, not_converged
from coxa.models.spec import MMRMSpec


@dataclass(frozen=True, slots=True)
class PlacedRows:
    """The analysed rows, for what sums do not hold: sandwich covariances and counted degrees of freedom.

    participant : (N,) integer codes
    patterns    : which rows belong to each pattern, in the order of the sums
    rows        : (N, p + 1) design and outcome as they went into the sums
    x           : (N, p) design of the formula
    names       : p names of its columns
    """

    participant: np.ndarray
    patterns: Sequence[Pattern]
    rows: np.ndarray
    x: np.ndarray
    names: Sequence[str]


def inference_of(
    ddf: str,
    vcov: str,
    sums: Stack,
    fitted: MarginalFit,
    structure: Structure,
    back: np.ndarray,
    placed: PlacedRows | None,
) -> Inference:
    """Return the method's inference on the coefficients of the formula.

    back   : (p, p) takes coefficients of the sums' design to those of the formula
    placed : None where there are sums alone; sandwich and between-within then cannot be had
    """
    if ddf.startswith("kenward-roger"):
        return kenward_roger(sums, fitted, structure, back, curvature=ddf == "kenward-roger")
    at = fitted.at
    robust = None
    if vcov != "model" and placed is not None:
        robust = sandwich(vcov, placed.patterns, placed.rows, at.beta, at.phi, at.inverse)
    covariance = back @ (at.phi if robust is None else robust.covariance) @ back.T
    if ddf == "residual":
        return FixedDf(covariance, float(sums.n_observations - sums.p))
    if ddf == "between-within" and placed is not None:
        intercept = np.array([name == "Intercept" for name in placed.names])
        return BetweenWithin(covariance, between_within_df(placed.participant, placed.x, intercept))
    if robust is not None:
        return RobustSatterthwaite(covariance, robust, back)
    return Satterthwaite(covariance, phi_slopes(fitted, back), fitted.theta_covariance)


def phi_slopes(fitted: MarginalFit, back: np.ndarray) -> np.ndarray:
    """Return the derivatives of Phi in the covariance parameters, shape (BK, p, p)."""
    along = back @ fitted.at.phi
    return -along @ fitted.derivatives.slopes @ along.T


def kenward_roger(
    sums: Stack, fitted: MarginalFit, structure: Structure, back: np.ndarray, *, curvature: bool
) -> KenwardRoger:
    """Return Kenward and Roger's inference, with the second derivatives of the covariance or without."""
    adjustment = kenward_roger_adjustment(
        sums,
        fitted.at,
        first_derivatives(sums, structure, fitted.theta),
        partial(second_sums, sums, structure, fitted.theta) if curvature else None,
        fitted.derivatives.slopes,
        fitted.theta_covariance,
    )
    phi = back @ fitted.at.phi @ back.T
    return KenwardRoger(phi + back @ adjustment @ back.T, phi, phi_slopes(fitted, back), fitted.theta_covariance)


def covariance_frame(fitted: MarginalFit, analysed: RepeatedData) -> pd.DataFrame:
    """Return the covariance over visits; with groups one under the other."""
    labels = list(analysed.labels)
    if analysed.group is None:
        return pd.DataFrame(fitted.covariance[0], labels, labels)
    index = pd.MultiIndex.from_product([analysed.group_labels, labels], names=["group", "visit"])
    return pd.DataFrame(fitted.covariance.reshape(-1, len(labels)), index, labels)


def named_parameters(sums: Stack, fitted: MarginalFit, structure: Structure, analysed: RepeatedData) -> pd.Series:
    """Return the parameters of the covariance by name; with groups each name begins with its group."""
    named = {
        f"{group}: {name}" if group else name: value
        for g, (group, own) in enumerate(zip(analysed.group_labels, of_groups(sums, fitted.theta), strict=True))
        for name, value in structure.parameters(own, visit_times(sums, g), analysed.labels).items()
    }
    return pd.Series(named)


@dataclass(frozen=True, slots=True)
class Coordinates:
    """What takes results of sums to the formula: its design is theirs times the inverse of `back`.

    back    : (p, p) takes coefficients to those of the formula
    log_det : log |det| of the inverse of `back`
    origin  : (p,) coefficients of the formula that were taken off the outcome before it was summed
    """

    back: np.ndarray
    log_det: float
    origin: np.ndarray


def fit_rows(analysed: RepeatedData, spec: MMRMSpec, *, started: float) -> Fit:
    """Fit checked rows; `started` says when the formula was begun."""
    design, clock = analysed.design, [started]
    basis = orthonormal(design.x, design.names)
    clock.append(perf_counter())

    guess = basis.q.T @ design.y
    scale = np.ones(len(design.y)) if analysed.weights is None else np.sqrt(analysed.weights)
    left = design.y - basis.q @ guess
    check_residuals(float(left.std()), float(np.abs(design.y).max()))
    rows = np.column_stack([basis.q, left]) * scale[:, None]
    own_times = None if analysed.visit_times is not None else analysed.times
    alike = tuple(patterns(analysed.who, analysed.when, group=analysed.group, times=own_times))
    check_memory([len(pattern.visits) for pattern in alike], len(design.names))
    sums = stack((sums_of(pattern, rows) for pattern in alike), len(analysed.labels), analysed.visit_times)
    clock.append(perf_counter())

    placed = PlacedRows(analysed.who, alike, rows, design.x, design.names)
    log_weights = float(np.log(scale).sum())
    coordinates = Coordinates(basis.back, basis.log_det, basis.back @ guess)
    return fit_of_sums(analysed, sums, spec, coordinates, placed, log_weights=log_weights, clock=clock)


def fit_of_sums(
    analysed: RepeatedData,
    sums: Stack,
    spec: MMRMSpec,
    coordinates: Coordinates,
    placed: PlacedRows | None,
    *,
    log_weights: float,
    clock: list[float],
) -> Fit:
    """Fit sums of rows; `placed` is None where there are no rows any more.

    log_weights : sum of the logs of the roots of the weights
    clock       : when the formula was begun, when the sums, and when they were done
    """
    reml, ddf = spec.reml, str(spec.ddf)
    fitted, structure, tried = climb(sums, spec.ladder, reml=reml, labels=analysed.labels)
    if fitted is None:
        raise not_converged_on(analysed, sums, tried)
    clock = [*clock, perf_counter()]
    back = coordinates.back
    inference = inference_of(ddf, spec.vcov, sums, fitted, structure, back, placed)
    clock.append(perf_counter())

    loglik = fitted.at.loglik - (coordinates.log_det if reml else 0.0) + log_weights
    attempts = measured(tried, fitted, sums, loglik)
    return Fit(
        model="mmrm",
        design=analysed.design,
        params=pd.Series(coordinates.origin + back @ fitted.at.beta, list(analysed.design.names)),
        inference=inference,
        ddf=ddf,
        sample=analysed.sample,
        loglik=loglik,
        reml=reml,
        structure=structure.name,
        covariance=covariance_frame(fitted, analysed),
        covariance_parameters=named_parameters(sums, fitted, structure, analysed),
        method=method_text(structure, spec, len(analysed.labels)),
        spec=spec,
        vcov=spec.vcov,
        group=spec.group,
        attempts=attempts,
        optimisation=record(fitted, np.diff(clock)),
        warnings=tuple(
            warnings_of(analysed, structure, ladder_text(attempts), fitted, fading(sums, fitted, structure))
        ),
    )


def not_converged_on(analysed: RepeatedData, sums: Stack, attempts: Sequence[Attempt]) -> NonConvergenceError:
    """Return the error, with what was seen in the residuals and the visits of each group."""
    seen, free = [], left_over(sums)
    for g, (name, raw) in enumerate(zip(analysed.group_labels, moments(sums), strict=True)):
        in_group = sums.members(g)
        counts = np.einsum("s,sa,sb->ab", sums.n[in_group], sums.observed[in_group], sums.observed[in_group]).astype(
            int
        )
        used_up = [label for label, left in zip(analysed.labels, free[g], strict=True) if left < USED_UP]
        said = [
            *fitted_exactly(used_up),
            *(text for text in nearly_singular(raw, analysed.labels) if not used_up),
            *never_together(counts, analysed.labels),
        ]
        seen += [f"{name}: {text}" if name else text for text in said]
    return not_converged(attempts, seen)


def fitted_exactly(visits: Sequence[str]) -> list[str]:
    """Say at which visits the fixed effects leave nothing to a variance."""
    return [
        f"the fixed effects fit every value at visit '{visit}' exactly, so that nothing there is left for a variance. "
        "Leave the visit out (visits=[...]), or use a covariance with one variance for all visits."
        for visit in visits
    ]


def method_text(structure: Structure, spec: MMRMSpec, visits: int) -> str:
    """Return the model in a sentence, for a footnote; with one visit there is a variance and no covariance."""
    model = f"MMRM, {structure.long_name} covariance" if visits > 1 else "linear model of one visit, residual variance"
    parts = [
        model + (f" for each {spec.group}" if spec.group else ""),
        f"weighted by {spec.weights}" if spec.weights else "",
        "REML" if spec.reml else "ML",
        f"{spec.vcov} standard errors" if spec.vcov != "model" else "",
        f"{spec.ddf} degrees of freedom",
    ]
    return ", ".join(part for part in parts if part)


def fading(sums: Stack, fitted: MarginalFit, structure: Structure) -> str:
    """Say that a correlation over time fades before the next visit; empty where it does not."""
    if not structure.spatial or fitted.limit:
        return ""
    return fades_early(list(of_groups(sums, fitted.theta)), np.diff(np.sort(visit_times(sums, 0))))


def warnings_of(
    analysed: RepeatedData, structure: Structure, ladder: str, fitted: MarginalFit, fades: str
) -> list[str]:
    """Return what a reader of any result of this fit should know."""
    apart = steps_warning(structure, analysed.apart, analysed.sample.visit_column or "visit")
    said = (
        analysed.order_warning,
        apart,
        ladder,
        fitted.limit,
        fades,
        *analysed.design.unused_said,
        hardly_known(fitted),
    )
    return [text for text in said if text]


def hardly_known(fitted: MarginalFit) -> str:
    """Say of which parameters the data say less than one participant would; empty where there are none."""
    if fitted.known_from >= 1:
        return ""
    return (
        f"the data say less of {', '.join(fitted.least_known)} than one participant seen at every visit would "
        f"({fitted.known_from:.2g} of one): standard errors and degrees of freedom that depend on it are poorly known"
    )


def record(fitted: MarginalFit, seconds: np.ndarray) -> Optimisation:
    """Return the optimiser's record with the time of each stage."""
    return Optimisation(
        iterations=fitted.optimum.iterations,
        gradient_norm=float(np.abs(fitted.derivatives.gradient).max()),
        min_eigenvalue=fitted.optimum.min_eigenvalue,
        seconds=dict(zip(("formula", "sums", "optimiser", "df"), map(float, seconds), strict=True)),
    )
