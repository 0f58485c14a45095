"""Two groups made comparable by weights."""

from __future__ import annotations

from coxa.analyses.methods.without_randomisation import WithoutRandomisationMethod, weights_words
from coxa.study.comparative import PlannedAnalysis


class WeightingMethod(WithoutRandomisationMethod):
    """Weighted means, risks, rates or times."""

    title = "Weighted comparison of groups"

    def way(self, planned: PlannedAnalysis) -> tuple[str, tuple[str, ...]]:
        """Return how the weights are made."""
        said, cited = weights_words(planned)
        return f"by {said}", (cited,)


METHOD = WeightingMethod()
