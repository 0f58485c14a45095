"""The mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import NonConvergenceError
from coxa.models.covariance import structure_named
from coxa.models.covariance.structure import Structure
from coxa.models.design_matrix import Design, design_matrix
from coxa.models.fit import Fit
from coxa.models.fit_records import Optimisation, Sample
from coxa.models.inference import check_ddf, inference_of
from coxa.models.numerics.marginal_fit import Attempt, MarginalFit, fit_sums, moments
from coxa.models.numerics.pattern_sums import Stack, pattern_sums, stack
from coxa.models.orthonormal import orthonormal
from coxa.models.repeated_rows import (
    check_cells,
    check_enough,
    check_keys,
    check_unique,
    nearly_singular,
    never_together,
    together,
    visit_order,
)


def fit_mmrm(
    formula: str,
    data: pd.DataFrame,
    *,
    participant: str = "participant_id",
    visit: str = "visit",
    covariance: str | Sequence[str] = "us",
    reml: bool = True,
    ddf: str = "satterthwaite",
    visits: Sequence[Any] | None = None,
) -> Fit:
    """Fit a mixed model for repeated measures: one covariance over the visits, no random effects.

    Rows with a gap in a column that the formula uses are left out and listed in ``fit.left_out``; a
    participant counts with the rest of his or her rows (missing at random).

    Parameters
    ----------
    formula : str
        ``change ~ baseline * visit + arm * visit``; see `coxa.models.formula`. The visit is a factor in it.
    data : DataFrame
        One row per participant and visit. Not changed.
    participant, visit : str
        Columns that say whose row it is, and of which visit.
    covariance : str or sequence of str
        Structure, or a ladder of structures that are tried in order until one is fitted.
    reml : bool
        Restricted likelihood (the default), or the full one.
    ddf : {"satterthwaite", "kenward-roger", "kenward-roger-linear", "residual"}
        Degrees of freedom, and whether the covariance of the coefficients is adjusted.
    visits : sequence, optional
        The visits to analyse, in order; others are left out. By default all: in the order of the categories,
        else sorted.

    Returns
    -------
    Fit

    Raises
    ------
    OptionError
        An option, a column, or a part of the formula is not allowed.
    DataError
        Rows without participant or visit, or two rows for one participant and visit.
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
    words = [covariance] if isinstance(covariance, str) else list(covariance)
    ladder = [structure_named(word) for word in words]
    check_ddf(ddf, reml=reml)
    clock = [perf_counter()]

    check_keys(data, (participant, visit))
    order = visit_order(data[visit], visits)
    labels = [label_text(label) for label in order.labels]
    keep = data[visit].isin(order.labels).to_numpy()
    codes = pd.Index(order.labels).get_indexer(pd.Index(data[visit]))
    table = data.assign(**{visit: pd.Categorical.from_codes(codes, pd.Index(labels))})
    design = design_matrix(formula, table, keep=keep)
    check_unique(table, design.complete, (participant, visit))
    check_cells(design)
    basis = orthonormal(design.x, design.names)
    who = pd.factorize(data.loc[design.complete, participant])[0]
    when = codes[design.complete]
    check_enough(who, when, labels, design.y, len(design.names))
    clock.append(perf_counter())

    guess = basis.q.T @ design.y
    sums = stack(pattern_sums(who, when, basis.q, design.y - basis.q @ guess), len(labels))
    clock.append(perf_counter())

    times = np.arange(len(labels), dtype=float)
    fitted, structure, attempts = climb(sums, ladder, times, reml=reml)
    if fitted is None:
        unpaired = never_together(together(who, when, len(labels)), labels)
        raise not_converged(attempts, [*nearly_singular(moments(sums), labels), *unpaired])
    clock.append(perf_counter())

    inference = inference_of(ddf, sums, fitted, structure, times, basis.back)
    clock.append(perf_counter())

    likelihood_name = "REML" if reml else "ML"
    sample = Sample(
        participant_column=participant,
        visit_column=visit,
        participant=data.loc[design.complete, participant].to_numpy(),
        visit=np.asarray(labels, dtype=object)[when],
        visits=tuple(labels),
        left_out=rows_left_out(table, design, keep, participant, visit, data[visit]),
    )
    return Fit(
        model="mmrm",
        design=design,
        params=pd.Series(basis.back @ (guess + fitted.at.beta), list(design.names)),
        inference=inference,
        ddf=ddf,
        sample=sample,
        loglik=fitted.at.loglik - (basis.log_det if reml else 0.0),
        reml=reml,
        structure=structure.name,
        covariance=pd.DataFrame(fitted.covariance, labels, labels),
        covariance_parameters=pd.Series(structure.parameters(fitted.theta, times, labels)),
        method=f"MMRM, {structure.long_name} covariance, {likelihood_name}, {ddf} degrees of freedom",
        attempts=tuple(attempts),
        optimisation=record(fitted, np.diff(clock)),
        warnings=tuple(warnings_of(order.warning, design, structure, ladder)),
    )


