"""Each treated participant compared with the nearest one of the reference group."""

from __future__ import annotations

from coxa.analyses.groups import comparisons_of
from coxa.analyses.methods.method import Telling, options_of
from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.matching import Matching

ORDERS = {
    "largest": "the largest score first",
    "smallest": "the smallest score first",
    "data": "in the order of the data",
}


class MatchingMethod(WithoutRandomisationMethod):
    """Pairs by the propensity score, with errors by pair."""

    title = "Matched comparison of groups"

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how pairs are made."""
        plan, words = options_of(planned, Matching), planned.study.words
        measure = "logit of the propensity score" if plan.distance == "logit" else "propensity score"
        near = f"a caliper of {plan.caliper:g} standard deviations" if plan.caliper is not None else "no caliper"
        return (
            f"each participant of a compared {words.arm} was matched to the nearest one of the comparator by the "
            f"{measure} (logistic regression on the confounders), one to one, without replacement, "
            f"{ORDERS[plan.order]}, with {near}",
            ("matching",),
        )

    def cites(self, planned: PlannedAnalysis) -> tuple[str, ...]:
        """Return the words of the bibliography."""
        return (*super().cites(planned), "matched-errors")

    def errors(self, telling: Telling) -> str:
        """Return how standard errors were found, and how many have no partner."""
        study, said = telling.planned.study, []
        for fit in telling.fits[:1]:
            for arm, one in comparisons_of(fit).items():
                if one.matched is None:
                    continue
                n, alone = len(one.matched.pairs), len(one.matched.unmatched)
                said.append(f"{n} of {n + alone} participants of {study.label('arms', arm)} have a partner")
        partners = f" {join_words(said)}; the answer is about them." if said else ""
        return f"Standard errors are clustered by pair{telling.cite('matched-errors')}.{partners}"


METHOD = MatchingMethod()
