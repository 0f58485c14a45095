"""Imputed data sets of an analysis of a plan: drawn, analysed, pooled, and how many of them are enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.analyses.imputed.assumed import EVENT, delta_of, modelled, reference_of, used
from coxa.analyses.imputed.formula import formula_of
from coxa.analyses.imputed.rows import complete_rows, level_codes, prepared, with_events
from coxa.analyses.methods.method import options_of
from coxa.analyses.methods.responder_mmrm import check_composite, rule_of
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import Estimates
from coxa.impute import (
    Analysed,
    Draws,
    Enough,
    Imputations,
    IncompleteOutcomes,
    PooledResults,
    Steps,
    analyse_ancova,
    analyse_bootstrap,
    analyse_levels,
    analyse_mmrm,
    analyse_responders,
    draw_parameters,
    draw_scores,
    enough_imputations,
    impute_outcomes,
    impute_scores,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.impute.responders import Better
from coxa.models import Fit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Branch, Deltas, Imputation

FIRST = 100
"""Imputed data sets of the first round, from which the number that is enough is chosen."""

FEWEST, MOST = 100, 5000
"""Limits of the number that is chosen."""


@dataclass(frozen=True, slots=True)
class ImputedSets:
    """The pooled results of an analysis, and how they were made.

    results : pooled numbers, one row for each arm and comparison
    imputed : the data sets, with the draws of the parameters
    enough  : why there are as many as there are; None where the plan says the number
    without : how many participants were left out for want of a covariate; empty where none
    """

    results: PooledResults
    imputed: Imputations
    enough: Enough | None
    without: str

    @property
    def draws(self) -> Draws:
        """The draws of the parameters."""
        return self.imputed.draws


def imputed_sets(
    planned: PlannedAnalysis, fit: Fit, dataset: AnalysisRows, branch: Branch | None = None
) -> ImputedSets:
    """Return the pooled results of an analysis, or of a branch of its tree, from its imputation model.

    Raises
    ------
    FitError
        No participant has all covariates, parameters cannot be drawn, or an analysis has no estimate in a data set.
    """
    analysis = options_of(planned, Imputation)
    outcomes, without = laid_out(planned, fit, dataset, branch)
    deltas = (branch or analysis).deltas
    sets, analysed = drawn(planned, fit, outcomes, analysis.imputations or FIRST, deltas)
    enough = None
    if analysis.imputations is None:
        enough = number_for(planned, analysed)
        if enough.m > sets.size:
            sets, analysed = drawn(planned, fit, outcomes, enough.m, deltas)
    return ImputedSets(pool_imputations(analysed, conf_level=analysis.conf_level), sets, enough, without)


def laid_out(
    planned: PlannedAnalysis, fit: Fit, dataset: AnalysisRows, branch: Branch | None = None
) -> tuple[IncompleteOutcomes, str]:
    """Return the outcomes with their gaps and strategies, and how many participants are left out."""
    rows, without = complete_rows(fit, with_events(planned, prepared(planned, dataset).rows))
    outcomes = incomplete_outcomes(
        fit,
        rows,
        reference=reference_of(planned),
        strategy=used(planned, branch),
        event=EVENT,
        varying=options_of(planned, Imputation).varying,
    )
    return outcomes, without


def steps_of(planned: PlannedAnalysis) -> Steps | None:
    """Return the values that an outcome can take; None where it is imputed as a normal variable."""
    analysis, scale = options_of(planned, Imputation), planned.scale
    if planned.kind == "binary" and planned.response == "value":
        return Steps(0, 1)
    if planned.kind == "ordered":
        return Steps(0, len(level_codes(planned)) - 1, equal=False)
    return Steps(scale.low, scale.high, analysis.step) if analysis.values == "steps" else None


def drawn(
    planned: PlannedAnalysis, fit: Fit, outcomes: IncompleteOutcomes, number: int, deltas: Deltas
) -> tuple[Imputations, Analysed]:
    """Return imputed data sets and the results of each."""
    analysis, steps = options_of(planned, Imputation), steps_of(planned)
    delta = delta_of(deltas, outcomes.visits)
    if steps is None:
        draws = draw_parameters(fit, number, method=analysis.draws, seed=analysis.seed)
        sets = impute_outcomes(fit, outcomes, draws, delta=delta, seed=analysis.seed)
    else:
        shift = "baseline" if modelled(planned) == "change" else None
        draws = draw_scores(fit, outcomes, steps, number, baseline=shift, seed=analysis.seed)
        sets = impute_scores(fit, outcomes, draws, steps, baseline=shift, delta=delta, seed=analysis.seed)
    return sets, analysed(planned, sets)


def analysed(planned: PlannedAnalysis, sets: Imputations) -> Analysed:
    """Return the results of each data set, at the visits of the model."""
    analysis, visits = options_of(planned, Imputation), sets.outcomes.visits
    formula = formula_of(planned, visits)
    if planned.kind == "binary":
        return responders(planned, sets, f"~ {formula}")
    if planned.kind == "ordered":
        return levels(planned, sets, f"~ {formula}")
    if analysis.analyse == "mmrm" and len(visits) > 1:
        over = " + ".join(dict.fromkeys(["arm * visit", *analysis.adjust]))
        covariance = analysis.covariance[0]
        return analyse_mmrm(sets, f"~ {over}", covariance=covariance, against=planned.against, means=True)
    return analyse_ancova(sets, f"~ {formula}", against=planned.against)


def responders(planned: PlannedAnalysis, sets: Imputations, formula: str) -> Analysed:
    """Return who responds, or who has a yes, at the visits of the estimand."""
    threshold, better = marks(planned, sets.outcomes)

    def one(visit: str) -> Analysed:
        return analyse_responders(
            sets, formula, visit=visit, threshold=threshold, better=better, against=planned.against
        )

    return at_visits(planned, sets, one)


def levels(planned: PlannedAnalysis, sets: Imputations, formula: str) -> Analysed:
    """Return the odds ratios of higher levels, and win odds, at the visits of the estimand."""

    def one(visit: str) -> Analysed:
        higher = planned.scale.higher_is_better
        return analyse_levels(sets, formula, visit=visit, against=planned.against, higher_is_better=higher)

    return at_visits(planned, sets, one)


def at_visits(planned: PlannedAnalysis, sets: Imputations, one: Callable[[str], Analysed]) -> Analysed:
    """Return the results at each visit of the estimand together."""
    parts = [one(visit) for visit in planned.visits if visit in sets.outcomes.visits]
    return Analysed(
        labels=pd.concat([part.labels for part in parts], ignore_index=True),
        estimates=np.concatenate([part.estimates for part in parts], axis=1),
        variances=np.concatenate([part.variances for part in parts], axis=1),
        df_complete=np.concatenate([part.df_complete for part in parts]),
        n=parts[0].n,
        method=parts[0].method,
    )


def marks(planned: PlannedAnalysis, outcomes: IncompleteOutcomes) -> tuple[float | np.ndarray, Better]:
    """Return what participants reach who respond, one mark or one each (n,), and on which side of it they respond.

    Raises
    ------
    FitError
        A percent change has no baseline to be of.
    """
    if planned.response != "responder":
        return 1.0, "higher"
    check_composite(planned)
    rule, higher = rule_of(planned), planned.scale.higher_is_better
    side: Better = "higher" if higher else "lower"
    if rule.measure == "value":
        return rule.at_least, side
    sign = 1.0 if higher else -1.0
    if rule.measure == "change":
        return sign * rule.at_least, side
    if "baseline" not in outcomes.people:
        raise FitError(
            "responders by percent change need the baseline in the imputation model", ["Add `baseline` to `adjust`."]
        )
    baseline = outcomes.people["baseline"].to_numpy(dtype=float)
    if (none := int((baseline == 0).sum())) > 0:
        raise FitError(
            f"the baseline of {none} participants is 0, of which nothing is a percentage",
            ["Use a responder rule with `measure: change`."],
        )
    return sign * rule.at_least / 100 * baseline, side


def number_for(planned: PlannedAnalysis, first: Analysed) -> Enough:
    """Return how many data sets the comparisons of the estimand need."""
    labels = first.labels
    mine = labels["visit"].isin(planned.visits) & labels["term"].eq(planned.effect.term)
    mine &= labels["arm"].isin(planned.compare)
    error = options_of(planned, Imputation).monte_carlo_error
    pilot = pool_imputations(first).pooled.take(mine.to_numpy())
    return enough_imputations(pilot, of_estimate=error, of_std_error=error, fewest=FEWEST, most=MOST)


def rows_of(planned: PlannedAnalysis, found: Estimates, outcomes: IncompleteOutcomes, warnings: str) -> Estimates:
    """Return pooled rows as a report has them: of the arms of the plan, with the participants of each row."""
    frame = found.frame
    compared = frame["reference"].ne("")
    keep = ~compared | (frame["arm"].isin(planned.compare) & frame["reference"].eq(planned.against))
    if planned.kind == "binary":
        keep &= frame["arm"].isin(planned.arms)
    names = np.array(outcomes.arms)[outcomes.arm]
    people = {arm: int((names == arm).sum()) for arm in outcomes.arms}
    seen = {
        (arm, visit): int((~outcomes.missing[names == arm, v]).sum())
        for arm in outcomes.arms
        for v, visit in enumerate(outcomes.visits)
    }
    visits = frame["visit"].astype(str).tolist()
    pairs = zip(frame["arm"].astype(str), frame["reference"].astype(str), strict=True)
    both = [[arm for arm in pair if arm] for pair in pairs]
    risks = frame["term"].eq("risk")
    shown = frame.assign(
        term=frame["term"].mask(risks, "marginal_mean"),
        n_participants=[sum(people[arm] for arm in arms) for arms in both],
        n_observations=[sum(seen[arm, visit] for arm in arms) for arms, visit in zip(both, visits, strict=True)],
        warning=warnings,
    )
    return Estimates(shown[keep].reset_index(drop=True))


def by_bootstrap(planned: PlannedAnalysis, fit: Fit, dataset: AnalysisRows) -> Estimates:
    """Return the estimates of `by: bmlmi`: bootstrap samples of participants that are imputed twice each."""
    analysis = options_of(planned, Imputation)
    outcomes, without = laid_out(planned, fit, dataset)
    formula = formula_of(planned, outcomes.visits)
    found = analyse_bootstrap(
        fit,
        outcomes,
        f"~ {formula}",
        samples=analysis.replicates,
        against=planned.against,
        seed=analysis.seed,
        conf_level=analysis.conf_level,
    )
    return rows_of(planned, found, outcomes, without)
