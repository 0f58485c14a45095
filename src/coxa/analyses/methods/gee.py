"""Estimating equations of a yes-or-no outcome or a count: risks or rates of all visits, or of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from coxa.analyses.clusters import observed_shares
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.model_rows import check_arms_at, check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, fit_proportions, fit_rates, marginal_effects, marginal_subgroups
from coxa.models import GEEFit, fit_gee
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.events import EventOutcome
from coxa.study.models.gee import GEE
from coxa.study.wording import factor_words, model_formula, proportion_of

EXPOSURE = "exposure"
"""Column of the exposure of a count in the rows of an analysis."""

MISSING = (
    "Missing outcomes: left out, nothing imputed; the model takes them as missing completely at random given its terms."
)
KINDS = {"binary": "logistic", "count": "log-linear"}
SANDWICHES = {
    "LZ": "a sandwich over {clusters}{cite}",
    "KC": "a sandwich over {clusters} with Kauermann and Carroll's correction{cite}",
    "MD": "a sandwich over {clusters} with Mancl and DeRouen's correction{cite}",
    "FG": "a sandwich over {clusters} with Fay and Graubard's correction{cite}",
}
DISTRIBUTIONS = {
    "residual": "t with the number of {clusters} less that of coefficients as degrees of freedom",
    "satterthwaite": "t with Satterthwaite's degrees of freedom",
    "fay-graubard": "t with Fay and Graubard's degrees of freedom",
    "normal": "the normal distribution",
}
NAMES = {"LZ": "Liang-Zeger", "KC": "Kauermann-Carroll", "MD": "Mancl-DeRouen", "FG": "Fay-Graubard"}
"""What a footnote calls a sandwich."""

SHORT = {"residual": "clusters less coefficients", "satterthwaite": "Satterthwaite", "fay-graubard": "Fay-Graubard"}
"""What a footnote calls degrees of freedom."""


class GEEMethod(Method):
    """One marginal model of all visits; standard errors are over participants, or over what lies above them."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model; rows of one each are independent."""
        plan, rows = options_of(planned, GEE), rows_of_model(planned, dataset)
        visits = tuple(map(str, rows["visit"].cat.categories))
        if len(visits) > 1:
            check_cells(planned, rows)
        else:
            check_arms_at(planned, rows, visits[0])
        rows, data = with_exposure(planned, rows, visits)
        fit = fit_gee(
            model_formula(planned.study, planned.name, subgroup, visits),
            rows,
            cluster=plan.cluster or "participant_id",
            family=family_of(planned),
            working=plan.working if len(visits) > 1 or plan.cluster else "independence",
            exposure=EXPOSURE if has_exposure(planned) else None,
            alpha=plan.alpha,
            vcov=plan.vcov,
            ddf=plan.ddf,
        )
        yield ModelRun(
            formula=fit.formula,
            spec=replace(fit.spec, data=data),
            sample=fit.sample,
            model=fit,
            method=fit.method,
            warnings=fit.warnings,
            ddf=fit.ddf,
            structure=fit.structure,
        )

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield what was observed at each visit, and the model's risks or rates with what they differ by."""
        rows = rows_of_model(planned, dataset)
        for visit in rows["visit"].cat.categories:
            yield observed_shares(planned.analysis, observed(planned, rows[rows["visit"] == visit], str(visit)))
        for fit in fits:
            yield modelled(planned, fit, rows)

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparison of the estimand within the levels of a subgroup, and the test of the interaction."""
        found = marginal_subgroups(
            model_of(fit),
            subgroup,
            planned.effect.term,
            against=planned.against,
            per=per_of(planned),
            conf_level=planned.analysis.conf_level,
        ).frame
        found = found[found["arm"].isin(["", *planned.compare])]
        return Estimates(with_visit(found, fit).reset_index(drop=True))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, GEE)
        working = working_of(planned, fits)
        freedom = f", degrees of freedom: {SHORT[plan.ddf]}" if plan.ddf in SHORT else ", normal distribution"
        return Words(
            title=(
                f"Marginal {KINDS[planned.kind]} model by generalised estimating equations, {working} working "
                f"correlation within {cluster_words(planned)}s, {NAMES[plan.vcov]} standard errors{freedom}"
            ),
            missing=MISSING,
            whole=True,
            cites=("gee", *cited_options(plan, working)),
            ddf=None,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, its working correlation, its standard errors, and what its numbers mean."""
        planned, plan = telling.planned, options_of(telling.planned, GEE)
        cluster, working = cluster_words(planned), working_of(telling.planned, telling.fits)
        for formula in telling.formulas():
            yield (
                f"A marginal {KINDS[planned.kind]} model of {mid_sentence(planned.variable)} was fitted by "
                f"generalised estimating equations{telling.cite('gee')}; terms: {telling.terms(formula)}."
            )
        if has_exposure(planned):
            yield "The logarithm of the exposure is an offset."
        if working == "independence":
            yield f"The working correlation within {cluster}s was independence."
        else:
            estimator = "geepack's moments" if plan.alpha == "geepack" else "the moments of SAS PROC GEE"
            yield (
                f"The working correlation within {cluster}s was {working}, estimated by "
                f"{estimator}{telling.cite(plan.alpha)}."
            )
        sandwich = SANDWICHES[plan.vcov].format(clusters=f"{cluster}s", cite=telling.cite(plan.vcov))
        tests = DISTRIBUTIONS[plan.ddf].format(clusters=f"{cluster}s")
        more = telling.cite(plan.ddf) if plan.ddf in ("satterthwaite", "fay-graubard") else ""
        yield f"Standard errors are {sandwich}; tests and limits are by {tests}{more}."
        yield meaning(planned, telling)


