"""Events of the time not seen imputed under a strategy, and rates of the planned time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.generalised import adjusted_rows, each_visit, rows_at
from coxa.analyses.imputed.count_words import assumes, factor_words, title_of, when
from coxa.analyses.imputed.counts import FIRST, count_sets, words_used
from coxa.analyses.methods.counts import CountsMethod, exposure_of
from coxa.analyses.methods.method import Telling, Together, Words, options_of
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates
from coxa.models.results.run import AnyFit
from coxa.sentences import mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputed_counts import ImputedCounts


class ImputedCountsMethod(CountsMethod):
    """A negative binomial model of the time that was seen, from which the events of the rest are imputed."""

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the imputation model of each visit."""
        yield from each_visit(planned, dataset, subgroup, family="negative_binomial", **exposure_of(planned))

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the rates observed, and the imputed ones with their ratio and difference, at each visit."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            yield self.observed(planned, rows_at(planned, dataset, visit), fit, visit)
            yield from self.compared(planned, [fit], dataset)

    def compared(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield the pooled rates, their ratio and difference."""
        for fit in fits:
            found = count_sets(planned, fit, dataset)
            arms = found.imputed.data["arm"].astype(str)
            sizes = {arm: int(n) for arm, n in arms.value_counts().items()}
            frame = found.results.estimates.frame
            pairs = zip(frame["arm"].astype(str), frame["reference"].astype(str), strict=True)
            people = [sum(sizes[arm] for arm in pair if arm) for pair in pairs]
            named = frame.assign(n_participants=people, n_observations=people, warning=found.without)
            yield adjusted_rows(planned, Estimates(named), str(fit.sample.visits[0]))

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return None: each trial has imputed data sets of its own."""
        return None

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        analysis = options_of(planned, ImputedCounts)
        title = title_of(analysis)
        return Words(
            title=f"Negative binomial regression, events of the time not seen imputed ({title})",
            missing=f"Time not seen: its events imputed many times ({title}).{factor_words(planned, analysis)}",
            cites=("imputed_counts", "negative_binomial", "rubin", "barnard-rubin"),
            ddf=None,
            completed=True,
        )

    def assumption(self, planned: PlannedAnalysis) -> str:
        """Return the assumption of each strategy, and the factors."""
        analysis = options_of(planned, ImputedCounts)
        return assumes(planned, analysis)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the imputation model, what is assumed of the time not seen, and how data sets were analysed."""
        planned, cite = telling.planned, telling.cite
        analysis = options_of(planned, ImputedCounts)
        exposed = ", the logarithm of the exposure as an offset" if exposure_of(planned) else ""
        for formula in telling.formulas():
            yield (
                f"The number of events of {mid_sentence(planned.outcome_label)} in the time that a participant "
                f"was not seen was imputed many times{cite('imputed_counts')}, given the events before, from a "
                f"negative binomial model{cite('negative_binomial')} of the time seen at each visit{exposed}; terms: "
                f"{telling.terms(formula)}."
            )
        kinds = words_used(analysis)
        for kind in kinds:
            yield f"{when(planned, kind, alone=len(kinds) == 1)}: {assumes(planned, analysis, kind)}"
        if said := factor_words(planned, analysis).strip():
            yield said
        if analysis.imputations is not None:
            yield f"{analysis.imputations:,} data sets were imputed."
        else:
            yield (
                f"The number of imputed data sets was chosen after a first round of {FIRST}, so that the Monte Carlo "
                f"errors of estimates and of standard errors are below {analysis.monte_carlo_error:.0%} of the "
                "standard error."
            )
        yield (
            "The events of all participants over the planned time were compared by a negative binomial model with the "
            "same terms; rates are averages over all participants. Results were pooled by Rubin's rules"
            f"{cite('rubin')}, with Barnard and Rubin's degrees of freedom{cite('barnard-rubin')}."
        )


METHOD = ImputedCountsMethod()
