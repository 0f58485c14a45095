"""Imputed data sets of counts of a plan: the time seen and planned, events drawn, rates pooled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.analyses.generalised import of_glm, rows_at
from coxa.analyses.imputed.assumed import ENDED, EVENT
from coxa.analyses.methods.method import options_of
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.impute import (
    Analysed,
    CountImputations,
    Enough,
    PooledResults,
    TippingFactor,
    analyse_rates,
    enough_imputations,
    impute_counts,
    pool_imputations,
    tipping_factor,
)
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.events import EventOutcome
from coxa.study.models.imputed_counts import CountAssumption, ImputedCounts
from coxa.study.wording import model_formula

FIRST, FEWEST, MOST = 100, 100, 5000
"""Imputed data sets of the first round, and limits of the number that is chosen after it."""

SEEN, PLANNED = "seen", "planned time"
"""Columns of the time that a participant was seen, and of that which was planned."""


@dataclass(frozen=True, slots=True)
class CountSets:
    """Pooled rates of a visit, and how they were made.

    results : one row for each arm and comparison
    imputed : the data sets
    enough  : why there are as many as there are; None where the plan says the number
    without : how many participants are left out for want of a covariate; empty where none
    """

    results: PooledResults
    imputed: CountImputations
    enough: Enough | None
    without: str


def exposed(planned: PlannedAnalysis) -> bool:
    """Return whether the outcome has an exposure: a column, or the days that events with dates were looked for."""
    return isinstance(planned.outcome, EventOutcome) or bool(getattr(planned.outcome, "exposure", None))


def per_of(planned: PlannedAnalysis) -> float:
    """Return the units of exposure that rates are given for."""
    return float(planned.outcome.per_days) if isinstance(planned.outcome, EventOutcome) else 1.0


def planned_time(planned: PlannedAnalysis, visit: str) -> float:
    """Return the exposure that was planned until a visit."""
    if isinstance(planned.outcome, EventOutcome):
        return float(planned.study.visits[visit].day)
    return float(options_of(planned, ImputedCounts).planned_exposure or 1.0)


def timed_rows(planned: PlannedAnalysis, dataset: AnalysisRows, visit: str) -> tuple[pd.DataFrame, str]:
    """Return the rows of a visit with the time seen and planned, and the kind of event before what is not seen.

    Who has no count was seen for no time. Participants without a covariate are left out, and counted.
    """
    rows = rows_at(planned, dataset, visit)
    names = [name for name in planned.analysis.names_used() if name in rows]
    whole = rows[names].notna().all(axis=1) if names else pd.Series(data=True, index=rows.index)
    left, rows = int((~whole).sum()), rows[whole]
    verb = "participant without a covariate of the model is" if left == 1 else (
        "participants without a covariate of the model are")  # fmt: skip
    known, time = rows[planned.response].notna(), planned_time(planned, visit)
    seen = rows["exposure"].astype(float).fillna(0.0) if exposed(planned) else pd.Series(1.0, index=rows.index)
    seen = seen.where(known, 0.0)
    if (over := int((seen > time * (1 + 1e-9)).sum())) > 0:
        raise FitError(
            f"analysis {planned.name}: the exposure of {over} participants at {visit} is more than planned, {time:g}",
            ["Write the exposure that was planned in `planned_exposure`, or correct the exposure."],
        )
    handled = rows["handled"].fillna("").astype(str) if "handled" in rows else pd.Series("", index=rows.index)
    strategy = handled.str.partition(": ")
    named = list(options_of(planned, ImputedCounts).strategies)
    named += [kind for one in options_of(planned, ImputedCounts).branches.values() for kind in one.strategies]
    acts = strategy[0].eq("hypothetical") & seen.lt(time) & strategy[2].isin(named)
    kind = strategy[2].where(acts, ENDED)
    timed = rows.assign(**{SEEN: seen, EVENT: kind}).assign(**{PLANNED: time}).reset_index(drop=True)
    return timed, f"{left} {verb} left out" if left else ""


def words_used(assumed: CountAssumption) -> Mapping[str, str]:
    """Return kind of event -> word of the strategy; `ENDED` of all that have none of their own."""
    return {**assumed.strategies, ENDED: assumed.strategy}


def imputed_at(
    planned: PlannedAnalysis,
    fit: AnyFit,
    dataset: AnalysisRows,
    draws: int,
    assumed: CountAssumption | None = None,
) -> tuple[CountImputations, str]:
    """Return imputed data sets of the visit of a model, under the analysis's assumption or that of a branch."""
    analysis = options_of(planned, ImputedCounts)
    chosen, visit = assumed or analysis, str(fit.sample.visits[0])
    rows, without = timed_rows(planned, dataset, visit)
    named = dict(words_used(chosen))
    kinds = {kind: named.get(kind, chosen.strategy) for kind in rows[EVENT].unique()}
    used = {name: rows[name] for name in ("participant_id", "arm", planned.response, SEEN, PLANNED, EVENT)}
    frame = pd.DataFrame({**used, **{name: rows[name] for name in planned.analysis.names_used() if name in rows}})
    model = of_glm(fit)
    if model.spec.exposure:
        frame[model.spec.exposure] = frame[SEEN]
    return (
        impute_counts(
            model,
            frame,
            PLANNED,
            reference={**dict.fromkeys(planned.study.arms, planned.against), **analysis.references},
            strategy=kinds,  # type: ignore[arg-type]
            event=EVENT,
            keeps=chosen.keeps,
            factor=dict(chosen.multiply),
            draws=draws,
            seed=analysis.seed,
        ),
        without,
    )


