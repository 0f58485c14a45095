"""The terms by which completed outcomes of one visit are analysed."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.analyses.methods.method import options_of
from coxa.study.analysis import AdjustedAnalysis
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation


def formula_of(planned: PlannedAnalysis, visits: Sequence[str]) -> str:
    """Return the terms of the analysis of one visit."""
    analysis = options_of(planned, Imputation)
    return " + ".join(dict.fromkeys(term for term in AdjustedAnalysis.terms(analysis, visits) if term))
