"""Derivations: from checked tables to the data of an estimand, one derivation per file."""

from coxa.derive.analysis_sets import derive_analysis_sets
from coxa.derive.build import derive_dataset
from coxa.derive.dataset import AnalysisDataset
from coxa.derive.scores import derive_scores

__all__ = ["AnalysisDataset", "derive_analysis_sets", "derive_dataset", "derive_scores"]
