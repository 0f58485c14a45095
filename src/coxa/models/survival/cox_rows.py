"""Cox's model by a formula and a frame: which rows are analysed, and what is refused of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import FitError, OptionError, not_allowed
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.design.rows import check_cells, check_frame, check_unique
from coxa.models.survival.cox import fit_cox_arrays
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.specs import Correction, CoxSpec, SurvivalSpec

FEW_CLUSTERS = 20
"""Clusters below which a sandwich without a correction is known to be too small."""


@kinds(data=FRAME)
def fit_cox(
    formula: str,
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    start: str | None = None,
    strata: str | Sequence[str] | None = None,
    cluster: str | None = None,
    ties: Literal["efron", "breslow"] = "efron",
    participant: str = "participant_id",
    correction: Correction = "none",
) -> CoxFit:
    """Fit Cox's model of proportional hazards.

    Parameters
    ----------
    formula : str
        Terms without a left side: ``arm + baseline``; see `coxa.models.design.formula`.
    data : DataFrame
        One row per participant, or with `start` one row per time at risk. Not changed; rows without a value that is
        needed are left out, and are in `left_out`.
    time, event : str
        Columns: time to the event or to censoring; 1 or true for an event, 0 or false for a censored time.
    start : str, optional
        Column: after which time a row is at risk, so that it is at risk in (start, time]. Covariates that change have
        one row for each of their values.
    strata : str or sequence of str, optional
        Columns whose combinations have a baseline hazard each.
    cluster : str, optional
        Column of clusters, such as participants with several rows: the variance is then robust (Lin and Wei).
    ties : {"efron", "breslow"}
        How events at the same time are handled.
    participant : str
        Column that says whose row it is.
    correction : {"none", "leverage"}
        Of a robust variance for few clusters: none, as in R and SAS, or each cluster's score over one less its share of
        the information (Mancl and DeRouen).

    Returns
    -------
    CoxFit
        With a gradient that is zero, and a Hessian that is positive definite.

    Raises
    ------
    MonotoneLikelihoodError
        A hazard ratio is zero or infinite.
    RankDeficientError, EmptyCellError
        Coefficients that cannot be estimated.
    DataError, FitError
        A participant is at risk twice at the same time, or has several rows without `start` and `cluster`.
    OptionError
        An option, a column, or a part of the formula is not allowed.

    Examples
    --------
    >>> d = pd.DataFrame({"day": [6, 7, 9, 10, 13, 15], "flare": [1, 0, 1, 1, 1, 0], "arm": list("ababab")})
    >>> fit_cox("arm", d, time="day", event="flare").tidy().round(3).loc[0, ["hazard_ratio", "std_error"]].tolist()
    [0.274, 1.166]
    """
    spec = CoxSpec(
        formula=formula,
        time=time,
        event=event,
        start=start,
        strata=strata,
        cluster=cluster,
        ties=ties,
        participant=participant,
        correction=correction,
    )
    return fitted(spec, check_frame(data))


def fitted(spec: CoxSpec, data: pd.DataFrame, asked: SurvivalSpec | None = None) -> CoxFit:
    """Fit the model of a record of options; `asked` is the record that is kept, where it is another."""
    design, x, names, terms = covariates_of(spec.formula, data, spec.time, needed(spec))
    rows = data.loc[design.complete]
    check_rows(spec, data, design.complete)
    fit = fit_cox_arrays(
        rows[spec.time],
        events_of(rows[spec.event], spec.event),
        pd.DataFrame(x, columns=list(names)),
        start=None if spec.start is None else rows[spec.start],
        strata=None if not spec.strata else labels_of(rows, spec.strata),
        cluster=None if spec.cluster is None else labels_of(rows, [spec.cluster]),
        ties=spec.ties,  # type: ignore[arg-type]
        correction=spec.correction,  # type: ignore[arg-type]
    )
    warnings = (*design.unused_said, *few_clusters(fit.clusters, spec.correction), *repeated(spec, rows))
    warnings = (*warnings, *without_spread(fit))
    return replace(fit, terms=terms, spec=asked or spec, design=design, warnings=warnings)


def needed(spec: CoxSpec) -> list[str]:
    """Return the columns that an analysed row must have in addition to those of the formula."""
    named = [spec.event, spec.start, spec.cluster, *(spec.strata or ())]
    return [each for each in named if each is not None]


def covariates_of(
    formula: str, data: pd.DataFrame, response: str, also: Sequence[str]
) -> tuple[Design, np.ndarray, tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Return the design of the terms of a formula without its intercept: matrix, names, and positions by term."""
    for column in (response, *also):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    stand_in = response if response.isidentifier() else "_time"
    frame = data if stand_in == response else data.assign(_time=data[response])
    design = design_matrix(f"{stand_in} ~ {formula}", frame, also=also)
    check_cells(design)
    return design, *without_intercept(design)


