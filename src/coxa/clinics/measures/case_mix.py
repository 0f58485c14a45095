"""The change of patients adjusted for the case mix, by clinic and therapist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.audit.casemix.nested import LEVELS, Level, NestedFit, fit_nested
from coxa.audit.casemix.sums import NestedSums
from coxa.clinics.audit import CaseMix
from coxa.clinics.measures.adjusted import (
    CLINICS,
    THERAPISTS,
    Means,
    adjusted,
    clinics_of,
    therapists_of,
    weighted_means,
)
from coxa.clinics.measures.design import SQUARED, Column, Design, design_of
from coxa.clinics.measures.expected import calibration, recovery
from coxa.clinics.measures.groups import NOT_RECORDED, grouped
from coxa.clinics.measures.model_sums import Weight, chosen, estimable, model_sums
from coxa.clinics.measures.reached import changed_sql
from coxa.episodes.episodes import Episodes
from coxa.errors import FitError
from coxa.study.audit.plan import CLINIC, THERAPIST

FEWEST = 30
"""Episodes below which no case-mix model is fitted."""

SPARE = 10
"""Episodes beyond the number of columns that a model needs."""


def case_mix(episodes: Episodes, outcome: str, weights: Weight | None = None, *, square: bool = True) -> CaseMix:
    """Adjust the change of an outcome for the case mix, and compare clinics and therapists.

    Parameters
    ----------
    episodes
        The episodes; those whose change is known (`changed_sql`) are in the model.
    outcome
        Of the plan.
    weights
        Of each episode, from `loss_weights`; for the column `weighted`.
    square
        Whether the intake score has a square besides.

    Returns
    -------
    CaseMix
        Without a model, for the reason in `without`, if there are fewer than 30 episodes or one clinic.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> day = pd.to_datetime("2025-01-07")
    >>> rows = pd.DataFrame({"clinic": ["A", "B"], "pain_intake": [7.0, 6.0], "pain_discharge": [3.0, 2.0]})
    >>> case_mix(episodes_of_frame(plan, rows.assign(intake_date=day, discharge_date=day)), "pain").without
    'The change of 0 episodes is known. A case-mix model needs 30 or more.'
    """
    full = design_of(episodes, outcome, square=square)
    if full.n < FEWEST:
        known = f"{full.n} episode is" if full.n == 1 else f"{full.n} episodes is"
        return _without(full, f"The change of {known} known. A case-mix model needs {FEWEST} or more.")
    sums = model_sums(episodes, full)
    kept = estimable(sums)
    if len(sums.clinics) < 2:
        return _without(full, "The change of patients is known in one clinic. A comparison needs two or more.", sums)
    if full.n < len(kept) + SPARE:
        why = f"The model has {len(kept)} columns for {full.n} episodes. It needs {SPARE} episodes more than columns."
        return _without(full, why, sums)
    design = replace(full, notes=_notes(full, kept))
    levels = levels_of(sums)
    try:
        fit = fit_nested(chosen(sums, kept), levels=levels)
        weighted = None
        if weights is not None:
            weighted = fit_nested(chosen(model_sums(episodes, design, weights), kept), levels=levels)
    except FitError as error:
        return _without(design, f"The case-mix model cannot be fitted: {error.message}.", sums)
    return _measured(episodes, design, fit, weighted)


def levels_of(sums: NestedSums) -> tuple[Level, ...]:
    """Return the levels that can be separated: therapists need several in a clinic, and several patients of one."""
    therapists = len(sums.therapists) > len(sums.clinics) and sums.n.max() > 1
    return LEVELS if therapists else ("clinic",)


def _measured(episodes: Episodes, design: Design, fit: NestedFit, weighted: NestedFit | None) -> CaseMix:
    """Return the record of a fitted model."""
    sums, sd = fit.sums, float(np.sqrt(fit.variances["patient"]))
    lost, means = _lost(episodes, design.outcome), Means(design.change, design.intake)
    clinics, spread = adjusted(clinics_of(fit, means), sd=sd, target=design.change, lost=lost[CLINIC,])
    if weighted is not None:
        clinics["weighted"] = clinics[CLINIC].map(weighted_means(weighted, design.change, by_therapist=False))
    therapists = pd.DataFrame(columns=list(THERAPISTS))
    if "therapist" in fit.levels:
        units = therapists_of(fit, means)
        therapists, _ = adjusted(units, sd=sd, target=design.change, lost=lost[CLINIC, THERAPIST])
        if weighted is not None:
            keys = pd.MultiIndex.from_frame(therapists[[CLINIC, THERAPIST]])
            values = weighted_means(weighted, design.change, by_therapist=True)
            therapists["weighted"] = values.reindex(keys).to_numpy()
    variances = fit.variances.drop([level for level in LEVELS if level not in fit.levels])
    assert spread is not None
    return CaseMix(
        n=sums.total,
        n_clinics=len(sums.clinics),
        n_therapists=len(sums.therapists) if "therapist" in fit.levels else 0,
        coefficients=_coefficients(design, fit),
        variances=pd.DataFrame(
            {"level": variances.index, "variance": variances.values, "share": (variances / variances.sum()).values}
        ),
        calibration=calibration(episodes, design, fit),
        clinics=clinics,
        therapists=therapists,
        target=design.change,
        phi=spread.phi,
        tau2=spread.tau2,
        p_value=spread.p_value,
        recovery=recovery(design, fit, episodes.plan.scale(design.outcome)),
        method=_method(episodes, design, fit, sd, [*_unseen(fit, lost[CLINIC,]), *_weighted_words(weighted)]),
    )


def _lost(episodes: Episodes, outcome: str) -> dict[tuple[str, ...], pd.DataFrame]:
    """Return the episodes of clinics and therapists that were due and whose change is not known."""
    sets: list[tuple[str, ...]] = [(CLINIC,), (CLINIC, THERAPIST)]
    return grouped(episodes, sets, {"lost": "COUNT(*)"}, f"eligible AND due AND NOT {changed_sql(outcome)}")


def _coefficients(design: Design, fit: NestedFit) -> pd.DataFrame:
    limits = fit.conf_int()
    estimates = fit.params.to_numpy().copy()
    estimates[0] += design.change  # the outcome was centred at its mean
    shift = estimates - fit.params.to_numpy()
    columns = _columns(design, fit)
    return pd.DataFrame(
        {
            "term": [column.term for column in columns],
            "level": [column.level for column in columns],
            "estimate": estimates,
            "std_error": fit.bse.to_numpy(),
            "conf_low": limits["conf_low"].to_numpy() + shift,
            "conf_high": limits["conf_high"].to_numpy() + shift,
        }
    )


def _columns(design: Design, fit: NestedFit) -> list[Column]:
    """Return the columns that are in the model."""
    own = {column.name: column for column in design.columns}
    return [own[str(name)] for name in fit.params.index]


def _notes(full: Design, kept: tuple[int, ...]) -> tuple[str, ...]:
    dropped = [column.name for k, column in enumerate(full.columns) if k not in kept]
    if not dropped:
        return full.notes
    return (*full.notes, f"Columns that are combinations of others are left out: {', '.join(dropped)}.")


def _method(episodes: Episodes, design: Design, fit: NestedFit, sd: float, further: list[str]) -> str:
    """Return how the numbers were reckoned, in words without the last full stop."""
    both = "therapist" in fit.levels
    columns = _columns(design, fit)
    terms = list(dict.fromkeys(column.term for column in columns[1:]))
    squared = any(column.level == SQUARED for column in columns)
    named = [
        _called(episodes, term) + (" and its square" if k == 0 and squared else "") for k, term in enumerate(terms)
    ]
    zero = {"clinic": "clinics", "therapist": "therapists"}
    by = f"adjusted for {'; '.join(named)}" if named else "not adjusted, because patients do not differ"
    parts = [
        f"Linear mixed model with {'clinics and therapists' if both else 'clinics'} as random effects (restricted "
        f"maximum likelihood), {by}.",
        "" if both else "Therapists are not in the model, because the data do not tell them from clinics.",
        *(f"The variance of {zero[level]} is estimated as zero." for level in fit.at_zero),
        *_gaps(columns),
        f"The standard error of a mean residual is the standard deviation of patients in the model, {sd:.4g}, over the "
        "square root of the number of episodes.",
        "Limits include the variance between units by DerSimonian and Laird, after the tenth of z scores at each end "
        "was winsorised: set to the value at which that tenth begins, so that units far out do not widen the limits.",
        "Shrunken means are best linear unbiased predictions with their prediction error variances.",
        *further,
        *design.notes,
    ]
    return " ".join(part for part in parts if part).removesuffix(".")


def _weighted_words(weighted: NestedFit | None) -> list[str]:
    return [] if weighted is None else ["Weighted means let patients with an outcome speak for similar ones without."]


def _unseen(fit: NestedFit, lost: pd.DataFrame) -> list[str]:
    """Say which clinics are not compared, and how episodes without a therapist count."""
    sums, sentences = fit.sums, []
    if missing := len(set(lost[CLINIC]) - set(sums.clinics)):
        which = "1 clinic is" if missing == 1 else f"{missing} clinics are"
        sentences.append(f"{which} not compared, because the change of none of the patients is known.")
    if "therapist" in fit.levels and NOT_RECORDED in sums.therapists:
        sentences.append("Episodes without a therapist count as those of one therapist of their clinic.")
    return sentences


def _called(episodes: Episodes, term: str) -> str:
    plan = episodes.plan
    return plan.label("descriptors", term) if term in plan.descriptors else term


def _gaps(columns: Sequence[Column]) -> list[str]:
    """Say how missing values of the adjusters were dealt with, where there are any."""
    numbers = {column.term for column in columns if not column.indicator}
    gaps = [column for column in columns if column.level == NOT_RECORDED]
    sentences = []
    if any(column.term in numbers for column in gaps):
        sentences.append("A number that is missing counts as the mean, with an indicator.")
    if any(column.term not in numbers for column in gaps):
        sentences.append("A category that is missing is a level of its own.")
    return sentences


def _without(design: Design, reason: str, sums: NestedSums | None = None) -> CaseMix:
    """Return the record of no model."""
    nothing = float("nan")
    return CaseMix(
        n=design.n,
        n_clinics=len(sums.clinics) if sums else 0,
        n_therapists=len(sums.therapists) if sums else 0,
        coefficients=pd.DataFrame(columns=["term", "level", "estimate", "std_error", "conf_low", "conf_high"]),
        variances=pd.DataFrame(columns=["level", "variance", "share"]),
        calibration=pd.DataFrame(columns=["band", "n", "expected", "observed"]),
        clinics=pd.DataFrame(columns=list(CLINICS)),
        therapists=pd.DataFrame(columns=list(THERAPISTS)),
        target=design.change if design.n else nothing,
        phi=nothing,
        tau2=nothing,
        p_value=nothing,
        recovery=pd.DataFrame(columns=["intake", "expected", "low", "high"]),
        method="",
        without=reason,
    )
