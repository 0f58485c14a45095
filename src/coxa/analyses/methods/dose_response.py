"""Effect per unit of dose, by allocation as its instrument, and the curve of the outcome over the dose in the arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.analyses.causal_rows import each_arm, found_in, result_row
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.rows import AnalysisRows
from coxa.causal import DoseResponse, InstrumentalEffect, dose_response, instrumental_effect
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.exposures import ARM_RECEIVED
from coxa.study.models.dose_response import DoseResponseModel
from coxa.study.words import DOSE_WORDS

NUMBERS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
DOSE = "dose"
"""Column of the dose of the treatment of the arm that is compared: 0 for who received another one."""


@dataclass(frozen=True, slots=True)
class Doses:
    """What was found of one arm: the effect per unit by its instrument, and the curve within the arm."""

    effect: InstrumentalEffect
    curve: DoseResponse


class DoseResponseMethod(Method):
    """Two-stage least squares of the dose, and least squares within the arm, at each visit of the estimand."""

    separate_arms = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the effects and curves of each visit."""
        plan = options_of(planned, DoseResponseModel)
        adjust = tuple(term for term in plan.terms(())[1:] if term)

        def fitted(rows: pd.DataFrame, arm: str) -> Doses:
            own = with_dose(plan, rows, arm)
            effect = instrumental_effect(
                own, planned.response, DOSE, "assigned", adjust=adjust, vcov=plan.vcov, conf_level=plan.conf_level
            )
            curve = dose_response(
                own[own["assigned"] == 1],
                planned.response,
                DOSE,
                adjust=adjust,
                knots=plan.knots,
                vcov=plan.vcov,
                conf_level=plan.conf_level,
            )
            return Doses(effect, curve)

        taken = f"{DOSE}=d[{plan.dose!r}].where(d[{ARM_RECEIVED!r}] == arm, 0.0), assigned=(d['arm'] == arm) * 1.0"
        options = f"adjust={list(adjust)!r}, vcov={plan.vcov!r}, conf_level={plan.conf_level:g}"
        text = f"instrumental_effect(d.assign({taken}), {planned.response!r}, {DOSE!r}, 'assigned', {options})"
        formula = f"{planned.response} ~ {' + '.join([DOSE, *adjust])} | {' + '.join(['arm', *adjust])}"
        method = f"two-stage least squares, {plan.vcov} standard errors"
        yield from each_arm(planned, dataset, fitted, text, formula, method)

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the effect per unit of dose, and the association within the arm."""
        for fit in fits:
            for arm, found in found_in(fit).items():
                own = {name: getattr(found.effect, name) for name in NUMBERS}
                curve = {name: float(found.curve.slope[name]) for name in NUMBERS}
                within = result_row(planned, fit, arm, "association_with_dose", found.curve.n, **curve)
                yield Estimates.of(
                    [
                        result_row(planned, fit, arm, "effect_per_dose", found.effect.n, **own),
                        {**within, "method": "least squares within the arm, not randomised"},
                    ]
                )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        title = "Effect per unit of dose by two-stage least squares, allocation as the instrument"
        return Words(title=title, cites=("cace", "spline"), ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how the effect of the dose was estimated, and what the curve is."""
        planned, plan, cite = telling.planned, options_of(telling.planned, DoseResponseModel), telling.cite
        yield (
            f"The dose is {DOSE_WORDS[plan.dose]}, and 0 for who received another treatment. The effect per unit of "
            f"dose on {planned.variable} was estimated by two-stage least squares with allocation as the "
            f"instrument{cite('cace')}, {plan.vcov} standard errors; it takes allocation to act through the dose "
            "alone, and each unit of dose to add the same."
        )
        yield (
            "Next to it, the course of the outcome over the dose within the arm is a restricted cubic spline with "
            f"{plan.knots} knots{cite('spline')}. It is an association: participants choose their dose."
        )


def with_dose(plan: DoseResponseModel, rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return rows with the dose of an arm's treatment, and whether it was allocated."""
    return rows.assign(
        **{DOSE: rows[plan.dose].astype(float).where(rows[ARM_RECEIVED] == arm, 0.0)},
        assigned=(rows["arm"].astype(str) == arm).astype(float),
    )


METHOD = DoseResponseMethod()
