"""Derivations: from checked tables to the data of an estimand, one derivation per file.

`build` and what it calls make the data of an estimand from a cohort. The others work on a diary, or on any frame with
a row per participant and day, and need no study file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.derive.analysis_sets import derive_analysis_sets as derive_analysis_sets
    from coxa.derive.build import derive_dataset as derive_dataset
    from coxa.derive.dataset import AnalysisDataset as AnalysisDataset
    from coxa.derive.delivery import derive_co_interventions as derive_co_interventions
    from coxa.derive.delivery import derive_delivered as derive_delivered
    from coxa.derive.exercise_dose import derive_dose as derive_dose
    from coxa.derive.harms import derive_harms as derive_harms
    from coxa.derive.scores import derive_scores as derive_scores

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.derive.analysis_sets": ("derive_analysis_sets",),
        "coxa.derive.build": ("derive_dataset",),
        "coxa.derive.dataset": ("AnalysisDataset",),
        "coxa.derive.delivery": ("derive_co_interventions", "derive_delivered"),
        "coxa.derive.exercise_dose": ("derive_dose",),
        "coxa.derive.harms": ("derive_harms",),
        "coxa.derive.scores": ("derive_scores",),
    },
)
