"""A linear mixed model of participants' courses: random intercepts and slopes over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.methods.means import MeansMethod, differences, margins, of_means
from coxa.analyses.methods.method import Telling, Words, options_of
from coxa.analyses.methods.mmrm import MISSING, likelihood, likelihood_words
from coxa.analyses.model_rows import check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, contrast_rows, marginal_means
from coxa.estimates.means import numbers
from coxa.estimates.simultaneous import PAIRWISE, simultaneous
from coxa.models import Fit, fit_lmm, with_baseline
from coxa.models.results.run import AnyFit
from coxa.models.spec import LMMSpec
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.lmm import DAY, LMM
from coxa.study.wording import model_formula
from coxa.study.words import SIMULTANEOUS

WEEK = 7.0
"""Days."""


class LMMMethod(MeansMethod):
    """One model of all visits, with the visit as a factor or straight lines over time."""

    diagnostics = True
    courses: Mapping[str, str] = {"slope": "The slopes over time, per week, were compared between {arms}"}

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the model; with the baseline as an outcome, of all who have a value at baseline or later."""
        plan, rows = options_of(planned, LMM), rows_of_model(planned, dataset)
        if not plan.is_linear:
            check_cells(planned, rows)
        if plan.baseline_is_response:
            every = dataset.frame
            rows = every[every["visit"].isin(list(rows["visit"].cat.categories))]
        fit = fit_lmm(
            model_formula(planned.study, planned.name),
            with_baseline(rows) if plan.baseline_is_response else rows,
            participant="participant_id",
            reml=plan.reml,
            ddf=plan.ddf,
        )
        assert isinstance(fit.spec, LMMSpec)
        yield replace(fit, spec=replace(fit.spec, data="with_baseline(data)")) if plan.baseline_is_response else fit

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield means and differences at each visit, of lines at the planned days, and differences of slopes."""
        plan, (fit,) = options_of(planned, LMM), map(of_means, fits)
        if not plan.is_linear:
            yield from MeansMethod.estimates(self, planned, fits, dataset)
            return
        rows = rows_of_model(planned, dataset)
        for visit in rows["visit"].cat.categories:
            for found in _at_visit(planned, fit, visit):
                yield _counted(found, rows[rows["visit"] == visit], visit)
        yield slopes(planned, fit)

    def course(self, planned: PlannedAnalysis, word: str) -> Mapping[str, float]:
        """Return the weights of a slope; that of lines with one mean on day 0 is of lines through that point."""
        if not options_of(planned, LMM).baseline_is_response:
            return MeansMethod.course(self, planned, word)
        days = {visit: float(planned.study.visits[visit].day) for visit in planned.model_visits}
        square = sum(day**2 for day in days.values())
        return {visit: WEEK * day / square for visit, day in days.items()}

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, LMM)
        lines = ", means as straight lines over time" if plan.is_linear else ""
        start = ", the baseline an outcome on day 0 with one mean for all participants"
        return Words(
            title=f"Linear mixed model{lines}{start if plan.baseline_is_response else ''}",
            means="Estimated mean",
            missing=MISSING,
            whole=True,
            cites=("lmm", likelihood(reml=plan.reml)),
            ddf=plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model with its likelihood, fixed effects and time."""
        plan = options_of(telling.planned, LMM)
        for formula in telling.formulas():
            yield (
                f"A linear mixed model of {telling.planned.variable}{telling.cite('lmm')} was fitted by "
                f"{likelihood_words(telling, reml=plan.reml)}."
            )
            yield f"Fixed effects: {telling.terms(formula)}."
        if plan.is_linear:
            yield (
                "Means are straight lines over time, by the day of each assessment; means and differences at visits "
                "are those of the lines at the planned days."
            )
        if plan.baseline_is_response:
            yield "The baseline is an outcome on day 0, with one mean for all participants."

    def random_words(self, planned: PlannedAnalysis, fit: Fit) -> Iterator[str]:
        """Yield which effects a participant has."""
        effects = "intercept and slope over time" if options_of(planned, LMM).random == "slope" else "intercept"
        yield f"Random effects: {effects} of each participant; residuals are independent."


def slopes(planned: PlannedAnalysis, fit: Fit) -> Estimates:
    """Return the differences of the slopes per week between the compared arms and the comparator, or of all pairs."""
    plan, every_pair = options_of(planned, LMM), planned.analysis.multiplicity == "tukey"
    against = PAIRWISE if every_pair else planned.against
    options: dict[str, Any] = {"against": against, "by": None, "averaging": plan.averaging}
    start, later = (contrast_rows(fit, "arm", at={DAY: day}, **options) for day in (WEEK, 2 * WEEK))
    rows = later - start
    found = numbers(fit, rows.to_numpy(), plan.conf_level)
    if plan.multiplicity in SIMULTANEOUS:
        levels = len(fit.design.levels["arm"])
        found = simultaneous(fit, rows.to_numpy(), found, [()] * len(rows), plan.multiplicity, levels)
    people = pd.Series(fit.sample.participant).groupby(fit.design.frame["arm"].to_numpy()).nunique()
    n = fit.design.frame["arm"].value_counts()
    return Estimates.of(
        {
            **each,
            "outcome": fit.outcome,
            "arm": arm,
            "reference": reference,
            "term": "difference_in_slope",
            "n_participants": int(people[arm] + people[reference]),
            "n_observations": int(n[arm] + n[reference]),
            "method": f"{fit.method}; slope of the model per 7 days",
            "warning": "; ".join(fit.warnings),
        }
        for (arm, reference, _), each in zip(rows.index, found, strict=True)
        if every_pair or arm in planned.compare
    )


def _at_visit(planned: PlannedAnalysis, fit: Fit, visit: str) -> Iterator[Estimates]:
    """Yield means, differences and tests of a margin on the planned day of a visit."""
    plan, day = options_of(planned, LMM), float(planned.study.visits[visit].day)
    options: dict[str, Any] = {"by": None, "at": {DAY: day}, "averaging": plan.averaging, "conf_level": plan.conf_level}
    yield marginal_means(fit, "arm", **options)
    yield differences(planned, fit, **options)
    if plan.margin is not None and visit in planned.visits:
        yield margins(planned, fit, **options)


def _counted(found: Estimates, rows: pd.DataFrame, visit: str) -> Estimates:
    """Return estimates on the planned day of a visit as rows of the visit, with the values there are."""
    n = rows["arm"].astype(str).value_counts()
    frame = found.frame
    values = [int(n.get(arm, 0) + n.get(other, 0)) for arm, other in zip(frame["arm"], frame["reference"], strict=True)]
    return Estimates(frame.assign(visit=visit, n_observations=values))


METHOD = LMMMethod()
