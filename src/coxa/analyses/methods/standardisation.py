"""Two groups made comparable by models of the outcome alone."""

from __future__ import annotations

from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod
from coxa.study.comparative import PlannedAnalysis


class StandardisationMethod(WithoutRandomisationMethod):
    """Predictions of a model of each group, averaged over the target population."""

    estimator = "g_computation"
    title = "Standardised comparison of groups"

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how models are standardised."""
        return (
            f"by models of the outcome on the confounders in each {planned.study.words.arm}, standardised over those "
            "whom the estimand is about (g-computation)",
            ("g-computation",),
        )


METHOD = StandardisationMethod()
