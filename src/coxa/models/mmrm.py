"""The mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import NonConvergenceError, OptionError
from coxa.models.covariance import structure_named
from coxa.models.covariance.structure import Structure
from coxa.models.covariance_words import covariance_frame, named_parameters
from coxa.models.fit import Fit
from coxa.models.fit_records import Optimisation
from coxa.models.inference import check_ddf
from coxa.models.ladder import climb, ladder_text, measured, not_converged
from coxa.models.mmrm_data import RepeatedData, repeated_data
from coxa.models.mmrm_inference import PlacedRows, inference_of
from coxa.models.numerics.marginal_fit import Attempt, MarginalFit
from coxa.models.numerics.one_thread import one_thread
from coxa.models.numerics.pattern_sums import sums_of
from coxa.models.numerics.patterns import patterns
from coxa.models.numerics.stack import Stack, stack
from coxa.models.numerics.starts import moments
from coxa.models.orthonormal import orthonormal
from coxa.models.repeated_rows import nearly_singular, never_together


def fit_mmrm(
    formula: str,
    data: pd.DataFrame | Iterable[pd.DataFrame],
    *,
    participant: str = "participant_id",
    visit: str = "visit",
    covariance: str | Sequence[str] = "us",
    group: str | None = None,
    weights: str | None = None,
    time: str | None = None,
    reml: bool = True,
    ddf: str = "satterthwaite",
    vcov: str = "model",
    visits: Sequence[Any] | None = None,
    levels: Mapping[str, Sequence[Any]] | None = None,
) -> Fit:
    """Fit a mixed model for repeated measures: one covariance over the visits, no random effects.

    Rows with a gap in a column that the formula uses are left out and listed in ``fit.left_out``; a
    participant counts with the rest of his or her rows (missing at random).

    Parameters
    ----------
    formula : str
        ``change ~ baseline * visit + arm * visit``; see `coxa.models.formula`. The visit is a factor in it.
    data : DataFrame, or iterable of DataFrames
        One row per participant and visit. Not changed. Chunks are summed one after the other and never held together;
        the rows of a participant must be next to each other, and may go on in the next chunk.
    participant, visit : str
        Columns that say whose row it is, and of which visit.
    covariance : str or sequence of str
        Structure (`coxa.models.covariance.STRUCTURES`), or a ladder of structures that are tried in order until one
        is fitted. SAS's words are understood.
    group : str, optional
        Column whose levels have a covariance each, with the same structure: the arm, or another factor.
    weights : str, optional
        Column of weights of the rows, above 0: the variance of a row is that of its visit over its weight.
    time : str, optional
        Column of the time of each row, for ``sp_exp``; it may differ between participants. A correlation of neighbours
        is given for one unit of it.
    reml : bool
        Restricted likelihood (the default), or the full one.
    ddf : {"satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"}
        Degrees of freedom, and whether the covariance of the coefficients is adjusted.
    vcov : {"model", "CR0", "CR2", "CR3"}
        Covariance of the coefficients: by the model, or a sandwich over participants, plain (CR0), bias-reduced (CR2)
        or jackknife (CR3).
    visits : sequence, optional
        The visits to analyse, in order; others are left out. By default all: in the order of the categories,
        else sorted.
    levels : mapping, optional
        Levels of factors, the reference first, where chunks do not tell: those of a text column in a source that can be
        read once only. By default the categories of the first chunk, else what a first reading finds, sorted.

    Returns
    -------
    Fit
        Of chunks, without rows: no residuals, no influence, no sandwich.

    Raises
    ------
    OptionError
        An option, a column, or a part of the formula is not allowed.
    DataError
        Rows without participant or visit, or two rows for one participant and visit; a weight that is not above 0, a
        time that is no number or comes twice, a participant in two groups.
    EmptyCellError, RankDeficientError
        A factor has no data at a visit with which it interacts; fixed effects that cannot be estimated.
    NonConvergenceError
        No structure has a proven optimum; what was tried is in the message.
    FitError
        Too few participants, or an outcome without variance.

    Notes
    -----
    Sources: Mallinckrodt et al., Drug Information Journal 2008, 42:303-319, for the model; the computation is
    described in docs/methods/mmrm.md.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(40), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 40})
    >>> d["change"] = rng.normal(size=40)[who] + rng.normal(size=80)
    >>> fit_mmrm("change ~ visit", d).n_participants
    40
    """
    ladder = [structure_named(word) for word in ([covariance] if isinstance(covariance, str) else covariance)]
    check_ddf(ddf, vcov, reml=reml)
    started = perf_counter()
    with one_thread():
        if not isinstance(data, pd.DataFrame):
            from coxa.models.chunks import fit_chunks  # chunks are fitted by what is below

            return fit_chunks(
                formula,
                data,
                ladder,
                participant=participant,
                visit=visit,
                group=group,
                weights=weights,
                time=time,
                reml=reml,
                ddf=ddf,
                vcov=vcov,
                visits=visits,
                levels=levels,
            )
        if levels is not None:
            raise OptionError("levels are for chunks; in one data frame make the column categorical")
        found = repeated_data(
            formula,
            data,
            participant=participant,
            visit=visit,
            visits=visits,
            group=group,
            weights=weights,
            time=time,
        )
        check_ladder(ladder, len(found.labels), time)
        return fit_rows(found, ladder, reml=reml, ddf=ddf, vcov=vcov, group=group, weights=weights, started=started)


def fit_rows(
    found: RepeatedData,
    ladder: Sequence[Structure],
    *,
    reml: bool,
    ddf: str,
    vcov: str,
    group: str | None,
    weights: str | None,
    started: float,
) -> Fit:
    """Fit checked rows; the arguments are those of `fit_mmrm`, and when it began."""
    design, clock = found.design, [started]
    basis = orthonormal(design.x, design.names)
    clock.append(perf_counter())

    guess = basis.q.T @ design.y
    scale = np.ones(len(design.y)) if found.weights is None else np.sqrt(found.weights)
    rows = np.column_stack([basis.q, design.y - basis.q @ guess]) * scale[:, None]
    own_times = None if found.visit_times is not None else found.times
    alike = tuple(patterns(found.who, found.when, group=found.group, times=own_times))
    sums = stack((sums_of(pattern, rows) for pattern in alike), len(found.labels), found.visit_times)
    clock.append(perf_counter())

    placed = PlacedRows(found.who, alike, rows, design.x, design.names)
    log_weights = float(np.log(scale).sum())
    options = {"reml": reml, "ddf": ddf, "vcov": vcov, "group": group, "weights": weights}
    coordinates = Coordinates(basis.back, basis.log_det, basis.back @ guess)
    return fit_of_sums(found, sums, ladder, coordinates, placed, log_weights=log_weights, clock=clock, **options)


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


def fit_of_sums(
    found: RepeatedData,
    sums: Stack,
    ladder: Sequence[Structure],
    coordinates: Coordinates,
    placed: PlacedRows | None,
    *,
    reml: bool,
    ddf: str,
    vcov: str,
    group: str | None,
    weights: str | None,
    log_weights: float,
    clock: list[float],
) -> Fit:
    """Fit sums of rows; `placed` is None where there are no rows any more.

    log_weights : sum of the logs of the roots of the weights
    clock       : when the formula was begun, when the sums, and when they were done
    """
    fitted, structure, tried = climb(sums, ladder, reml=reml, labels=found.labels)
    if fitted is None:
        raise not_converged_on(found, sums, tried)
    clock = [*clock, perf_counter()]
    back = coordinates.back
    inference = inference_of(ddf, vcov, sums, fitted, structure, back, placed)
    clock.append(perf_counter())

    loglik = fitted.at.loglik - (coordinates.log_det if reml else 0.0) + log_weights
    attempts = measured(tried, fitted, sums, loglik)
    return Fit(
        model="mmrm",
        design=found.design,
        params=pd.Series(coordinates.origin + back @ fitted.at.beta, list(found.design.names)),
        inference=inference,
        ddf=ddf,
        sample=found.sample,
        loglik=loglik,
        reml=reml,
        structure=structure.name,
        covariance=covariance_frame(fitted, found),
        covariance_parameters=named_parameters(sums, fitted, structure, found),
        method=method_text(structure, ddf, vcov, group, weights, reml=reml),
        vcov=vcov,
        group=group,
        attempts=attempts,
        optimisation=record(fitted, np.diff(clock)),
        warnings=tuple(warnings_of(found, ladder_text(attempts))),
    )


def check_ladder(ladder: Sequence[Structure], m: int, time: str | None) -> None:
    """Raise OptionError where a structure lacks what it needs, or times are given that none looks at."""
    spatial = [structure.name for structure in ladder if structure.spatial]
    if spatial and time is None:
        raise OptionError(f"covariance '{spatial[0]}' looks at distances in time; name the column: time='week'")
    if time is not None and not spatial:
        names = ", ".join(structure.name for structure in ladder)
        raise OptionError(f"time='{time}' is used by covariance 'sp_exp' alone, not by {names}; leave it out")
    for structure in ladder:
        if m == 1 and structure.count(1) > 1:
            raise OptionError(f"covariance '{structure.name}' needs two visits or more; with one use 'us'")


def not_converged_on(found: RepeatedData, sums: Stack, attempts: Sequence[Attempt]) -> NonConvergenceError:
    """Return the error, with what was seen in the residuals and the visits of each group."""
    seen = []
    for g, (name, raw) in enumerate(zip(found.group_labels, moments(sums), strict=True)):
        mine = sums.members(g)
        counts = np.einsum("s,sa,sb->ab", sums.n[mine], sums.observed[mine], sums.observed[mine]).astype(int)
        said = [*nearly_singular(raw, found.labels), *never_together(counts, found.labels)]
        seen += [f"{name}: {text}" if name else text for text in said]
    return not_converged(attempts, seen)


def method_text(
    structure: Structure, ddf: str, vcov: str, group: str | None, weights: str | None, *, reml: bool
) -> str:
    """Return the model in a sentence, for a footnote."""
    parts = [
        f"MMRM, {structure.long_name} covariance" + (f" for each {group}" if group else ""),
        f"weighted by {weights}" if weights else "",
        "REML" if reml else "ML",
        f"{vcov} standard errors" if vcov != "model" else "",
        f"{ddf} degrees of freedom",
    ]
    return ", ".join(part for part in parts if part)


def warnings_of(found: RepeatedData, ladder: str) -> list[str]:
    """Return what a reader of any result of this fit should know."""
    unused = [
        f"no analysed row has {column} {', '.join(map(str, levels))}"
        for column, levels in found.design.unused_levels.items()
    ]
    return [text for text in (found.order_warning, ladder, *unused) if text]


def record(fitted: MarginalFit, seconds: np.ndarray) -> Optimisation:
    """Return the optimiser's record with the time of each stage."""
    return Optimisation(
        iterations=fitted.optimum.iterations,
        gradient_norm=float(np.abs(fitted.derivatives.gradient).max()),
        min_eigenvalue=fitted.optimum.min_eigenvalue,
        seconds=dict(zip(("formula", "sums", "optimiser", "df"), map(float, seconds), strict=True)),
    )
