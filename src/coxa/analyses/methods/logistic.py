"""A logistic regression at each visit, its risks standardised over all participants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from coxa.analyses.clusters import ROBUST, observed_shares, robust_over
from coxa.analyses.generalised import adjusted_rows, each_visit, of_glm, over_clusters, rows_at, with_non_responders
from coxa.analyses.methods.method import Method, Telling, Together, Words
from coxa.analyses.regression import Regression, is_plain
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, effects_in_subgroups, fit_proportions, standardised_risks
from coxa.estimates.standardised import Scheme, Variance, standardised_rows
from coxa.models.glm.fit import fitted_design
from coxa.models.glm.spec import GLMSpec
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import model_formula, no_word, proportion_of

SCHEMES: dict[str, Scheme] = {"simple": "simple", "blocks": "pb", "biased_coin": "bc", "minimisation": "ps"}
VARIANCE_WORDS = {
    "ye": "have the variance of Ye and others, which holds under randomisation also where the model is wrong",
    "ge": "have errors by the delta method, model and covariates taken as given",
}

RISKS = (
    "Each {arm}'s risk is the mean of the predictions for all participants, as if all had been in it; differences and "
    "ratios of these risks {what}. The odds ratio is that of the standardised risks, not of the model."
)
NUMBERS_NEEDED = "Numbers needed to treat are the inverse of these differences, and so are their limits."


def variance_of(planned: PlannedAnalysis) -> Variance:
    """Return the variance of an analysis: that of randomised participants in a trial, unless the plan says which."""
    asked = planned.analysis.option("variance")
    if asked == "by_design":
        independent = planned.analysis.option("cluster") is None
        return "ye" if planned.study.words.allocates and independent else "ge"
    return "ge" if asked == "ge" else "ye"


def scheme_of(planned: PlannedAnalysis) -> tuple[Scheme, tuple[str, ...]]:
    """Return how participants were randomised and the columns of the strata, as the variance takes them."""
    allocation = planned.study.allocation
    if allocation is None or variance_of(planned) == "ge" or not allocation.covariates:
        return "simple", ()
    return SCHEMES[allocation.scheme], tuple(allocation.covariates)


def standardisation(planned: PlannedAnalysis) -> dict[str, Any]:
    """Return how the risks of an analysis are standardised, as options of `coxa.estimates.standardised_risks`."""
    scheme, strata = scheme_of(planned)
    return {
        "against": planned.against,
        "variance": variance_of(planned),
        "scheme": scheme,
        "strata": strata,
        "small_samples": planned.analysis.option("cluster") is None and bool(planned.analysis.option("small_samples")),
        "conf_level": planned.analysis.conf_level,
    }


class LogisticMethod(Method):
    """Logistic regression, and from it each arm's risk over all participants."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the model of each visit."""
        yield from each_visit(planned, dataset, subgroup, family="binomial", **robust_over(planned.analysis))

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the risks observed and standardised, and the three comparisons, at each visit."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            rows = rows_at(planned, dataset, visit)
            observed = fit_proportions(
                rows.dropna(subset=[planned.response]),
                planned.response,
                against=planned.against,
                conf_level=planned.analysis.conf_level,
            ).only(term="risk")
            kept = Estimates(observed.frame[observed.frame["arm"].isin(planned.arms)].assign(visit=visit))
            yield observed_shares(planned.analysis, kept)
            yield from self.compared(planned, [fit], dataset)

    def compared(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the standardised risks and their three comparisons."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            rows = rows_at(planned, dataset, visit)
            found = standardised_risks(of_glm(fit), rows, **standardisation(planned))
            yield adjusted_rows(planned, found, visit)

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that the designs of many trials are made together."""
        return "regression" if is_plain(planned) else None

    def regression(self, planned: PlannedAnalysis) -> Regression:
        """Return the model of a visit, and from it the standardised risks."""
        spec = GLMSpec(formula=model_formula(planned.study, planned.name), family="binomial")
        options = standardisation(planned)
        return Regression(
            spec.formula,
            (),
            lambda rows: with_non_responders(planned, rows),
            lambda design, rows: standardised_rows(fitted_design(spec, design, None), rows, **options),
        )

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the comparison of the estimand within the levels of a subgroup, and the test of the interaction."""
        return effects_in_subgroups(
            of_glm(fit),
            subgroup,
            planned.effect.term,
            against=planned.against,
            compare=planned.compare,
            visit=fit.sample.visits[0],
            conf_level=planned.analysis.conf_level,
        )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        how = planned.analysis.option("missing_response")
        robust = ("KC", ROBUST) if planned.analysis.option("cluster") else ()
        cites = ("logistic", *(robust or (variance_of(planned),)), how)
        title = "Logistic regression at each visit, risks standardised over all participants"
        if how == "non_responder":
            counted = f"Missing outcomes: counted as {no_word(planned)}."
            return Words(title=title, cites=cites, ddf=None, missing=counted)
        return Words(title=title, cites=cites, ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the model of each visit and how risks were standardised."""
        planned, variance = telling.planned, variance_of(telling.planned)
        _, strata = scheme_of(planned)
        for formula in telling.formulas():
            yield (
                f"Proportions {proportion_of(planned)} were analysed by logistic regression at each "
                f"visit{telling.cite('logistic')}; terms: {telling.terms(formula)}."
            )
        labels = [mid_sentence(planned.study.label("covariates", name)) for name in strata]
        within = f", within strata of {join_words(labels)}" if labels else ""
        if cluster := planned.analysis.option("cluster"):
            yield RISKS.format(arm=planned.study.words.arm, what=over_clusters(telling, cluster))
            if planned.analysis.option("numbers_needed"):
                yield NUMBERS_NEEDED
            return
        small = planned.analysis.option("small_samples")
        residuals = (
            ", with residuals divided by the root of one less their leverage" if small and variance == "ye" else ""
        )
        tested = f"limits are of {'t' if small else 'the normal distribution'}"
        errors = f"{VARIANCE_WORDS[variance]}{telling.cite(variance)}{within}{residuals}; {tested}"
        yield RISKS.format(arm=planned.study.words.arm, what=errors)
        if planned.analysis.option("numbers_needed"):
            yield NUMBERS_NEEDED


METHOD = LogisticMethod()