def cited_options(plan: GEE, working: str) -> Iterator[str]:
    """Yield the words of what the model has of options."""
    if working != "independence":
        yield plan.alpha
    yield plan.vcov
    if plan.ddf in ("satterthwaite", "fay-graubard"):
        yield plan.ddf
    yield "g-computation"


def meaning(planned: PlannedAnalysis, telling: Telling) -> str:
    """Say what the numbers of the model mean."""
    what = f"Proportions {proportion_of(planned)}" if planned.kind == "binary" else "Rates"
    others = "differences, risk ratios and odds ratios" if planned.kind == "binary" else "differences and ratios"
    arm = planned.study.compared_words.arm
    return (
        f"{what} by the model are averages over all analysed participants with their covariates, as if all had been in "
        f"one {arm}{telling.cite('g-computation')}; {others} compare these averages, with standard errors by the delta "
        "method."
    )


def family_of(planned: PlannedAnalysis) -> Literal["binomial", "poisson"]:
    """Return the family of the outcome of an analysis."""
    return "binomial" if planned.kind == "binary" else "poisson"


def cluster_words(planned: PlannedAnalysis) -> str:
    """Return what standard errors are over, inside a sentence."""
    cluster = options_of(planned, GEE).cluster
    return factor_words(planned.study, cluster) if cluster else "participant"


def working_of(planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> str:
    """Return the working correlation, as it ran or as planned."""
    return fits[0].structure if fits else options_of(planned, GEE).working


def has_exposure(planned: PlannedAnalysis) -> bool:
    """Return whether the outcome is a number of events in a time of observation."""
    if planned.kind != "count":
        return False
    return isinstance(planned.outcome, EventOutcome) or bool(getattr(planned.outcome, "exposure", None))


def per_of(planned: PlannedAnalysis) -> float:
    """Return the units of exposure that rates are given for."""
    rates = planned.kind == "count" and isinstance(planned.outcome, EventOutcome)
    return float(planned.outcome.per_days) if rates and isinstance(planned.outcome, EventOutcome) else 1.0


def with_exposure(planned: PlannedAnalysis, rows: pd.DataFrame, visits: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Return the rows with an exposure of 0 missing, and what makes them of the rows of the estimand."""
    data = "data"
    if has_exposure(planned) and (rows[EXPOSURE] <= 0).any():
        rows = rows.assign(**{EXPOSURE: rows[EXPOSURE].where(rows[EXPOSURE] > 0)})
        data = "data.assign(exposure=data['exposure'].where(data['exposure'] > 0))"
    return rows, f"{data}[data['visit'].isin({list(visits)})]"


def model_of(fit: AnyFit) -> GEEFit:
    """Return the fit that a record of a model holds."""
    assert isinstance(fit, ModelRun)
    model = fit.model
    assert isinstance(model, GEEFit)
    return model


def with_visit(frame: pd.DataFrame, fit: AnyFit) -> pd.DataFrame:
    """Return estimates of a model of one visit with the name of the visit."""
    visits = fit.sample.visits
    return frame.assign(visit=str(visits[0])) if len(visits) == 1 else frame


def observed(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str) -> Estimates:
    """Return the observed proportion of each arm at a visit with Wilson's limits, or its rate with Garwood's."""
    level, response = planned.analysis.conf_level, planned.response
    rows = rows[rows["arm"].astype(str).isin(planned.arms)]
    if planned.kind == "binary":
        found = fit_proportions(rows, response, against=planned.against, conf_level=level).only(term="risk")
        return Estimates(found.frame.assign(visit=visit))
    used = rows if has_exposure(planned) else rows.assign(**{EXPOSURE: 1.0})
    used = used.dropna(subset=[EXPOSURE])
    found = fit_rates(used, response, EXPOSURE, against=planned.against, per=per_of(planned), conf_level=level)
    frame = found.only(term="rate").frame
    frame = frame.set_index("arm").loc[[arm for arm in planned.study.arm_order if arm in planned.arms]].reset_index()
    frame = frame[list(found.frame.columns)]
    people = used["arm"].astype(str).value_counts()
    return Estimates(frame.assign(visit=visit, n_participants=[int(people[arm]) for arm in frame["arm"]]))


def modelled(planned: PlannedAnalysis, fit: AnyFit, rows: pd.DataFrame) -> Estimates:
    """Return the model's number of each arm at each visit as a marginal mean, and every comparison of the plan."""
    found = marginal_effects(
        model_of(fit), against=planned.against, per=per_of(planned), conf_level=planned.analysis.conf_level
    ).frame
    found = with_visit(found[found["arm"].isin(planned.arms)], fit)
    counts = rows.groupby(["visit", "arm"], observed=True)["participant_id"].nunique()
    n = [
        int(sum(counts.get((visit, side), 0) for side in (arm, reference) if side))
        for visit, arm, reference in zip(found["visit"], found["arm"], found["reference"], strict=True)
    ]
    terms = found["term"].replace({"risk": "marginal_mean", "rate": "marginal_mean"})
    return Estimates(found.assign(term=terms, n_participants=n).reset_index(drop=True))


METHOD = GEEMethod()
