"""Two groups made comparable by weights and by models of the outcome."""

from __future__ import annotations

from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod, weights_words
from coxa.study.comparative import PlannedAnalysis


class DoublyRobustMethod(WithoutRandomisationMethod):
    """Means by models of the outcome, corrected by weighted residuals."""

    title = "Doubly robust comparison of groups"

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how weights and models are made."""
        said, cited = weights_words(planned)
        if planned.kind == "time":
            return (
                f"by Cox models of the event on the confounders in each {planned.study.words.arm}, standardised over "
                f"those whom the estimand is about and corrected by martingale residuals with {said}, divided by the "
                "probability of not being censored by Cox models on the same confounders (augmented inverse "
                "probability weighting: right where the models of the event are, or those of group and censoring)",
                ("doubly-robust-times", cited),
            )
        return (
            f"by models of the outcome on the confounders in each {planned.study.words.arm}, corrected by residuals "
            f"with {said} (augmented inverse probability weighting: right where the weights or the models are)",
            ("doubly-robust", cited),
        )


METHOD = DoublyRobustMethod()
