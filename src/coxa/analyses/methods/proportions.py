"""Proportions of responders, compared without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.methods.method import Method, Telling, Together, Words
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, fit_proportions
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import no_word, proportion_of


class ProportionsMethod(Method):
    """Newcombe's intervals of differences, and ratios, at each visit of the estimand."""

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield responder proportions and their differences at each visit of the estimand."""
        analysis = planned.analysis
        for visit in planned.visits:
            rows, response = dataset.frame[dataset.frame["visit"] == visit], planned.response
            if analysis.option("missing_response") == "non_responder":
                rows = rows.assign(**{response: rows[response].fillna(0.0)})
            found = fit_proportions(
                rows.dropna(subset=[response]),
                response=response,
                arm="arm",
                against=planned.against,
                conf_level=analysis.conf_level,
            )
            yield Estimates(found.frame[found.frame["arm"].isin(planned.arms)].assign(visit=visit))

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the comparison is called."""
        how = planned.analysis.option("missing_response")
        title, cites = "Proportions, not adjusted", ("proportions", how)
        if how == "non_responder":
            counted = f"Missing outcomes: counted as {no_word(planned)}."
            return Words(title=title, cites=cites, ddf=None, missing=counted)
        return Words(title=title, cites=cites, ddf=None)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how proportions were compared."""
        study = telling.planned.study
        yield (
            f"Proportions {proportion_of(telling.planned)} were compared without "
            f"adjustment; intervals of differences are Newcombe's hybrid score intervals{telling.cite('proportions')}. "
            "Those of ratios are on the log scale; where no or every participant of one "
            f"{study.words.arm} responds, they are score intervals."
        )

    def together(self, planned: PlannedAnalysis) -> Together | None:
        """Return that counts of many trials are compared at once, unless p-values are adjusted or there is a margin."""
        analysis = planned.analysis
        alone = analysis.multiplicity == "none" and analysis.margin is None
        plain = alone and planned.effect.term == "risk_difference"
        return "proportions" if plain and planned.response != "event" else None


METHOD = ProportionsMethod()
