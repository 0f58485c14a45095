"""Cumulative logit models of an ordered outcome: of each visit, or over all visits with a random intercept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.mmrm import MISSING
from coxa.analyses.model_rows import check_arms_at, check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError
from coxa.estimates import (
    Estimates,
    category_probabilities,
    cumulative_odds_ratios,
    row_mean_scores_test,
    standardised_win_probability,
)
from coxa.estimates.levels import chi_square_of_levels, differences_between
from coxa.estimates.ordinal import rows_in_arms
from coxa.models import OrdinalFit
from coxa.models.design.columns import label_text
from coxa.models.ordinal.data import ordinal_data
from coxa.models.ordinal.fit import fitted
from coxa.models.ordinal.record import rows_at
from coxa.models.ordinal.spec import OrdinalSpec
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.ordinal import Ordinal
from coxa.study.wording import model_formula

SCORES = {
    "table": "the codes of the levels",
    "rank": "mean ranks",
    "ridit": "ridits",
    "modridit": "modified ridits, as van Elteren's test",
}
"""Scores of `row_mean_scores` -> what they are."""


class OrdinalMethod(Method):
    """Proportional odds, or partly."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[ModelRun]:
        """Yield the model of all visits, or that of each; one that the estimand does not name may fail."""
        options, rows = options_of(planned, Ordinal), rows_of_model(planned, dataset)
        visits = [str(visit) for visit in rows["visit"].cat.categories]
        formula = model_formula(planned.study, planned.name, subgroup, visits)
        if options.over_visits and len(visits) > 1:
            check_cells(planned, rows)
            yield run_of(planned, options, formula, rows, None)
            return
        runs, left_out = [], []
        for visit in visits:
            here = rows[rows["visit"] == visit]
            try:
                check_arms_at(planned, here, visit)
                runs.append(run_of(planned, options, formula, here, visit))
            except FitError as error:
                if visit in planned.visits:
                    raise
                left_out.append(f"no model at {planned.study.label('visits', visit)}: {error.message}")
        for run in runs:
            yield replace(run, warnings=(*run.warnings, *left_out))

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield odds ratios, probabilities of the levels, and the probability of the better level, at each visit."""
        level = planned.analysis.conf_level
        for run in fits:
            for visit in map(str, run.sample.visits):
                model, at = ordinal_of(run), {"visit": visit} if len(run.sample.visits) > 1 else None
                asked: dict[str, Any] = {"against": planned.against, "at": at, "conf_level": level}
                for found in (
                    cumulative_odds_ratios(model, **asked),
                    standardised_win_probability(model, higher_is_better=planned.scale.higher_is_better, **asked),
                    category_probabilities(model, **asked),
                    category_probabilities(model, at_least=True, **asked),
                ):
                    yield of_arms(planned, found, visit, run.warnings)
        yield from mean_scores(planned, dataset)

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the odds ratios within the levels of a subgroup, ratios of these, and the test of the interaction."""
        rows = [row for visit in map(str, fit.sample.visits) for row in subgroup_rows(planned, fit, visit, subgroup)]
        return Estimates.of({**row, "warning": "; ".join(fit.warnings)} for row in rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the model is called."""
        options = options_of(planned, Ordinal)
        kind = "Partly proportional odds" if options.partial else "Proportional odds"
        where = (
            "over all visits, with a random intercept of each participant" if options.over_visits else "at each visit"
        )
        scored = ("row-mean-scores",) if options.row_mean_scores != "none" else ()
        words = Words(title=f"{kind} (cumulative logit) model {where}", cites=("ordinal", *scored), ddf=None)
        return replace(words, whole=True, missing=MISSING) if options.over_visits else words

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, and what its numbers are."""
        planned, cite = telling.planned, telling.cite
        options, words = options_of(planned, Ordinal), telling.planned.study.words
        outcome = mid_sentence(planned.outcome_label)
        for formula in telling.formulas():
            where = (
                "over all visits, with a random intercept of each participant"
                if options.over_visits
                else "at each visit"
            )
            yield (
                f"A cumulative logit model of {outcome}{cite('ordinal')} was fitted by maximum likelihood {where}; "
                f"terms: {telling.terms(formula)}."
            )
        if options.partial:
            names = [planned.study.words.arm if name == "arm" else name for name in options.partial]
            yield f"Odds ratios of {join_words(names)} were free to differ above each level; others were proportional."
        else:
            yield "An odds ratio above 1 is of higher levels, the same above each level (proportional odds)."
        at_one = ", at one and the same random intercept" if options.over_visits else ""
        if "arm" not in options.partial:
            yield f"Odds ratios are given the covariates{at_one}; limits and tests are normal, on the log scale."
        yield (
            f"Probabilities of the levels, and the probability of the better level, are averages over all participants "
            f"with each put into every {words.arm}, with standard errors by the delta method."
        )
        if options.row_mean_scores != "none":
            names = [mid_sentence(planned.study.label("covariates", name)) for name in options.strata]
            within = f", within levels of {join_words(names)}" if names else ""
            yield (
                f"Whether the {words.arm}s have the same mean score ({SCORES[options.row_mean_scores]}) was tested "
                f"after Cochran, Mantel and Haenszel{cite('row-mean-scores')}{within}."
            )


def mean_scores(planned: PlannedAnalysis, dataset: AnalysisRows) -> Iterator[Estimates]:
    """Yield the test of row mean scores at each visit of the estimand, where the plan asks for it."""
    options, rows = options_of(planned, Ordinal), rows_of_model(planned, dataset)
    scores = options.row_mean_scores
    if scores == "none":
        return
    for visit in planned.visits:
        here = rows[(rows["visit"] == visit) & rows["arm"].isin(planned.arms)]
        levels = list(getattr(planned.outcome, "levels", None) or {})
        here = here.assign(arm=here["arm"].astype(str))
        try:
            test = row_mean_scores_test(here, planned.response, strata=options.strata, levels=levels, scores=scores)
        except FitError:
            continue
        within = " in strata" if options.strata else ""
        people = {"n_participants": int(test.means["n"].sum()), "n_observations": int(test.means["n"].sum())}
        tested = {"statistic": test.statistic, "df": float(test.df), "p_value": test.p_value}
        method = f"row mean scores{within} ({SCORES[scores]}), chi-square"
        yield Estimates.of([{"term": "joint_test", "visit": visit, "method": method, **people, **tested}])


def run_of(planned: PlannedAnalysis, options: Ordinal, formula: str, rows: pd.DataFrame, visit: str | None) -> ModelRun:
    """Return the model of some rows, those of one visit or all, with the record of who was analysed."""
    levels = tuple(getattr(planned.outcome, "levels", None) or ())
    spec = OrdinalSpec(
        formula=formula,
        levels=levels,
        data="data" if visit is None else f"data[data['visit'] == {visit!r}]",
        points=25,
    )
    data = ordinal_data(spec, rows)
    partial = [
        term
        for term in data.design.terms
        if (names := set(term.split(":")) - {"visit"}) and names <= set(options.partial)
    ]
    if partial:
        spec = replace(spec, partial=tuple(partial))
        data = ordinal_data(spec, rows)
    model = fitted(spec, data)
    return ModelRun(formula, spec, sample_of(model, rows), model, model.method, model.warnings)


def sample_of(model: OrdinalFit, rows: pd.DataFrame) -> Sample:
    """Return who was analysed at which visits, and which rows were left out and why."""
    complete = model.design.complete
    analysed = rows[complete]
    lost = rows.loc[~complete, ["participant_id", "visit"]].reset_index(names="row")
    reasons = [f"{missing} is missing" for missing in model.design.left_out["missing"]]
    return Sample(
        participant_column="participant_id",
        visit_column="visit",
        participant=analysed["participant_id"].to_numpy(),
        visit=analysed["visit"].to_numpy(),
        visits=tuple(visit for visit in rows["visit"].cat.categories if (analysed["visit"] == visit).any()),
        left_out=lost.assign(reason=pd.Series(reasons, dtype="str")),
    )


def ordinal_of(run: AnyFit) -> OrdinalFit:
    """Return the model of a run."""
    assert isinstance(run, ModelRun)
    assert isinstance(run.model, OrdinalFit)
    return run.model


def subgroup_rows(planned: PlannedAnalysis, run: AnyFit, visit: str, subgroup: str) -> Iterator[dict[str, Any]]:
    """Yield odds ratios within the levels of a subgroup, ratios of these, and the chi-square of the interaction."""
    fit, level = ordinal_of(run), planned.analysis.conf_level
    at = {"visit": visit} if len(run.sample.visits) > 1 else {}
    groups = [label_text(group) for group in fit.design.levels[subgroup]]
    within = {
        group: cumulative_odds_ratios(fit, against=planned.against, at={**at, subgroup: group}, conf_level=level).frame
        for group in groups
    }
    weights = np.stack([log_odds_weights(planned, fit, {**at, subgroup: group}) for group in groups], axis=1)
    values, covariance = weights @ fit.params.to_numpy(), fit.covariance.to_numpy()
    shared: dict[str, Any] = {
        "visit": visit,
        "outcome": fit.design.formula.response,
        "method": f"one model of all levels of {subgroup}; {fit.method}",
    }
    for arm, value, mine in zip(planned.compare, values, weights, strict=True):
        pair = {**shared, "arm": arm, "reference": planned.against}
        for group, frame in within.items():
            own: Any = frame[frame["arm"] == arm].iloc[0].to_dict()
            yield {**own, **pair, "term": "subgroup_difference", "analysis": f"{subgroup}={group}"}
        asked: dict[str, Any] = {"ratio": True, "conf_level": level}
        for name, row in differences_between(groups, value, mine @ covariance @ mine.T, **asked):
            yield {**row, **pair, "term": "difference_between_subgroups", "analysis": f"{subgroup}={name}"}
    flat = weights.reshape(-1, weights.shape[-1])
    statistic, df, p_value = chi_square_of_levels(values, flat @ covariance @ flat.T)
    yield {
        **shared,
        "term": "interaction_test",
        "analysis": f"{subgroup}=*",
        "statistic": statistic,
        "p_value": p_value,
        "n_participants": run.n_participants,
        "n_observations": run.n_observations,
        "method": f"{fit.method}; chi-square of the interaction with {df} degrees of freedom",
    }


def log_odds_weights(planned: PlannedAnalysis, fit: OrdinalFit, at: Mapping[str, Any]) -> np.ndarray:
    """Return the weights (A, q) of the coefficients in the log odds ratio of each compared arm where `at` holds."""
    put = rows_in_arms(fit, "arm", at)
    reference = rows_at(fit, put[planned.against][:1], 0)
    return np.vstack([reference - rows_at(fit, put[arm][:1], 0) for arm in planned.compare])


def of_arms(planned: PlannedAnalysis, found: Estimates, visit: str, warnings: Sequence[str]) -> Estimates:
    """Return the rows of the arms that the estimand names, at a visit."""
    frame = found.frame[found.frame["arm"].isin(planned.arms)]
    own = {"visit": visit} | ({"warning": "; ".join(warnings)} if warnings else {})
    return Estimates(frame.assign(**own).reset_index(drop=True))


METHOD = OrdinalMethod()
