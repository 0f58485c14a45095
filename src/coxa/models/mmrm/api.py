"""The mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import pandas as pd

from coxa.covariances import Covariance
from coxa.errors import OptionError
from coxa.frames import ColumnarFrame, as_pandas
from coxa.models.design.formula import read_terms
from coxa.models.design.rows import check_frame
from coxa.models.lmm.data import check_outcome, used_by, with_own_level
from coxa.models.lmm.factors import check_not_fixed, random_factors
from coxa.models.lmm.structured import fit_repeated
from coxa.models.mmrm.chunks.fit import fit_chunks
from coxa.models.mmrm.data import repeated_data
from coxa.models.mmrm.fit import fit_rows
from coxa.models.numerics.one_thread import one_thread
from coxa.models.options import CovarianceMethod, DfMethod, Information, chosen_ddf, chosen_information
from coxa.models.results.fit import Fit
from coxa.models.spec import MMRMSpec


def fit_mmrm(
    formula: str,
    data: pd.DataFrame | Iterable[pd.DataFrame],
    *,
    participant: str = "participant_id",
    visit: str = "visit",
    covariance: Covariance | str | Sequence[str] = "us",
    group: str | None = None,
    weights: str | None = None,
    time: str | None = None,
    reml: bool = True,
    ddf: DfMethod | None = None,
    vcov: CovarianceMethod = "model",
    visits: Sequence[Any] | None = None,
    levels: Mapping[str, Sequence[Any]] | None = None,
    partially_nested: Mapping[str, str] | None = None,
    information: Information | None = None,
) -> Fit:
    """Fit a mixed model for repeated measures: one covariance over the visits of a participant.

    Random effects of factors above the participants (therapist, clinic, group class) may stand in the formula beside
    it: ``change ~ arm * visit + (1 | therapist)``.

    Rows with a gap in a column that the formula uses are left out and listed in ``fit.left_out``; a
    participant counts with the rest of his or her rows (missing at random).

    Parameters
    ----------
    formula : str
        ``change ~ baseline * visit + arm * visit``; see `coxa.models.design.formula`. The visit is a factor in it.
        Random effects are written as in `coxa.models.fit_lmm`.
    data : DataFrame, or iterable of DataFrames
        One row per participant and visit. Not changed. Chunks are summed one after the other and never held together;
        the rows of a participant must be next to each other, and may go on in the next chunk.
    participant, visit : str
        Columns that say whose row it is, and of which visit.
    covariance : str or sequence of str
        Structure (`coxa.models.covariance.STRUCTURES`), or a ladder of structures that are tried in order until one
        is fitted. SAS's words and long names, such as "UN" and "unstructured", are understood.
    group : str, optional
        Column whose levels have a covariance each, with the same structure: the arm, or another factor.
    weights : str, optional
        Column of weights of the rows, above 0: the variance of a row is that of its visit over its weight.
    time : str, optional
        Column of the time of each row, for ``sp_exp`` and ``sp_exp_nugget``; it may differ between participants. A
        correlation of neighbours is given for one unit of it.
    reml : bool
        Restricted likelihood (the default), or the full one.
    ddf : {"satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"}
        Degrees of freedom, and whether the covariance of the coefficients is adjusted. By default satterthwaite; with
        a factor of fewer than ten levels above the participants kenward-roger-linear.
    vcov : {"model", "CR0", "CR2", "CR3"}
        Covariance of the coefficients: by the model, or a sandwich over participants, plain (CR0), bias-reduced (CR2)
        or jackknife (CR3).
    visits : sequence, optional
        The visits to analyse, in order; others are left out. By default all: in the order of the categories,
        else sorted.
    levels : mapping, optional
        Levels of factors, the reference first, where chunks do not tell: those of a text column in a source that can be
        read once only. By default the categories of the first chunk, else what a first reading finds, sorted.
    partially_nested, information
        As in `coxa.models.fit_lmm`; they belong to random effects.

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
    started = perf_counter()
    spec = MMRMSpec(
        formula=formula,
        participant=participant,
        visit=visit,
        covariance=covariance,
        group=group,
        weights=weights,
        time=time,
        reml=reml,
        ddf=ddf,
        vcov=vcov,
        visits=visits,
        levels=levels,
        partially_nested=partially_nested,
        information=information,
    )
    if not isinstance(data, pd.DataFrame) and isinstance(data, ColumnarFrame):
        data = as_pandas(data)
    with one_thread():
        if spec.random:
            return fit_with_random(spec, data, clock=[started])
        if not isinstance(data, pd.DataFrame):
            if isinstance(data, (Mapping, str, pd.Series)) or not isinstance(data, Iterable):
                check_frame(data)
            return fit_chunks(spec, data)
        check_no_levels(spec.levels)
        return fit_rows(repeated_data(spec, data), spec, started=started)


def check_no_levels(levels: Mapping[str, Sequence[Any]] | None) -> None:
    """Raise OptionError where levels are given with one data frame."""
    if levels is not None:
        raise OptionError("`levels` is for chunks. Make the column of a data frame categorical.")


def fit_with_random(spec: MMRMSpec, data: pd.DataFrame | Iterable[pd.DataFrame], *, clock: list[float]) -> Fit:
    """Fit the model; the errors are those of `coxa.models.fit_mmrm`, and `clock` says when it began.

    Raises
    ------
    OptionError
        Rows come in chunks, or what belongs to chunks is asked for.
    """
    if not isinstance(data, pd.DataFrame):
        raise OptionError(
            "Random effects need the rows as one data frame, and these are chunks. Give one data frame, or leave "
            "the random effects out."
        )
    check_no_levels(spec.levels)
    formula = spec.formula
    terms = read_terms(formula, spec.random, [str(name) for name in data.columns])
    table, without = with_own_level(data, terms, spec.partially_nested)
    analysed = repeated_data(spec, table, also=used_by(terms))
    design = replace(analysed.design, formula=replace(analysed.design.formula, text=formula))
    analysed = replace(analysed, design=design)
    check_outcome(design, terms)
    factors = random_factors(formula, terms, data.loc[design.complete], without)
    check_not_fixed(formula, factors, design.terms, design.levels)
    method = chosen_ddf(spec.ddf, "kenward-roger-linear", factors, analysed.sample, reml=spec.reml)
    chosen = replace(spec, ddf=method, information=chosen_information(spec.information, method))
    return fit_repeated(analysed, factors, chosen, clock=clock)
