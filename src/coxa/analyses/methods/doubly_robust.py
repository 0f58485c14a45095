"""Two groups made comparable by weights and by models of the outcome."""

from __future__ import annotations

from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod, weights_words
from coxa.study.comparative import PlannedAnalysis


class DoublyRobustMethod(WithoutRandomisationMethod):
    """Means by models of the outcome, corrected by weighted residuals."""

    estimator = "doubly_robust"
    title = "Doubly robust comparison of groups"

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how weights and models are made."""
        said, cited = weights_words(planned)
        return (
            f"by models of the outcome on the confounders in each {planned.study.words.arm}, corrected by residuals "
            f"with {said} (augmented inverse probability weighting: right where the weights or the models are)",
            ("doubly-robust", cited),
        )


METHOD = DoublyRobustMethod()
