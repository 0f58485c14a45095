"""A series of n-of-1 trials: the mixed model of the differences within blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.analyses.blocks import differences_of, means_of_people
from coxa.analyses.methods.means import MeansMethod, of_means
from coxa.analyses.methods.method import Telling, Words, options_of
from coxa.analyses.methods.mmrm import likelihood, likelihood_words
from coxa.analyses.rows import AnalysisRows
from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates, margin_test
from coxa.estimates.means import numbers
from coxa.models import Fit
from coxa.models.results.run import AnyFit
from coxa.n_of_1.series import series_model
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.n_of_1 import NOfOne
from coxa.study.periods import EVERY_PERIOD

MISSING = "Blocks without a value under both treatments: left out, nothing imputed."
TITLE = "Linear mixed model of the differences within blocks with a random effect of each participant"


class NOfOneMethod(MeansMethod):
    """One model of each comparison; a number is of a treatment over all periods."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the model of each compared treatment."""
        plan = options_of(planned, NOfOne)
        for compare in planned.compare:
            rows = differences_of(planned, dataset, compare)
            try:
                yield series_model(rows, order=plan.order, ddf=plan.ddf, reml=plan.reml)
            except OptionError as error:
                said, _, remedy = str(error).partition(". ")
                raise FitError(said, [remedy or "Look at what was left out: `coxa check`."]) from error

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the mean of each treatment, the mean effects, and tests against a margin."""
        plan = options_of(planned, NOfOne)
        yield Estimates.of([self._mean(planned, dataset.analysed, one) for one in planned.arms])
        yield from self.compared(planned, fits, dataset)
        if plan.margin is not None:
            compared = Estimates.of(self._effects(planned, fits, dataset))
            yield margin_test(
                compared,
                plan.margin.value,
                type=plan.margin.type,
                higher_is_better=planned.higher_is_better,
                alpha=plan.margin.alpha,
            )

    def compared(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the mean effects, and what a margin asks for."""
        yield Estimates.of(self._effects(planned, fits, dataset))

    def _effects(
        self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows
    ) -> Iterator[dict[str, Any]]:
        for compare, one in zip(planned.compare, fits, strict=True):
            fit = of_means(one)
            rows = differences_of(planned, dataset, compare)
            (row,) = numbers(fit, fit.weights({"Intercept": 1.0}), planned.analysis.conf_level)
            yield {
                **row,
                "outcome": planned.outcome_name,
                "visit": EVERY_PERIOD,
                "arm": compare,
                "reference": planned.against,
                "term": "difference",
                "n_participants": rows["participant_id"].nunique(),
                "n_observations": 2 * len(rows),
                "method": "mean difference within blocks over participants",
                "warning": "; ".join(fit.warnings),
            }

    def _mean(self, planned: PlannedAnalysis, rows: pd.DataFrame, treatment: str) -> dict[str, Any]:
        """Return the mean of participants' means under a treatment, with a t interval."""
        values = means_of_people(rows, planned.response, treatment)
        n, level = len(values), planned.analysis.conf_level
        mean = float(values.mean()) if n else np.nan
        error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
        half = float(stats.t.ppf((1 + level) / 2, n - 1)) * error if n > 1 else np.nan
        return {
            "outcome": planned.outcome_name,
            "visit": EVERY_PERIOD,
            "arm": treatment,
            "term": "marginal_mean",
            "estimate": mean,
            "std_error": error,
            "df": float(n - 1) if n > 1 else np.nan,
            "conf_low": mean - half,
            "conf_high": mean + half,
            "conf_level": level,
            "n_participants": n,
            "n_observations": n,
            "method": "mean of participants' means over their periods",
        }

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        plan = options_of(planned, NOfOne)
        return Words(
            title=TITLE,
            means="Mean of participants",
            missing=MISSING,
            whole=True,
            cites=("n_of_1", likelihood(reml=plan.reml)),
            ddf=plan.ddf,
        )

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model, what is shown of each participant, and what is done about the order and carry-over."""
        plan, cite = options_of(telling.planned, NOfOne), telling.cite
        order = ", with an effect of coming second in the block, which takes up a trend" if plan.order else ""
        yield (
            f"In each block of a participant the mean of {telling.planned.variable} under one treatment was taken less "
            f"that under the other. A linear mixed model of these differences{cite('n_of_1')} with a random effect of "
            f"each participant was fitted by {likelihood_words(telling, reml=plan.reml)}{order}. It gives the mean "
            "effect, the standard deviation of the effects between people with a profile interval, shrunken effects of "
            "each participant (best linear unbiased predictions), and the interval of the effect in the next person."
        )
        yield (
            "The effect in a participant alone is the mean of his or her blocks, with a t interval whose units are "
            "blocks, and an exact randomisation test over the orders within blocks that could have been drawn"
            ". Where outcomes are of days, a regression with autoregressive errors is "
            "shown too. Carry-over is taken to have faded by the first day analysed of each period; it was not "
            "tested to choose the analysis."
        )


METHOD = NOfOneMethod()
