"""The complier average causal effect, with allocation as the instrument of treatment received."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.analyses.causal_rows import (
    RECEIVED,
    compliance_of,
    each_arm,
    found_in,
    received_code,
    result_row,
    with_received,
)
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.rows import AnalysisRows
from coxa.causal import ComplierEffect, complier_effect
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.cace import CACE
from coxa.study.wording import compliance_words

VCOV_WORDS = {"model": "one residual variance"}
WEAK = "weak instrument: first-stage F is {0:.1f}, below 10; take the Anderson-Rubin set"


class CACEMethod(Method):
    """Two-stage least squares of every compared arm against the comparator, at each visit of the estimand."""

    separate_arms = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the effects of each visit."""
        plan = options_of(planned, CACE)

        def fitted(rows: pd.DataFrame, arm: str) -> ComplierEffect:
            return complier_effect(
                with_received(planned, rows, arm),
                planned.response,
                RECEIVED,
                against=planned.against,
                compare=arm,
                adjust=adjusted(plan),
                vcov=plan.vcov,
                conf_level=plan.conf_level,
            )

        options = f"adjust={list(adjusted(plan))!r}, vcov={plan.vcov!r}, conf_level={plan.conf_level:g}"
        text = (
            f"complier_effect({received_code(planned)}, {planned.response!r}, {RECEIVED!r}, "
            f"against={planned.against!r}, compare=arm, {options})"
        )
        terms = " + ".join([RECEIVED, *adjusted(plan)])
        instrumented = " + ".join(["arm", *adjusted(plan)])
        yield from each_arm(
            planned, dataset, fitted, text, f"{planned.response} ~ {terms} | {instrumented}", self.method(plan)
        )

    def method(self, plan: CACE) -> str:
        """Return what was done, in words."""
        return f"two-stage least squares, {VCOV_WORDS.get(plan.vcov, plan.vcov)} standard errors"

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the effect in compliers of each compared arm at each visit."""
        for fit in fits:
            for arm, found in found_in(fit).items():
                effect = found.effect
                warning = WEAK.format(effect.first_f) if effect.is_weak else ""
                numbers = {
                    name: getattr(effect, name)
                    for name in ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
                }
                row = result_row(planned, fit, arm, "complier_average_effect", effect.n, **numbers)
                yield Estimates.of([{**row, "warning": warning}])

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        title = "Complier average causal effect by two-stage least squares, allocation as the instrument"
        return Words(title=title, cites=("cace", "cace-bounds"), ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how compliers are defined, and how their effect was estimated."""
        planned, plan, cite = telling.planned, options_of(telling.planned, CACE), telling.cite
        study = planned.study
        yield (
            f"The treatment counts as received {compliance_words(compliance_of(planned))}. Compliers are participants "
            "who receive it if they are allocated to it, and not otherwise. Their average effect on "
            f"{planned.variable} was estimated by two-stage least squares with allocation as the "
            f"instrument{cite('cace')}, with {VCOV_WORDS.get(plan.vcov, plan.vcov)} standard errors and quantiles of t."
        )
        yield (
            f"It rests on {study.words.start}, on an effect of allocation through the treatment received alone, and on "
            "no participant who would receive the treatment only where it is not allocated. The report gives the "
            "first-stage F, the set of Anderson and Rubin, which holds with a weak instrument too, and bounds without "
            f"the second assumption{cite('cace-bounds')}."
        )


def adjusted(plan: CACE) -> tuple[str, ...]:
    """Return the terms of both stages, without the visit, which is one."""
    return tuple(term for term in plan.terms(())[1:] if term)


METHOD = CACEMethod()
