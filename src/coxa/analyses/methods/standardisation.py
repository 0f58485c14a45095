"""Two groups made comparable by models of the outcome alone."""

from __future__ import annotations

from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod
from coxa.study.comparative import PlannedAnalysis


class StandardisationMethod(WithoutRandomisationMethod):
    """Predictions of a model of each group, averaged over the target population."""

    title = "Standardised comparison of groups"

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how models are standardised."""
        if planned.kind == "time":
            return (
                f"by Cox models of the event on the confounders in each {planned.study.words.arm}, whose curves were "
                "standardised over those whom the estimand is about (g-computation)",
                ("g-computation",),
            )
        return (
            f"by models of the outcome on the confounders in each {planned.study.words.arm}, standardised over those "
            "whom the estimand is about (g-computation)",
            ("g-computation",),
        )


METHOD = StandardisationMethod()