def without_intercept(design: Design) -> tuple[np.ndarray, tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Return the columns of a design but for its intercept: matrix, names, and positions by term."""
    keep = [k for k, name in enumerate(design.names) if name != "Intercept"]
    place = {old: new for new, old in enumerate(keep)}
    terms = {name: tuple(place[k] for k in where) for name, where in design.terms.items() if name != "Intercept"}
    return design.x[:, keep], tuple(design.names[k] for k in keep), terms


def events_of(values: pd.Series, name: str) -> np.ndarray:
    """Return events as 0 and 1, or refuse what is neither."""
    numbers = pd.to_numeric(values, errors="coerce") if values.dtype == object else values
    events = numbers.to_numpy(dtype=float)
    wrong = values[~np.isin(events, (0, 1))]
    if len(wrong):
        raise OptionError(
            f"`{name}` has values other than 0 and 1, such as {wrong.iloc[0]!r} in {len(wrong)} rows. Give 1 for an "
            "event and 0 for a censored time."
        )
    return events.astype(int)


def labels_of(rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return the number of the combination of some columns for each row."""
    return rows.groupby(list(columns), sort=True, observed=True).ngroup().to_numpy()


def check_rows(spec: CoxSpec, data: pd.DataFrame, complete: np.ndarray) -> None:
    """Refuse rows of one participant that are at risk together within a stratum."""
    if spec.participant not in data.columns:
        return
    keys = [spec.participant, *(spec.strata or ())]
    if spec.start is None:
        if spec.cluster is None:
            check_unique(data, complete, keys)
        return
    rows = data.loc[complete].sort_values([*keys, spec.start, spec.time], kind="stable")
    who = labels_of(rows, keys)
    start, end = (rows[name].to_numpy() for name in (spec.start, spec.time))
    clash = np.flatnonzero((who[1:] == who[:-1]) & (start[1:] < end[:-1]))
    if len(clash):
        k = clash[0]
        raise FitError(
            f"{len(clash)} times at risk begin before the one before has ended: {spec.participant} "
            f"{rows[spec.participant].iloc[k]} is at risk from {start[k]:g} to {end[k]:g} and from {start[k + 1]:g}",
            [f"Correct `{spec.start}` and `{spec.time}` of these rows.", "Give `strata` for several kinds of events."],
        )


def few_clusters(clusters: int | None, correction: str) -> tuple[str, ...]:
    """Say that a sandwich is of few clusters."""
    if clusters is None or clusters >= FEW_CLUSTERS or correction != "none":
        return ()
    return (f"the robust variance is of {clusters} clusters, without a correction for few, and may be too small",)


def without_spread(fit: CoxFit) -> tuple[str, ...]:
    """Say that a robust variance is zero, which is no estimate."""
    if not np.isnan(fit.se).any():
        return ()
    alike = f"the {fit.clusters} clusters are alike" if fit.clusters else "the variance is zero"
    return (f"no estimate of the spread: {alike}, so that there is neither an interval nor a test",)


def repeated(spec: CoxSpec, rows: pd.DataFrame) -> tuple[str, ...]:
    """Say that participants have several events and a variance that takes these as independent."""
    if spec.cluster is not None or spec.participant not in rows.columns:
        return ()
    if not rows[spec.participant].duplicated().any():
        return ()
    several = int((rows.groupby(spec.participant, observed=True)[spec.event].sum() > 1).sum())
    if not several:
        return ()
    return (f"participants with several events: {several}; without `cluster` the variance takes these as independent",)