def label_text(label: Any) -> str:
    """Return a visit's label as text, whole numbers without a decimal point."""
    if isinstance(label, float | np.floating) and float(label).is_integer():
        return str(int(label))
    return str(label)


def climb(
    sums: Stack, ladder: Sequence[Structure], times: np.ndarray, *, reml: bool
) -> tuple[MarginalFit | None, Structure, list[Attempt]]:
    """Fit the first structure of the ladder that has a proven optimum."""
    attempts: list[Attempt] = []
    for structure in ladder:
        fitted, tried = fit_sums(sums, structure, times, reml=reml)
        attempts += tried
        if fitted is not None:
            return fitted, structure, attempts
    return None, ladder[-1], attempts


def not_converged(attempts: Sequence[Attempt], seen: Sequence[str]) -> NonConvergenceError:
    """Return the error that says what was tried, what was seen in the data, and what else to look at."""
    tried = "; ".join(f"{a.structure} from {a.start}: {a.failure}" for a in attempts)
    return NonConvergenceError(
        f"no proven optimum of the likelihood. Tried: {tried or 'a visit has no variance at all'}",
        [
            *seen,
            "look for a visit that repeats another, or has hardly any variance or participants",
            "use a covariance with fewer parameters, as a declared ladder: covariance=['us', ...]",
            "leave terms with hardly any data out of the formula",
        ],
    )


def rows_left_out(
    table: pd.DataFrame, design: Design, keep: np.ndarray, participant: str, visit: str, labels: pd.Series
) -> pd.DataFrame:
    """Return every row that is not analysed: its label, participant, visit and the reason."""
    missing = design.left_out.set_index("row")["missing"]
    rows = np.flatnonzero(~design.complete)
    reasons = iter(missing + " is missing")
    return pd.DataFrame(
        {
            "row": table.index[rows],
            participant: table[participant].to_numpy()[rows],
            visit: [label_text(label) for label in labels.iloc[rows]],
            "reason": [next(reasons) if keep[row] else f"{visit} is not among those analysed" for row in rows],
        }
    )


def warnings_of(order: str, design: Design, structure: Structure, ladder: Sequence[Structure]) -> list[str]:
    """Return what a reader of any result of this fit should know."""
    said = [order] if order else []
    if structure is not ladder[0]:
        said.append(f"{ladder[0].name} covariance could not be fitted; {structure.name} was used, as declared")
    for column, levels in design.unused_levels.items():
        said.append(f"no analysed row has {column} {', '.join(map(str, levels))}")
    return said


def record(fitted: MarginalFit, seconds: np.ndarray) -> Optimisation:
    """Return the optimiser's record with the time of each stage."""
    return Optimisation(
        iterations=fitted.optimum.iterations,
        gradient_norm=float(np.abs(fitted.derivatives.gradient).max()),
        min_eigenvalue=fitted.optimum.min_eigenvalue,
        seconds=dict(zip(("formula", "sums", "optimiser", "df"), map(float, seconds), strict=True)),
    )
