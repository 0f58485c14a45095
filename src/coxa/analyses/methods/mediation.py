"""Natural direct and indirect effects of an arm through a mediator, at each visit of the estimand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.analyses.causal_rows import each_arm, found_in, result_row
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.rows import AnalysisRows
from coxa.causal import MediatedEffects, mediated_effects
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.exposures import earlier_column
from coxa.study.models.mediation import Mediation
from coxa.study.words import DOSE_WORDS

TERMS = {
    "natural_indirect": "natural_indirect_effect",
    "natural_direct": "natural_direct_effect",
    "total": "total_effect",
}
"""Effect of `mediated_effects` -> its kind of row."""

INTERVALS = {
    "delta": "by the delta method",
    "product": "of the distribution of a product of two normal variables for the indirect effect",
    "bootstrap": "percentiles of {0} bootstrap samples of participants within arms",
}


class MediationMethod(Method):
    """A model of the mediator and one of the outcome, for every compared arm and its comparator."""

    separate_arms = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the effects of each visit."""
        plan = options_of(planned, Mediation)
        mediator, adjust = mediator_column(plan), adjusted(planned.study, plan)
        kind = plan.link if planned.kind == "binary" else "linear"
        options = {
            "adjust": list(adjust),
            "interaction": plan.interaction,
            "kind": kind,
            "interval": plan.interval,
            **({"replicates": plan.replicates, "seed": plan.seed} if plan.interval == "bootstrap" else {}),
            "conf_level": plan.conf_level,
        }

        def fitted(rows: pd.DataFrame, arm: str) -> MediatedEffects:
            return mediated_effects(
                rows,
                planned.response,
                mediator,
                against=planned.against,
                compare=arm,
                **options,  # type: ignore[arg-type]
            )

        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        arms = f"against={planned.against!r}, compare=arm"
        text = f"mediated_effects(d, {planned.response!r}, {mediator!r}, {arms}, {given})"
        between = " * " if plan.interaction else " + "
        formula = f"{planned.response} ~ {' + '.join([f'arm{between}{mediator}', *adjust])}"
        yield from each_arm(planned, dataset, fitted, text, formula, f"natural effects, limits {interval_words(plan)}")

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the natural indirect, the natural direct and the total effect."""
        for fit in fits:
            for arm, found in found_in(fit).items():
                yield Estimates.of(
                    result_row(planned, fit, arm, term, found.n, **numbers_of(found, effect))
                    for effect, term in TERMS.items()
                )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        return Words(title="Natural direct and indirect effects by two regressions", cites=("mediation",), ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the two models and what is estimated from them."""
        planned, plan, cite = telling.planned, options_of(telling.planned, Mediation), telling.cite
        study = planned.study
        second = (
            f"a {plan.link} model of {planned.variable}" if planned.kind == "binary" else f"one of {planned.variable}"
        )
        product = " with the product of arm and mediator" if plan.interaction else ""
        adjust = [term_words(study, plan, name) for name in adjusted(study, plan)]
        yield (
            f"How much of the effect runs through {mediator_words(study, plan)} was estimated by natural effects"
            f"{cite('mediation')}: a linear model of the mediator and {second}{product}, both with the "
            f"{study.words.arm}{f', {join_words(adjust)}' if adjust else ''}. The natural indirect effect is the "
            "difference in the outcome of the arm between the mediator as it is under the arm and as it would be under "
            f"the comparator; the natural direct effect is the rest. Limits: {interval_words(plan)}."
        )
        yield (
            "Chance allocates the arm and not the mediator: that no unmeasured cause acts on both mediator and outcome "
            "is an assumption."
            + (
                " The report gives the correlation of their residuals at which the indirect effect would be zero."
                if planned.kind != "binary" and not plan.interaction
                else ""
            )
        )


def numbers_of(found: MediatedEffects, effect: str) -> dict[str, float]:
    """Return the numbers of an effect as a row of results has them."""
    row = found.of(effect)
    return {name: float(row[name]) for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value")}


def mediator_column(plan: Mediation) -> str:
    """Return the column of the mediator."""
    given = plan.mediator
    return given.dose or earlier_column(str(given.outcome), str(given.visit))


def adjusted(study: ComparativeStudy, plan: Mediation) -> tuple[str, ...]:
    """Return the terms of both models beside arm and mediator: those of the plan, and the mediator at baseline."""
    terms = tuple(term for term in plan.terms(())[1:] if term)
    if not plan.mediator_baseline or plan.mediator.outcome is None:
        return terms
    return (*terms, earlier_column(plan.mediator.outcome, study.baseline_visit))


def mediator_words(study: ComparativeStudy, plan: Mediation) -> str:
    """Return the mediator inside a sentence: "fear of movement at Week 6"."""
    given = plan.mediator
    if given.dose:
        return DOSE_WORDS[given.dose]
    label = mid_sentence(study.label("outcomes", str(given.outcome)))
    return f"{label} at {study.label('visits', str(given.visit))}"


def term_words(study: ComparativeStudy, plan: Mediation, name: str) -> str:
    """Return a term of both models in words."""
    if plan.mediator.outcome and name == earlier_column(plan.mediator.outcome, study.baseline_visit):
        return "the mediator at baseline"
    if name == "baseline":
        return "the outcome at baseline"
    return mid_sentence(study.label("covariates", name)) if name in study.covariates else name


def interval_words(plan: Mediation) -> str:
    """Return how limits were made."""
    return INTERVALS[plan.interval].format(plan.replicates)


METHOD = MediationMethod()