def count_sets(
    planned: PlannedAnalysis, fit: AnyFit, dataset: AnalysisRows, assumed: CountAssumption | None = None
) -> CountSets:
    """Return the pooled rates of the visit of a model, of the analysis or of a branch of its tree.

    Raises
    ------
    FitError
        An exposure is more than was planned, or a model has no maximum in an imputed data set.
    """
    analysis = options_of(planned, ImputedCounts)
    imputed, without = imputed_at(planned, fit, dataset, analysis.imputations or FIRST, assumed)
    found = rates_of(planned, fit, imputed)
    enough = None
    if analysis.imputations is None:
        mine = found.labels["term"].eq(planned.effect.term) & found.labels["arm"].isin(planned.compare)
        pilot = pool_imputations(found).pooled.take(mine.to_numpy())
        error = analysis.monte_carlo_error
        enough = enough_imputations(pilot, of_estimate=error, of_std_error=error, fewest=FEWEST, most=MOST)
        if enough.m > imputed.size:
            imputed, _ = imputed_at(planned, fit, dataset, enough.m, assumed)
            found = rates_of(planned, fit, imputed)
    return CountSets(pool_imputations(found, conf_level=analysis.conf_level), imputed, enough, without)


def formula_of(planned: PlannedAnalysis) -> str:
    """Return the terms of the analysis of a data set, after a tilde."""
    return "~" + model_formula(planned.study, planned.name).partition("~")[2]


def rates_of(planned: PlannedAnalysis, fit: AnyFit, imputed: CountImputations) -> Analysed:
    """Return the rates of every data set."""
    visit = str(fit.sample.visits[0])
    return analyse_rates(imputed, formula_of(planned), against=planned.against, visit=visit, per=per_of(planned))


def factor_of(planned: PlannedAnalysis, imputed: CountImputations, arm: str) -> TippingFactor:
    """Return the factor of the rate after leaving in an arm at which the conclusion changes."""
    return tipping_factor(
        imputed,
        formula_of(planned),
        arm,
        against=planned.against,
        term=planned.effect.term,
        alpha=1 - planned.analysis.conf_level,
    )


def conditional_events(imputed: CountImputations) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation of the events not seen of each participant (n,), over the draws."""
    alpha = imputed.dispersion[:, None]
    own = (1 + alpha * imputed.counts) / (1 + alpha * imputed.before)
    mean = own * imputed.after
    variance = mean * (1 + mean * alpha / (1 + alpha * imputed.counts))
    return mean.mean(axis=0), np.sqrt(variance.mean(axis=0) + mean.var(axis=0))
