"""Models: a formula and a checked table go in, a `Fit` comes out.

`coxa.models.mmrm.fit_mmrm` fits the mixed model for repeated measures, `coxa.models.lmm.fit_lmm` the linear mixed
model, `coxa.models.ancova.fit_ancova` the analysis of covariance of one visit, `coxa.models.batch.api.fit_batch` many
outcomes on one design. The arithmetic is in `coxa.models.numerics`, as functions on arrays; the sums of patterns, and
what adds them up, are public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.models.ancova import fit_ancova
    from coxa.models.batch.api import BatchFit, fit_batch
    from coxa.models.batch.trials import fit_trials
    from coxa.models.lmm.api import fit_lmm
    from coxa.models.lmm.variances import icc, variance_intervals
    from coxa.models.mmrm.api import fit_mmrm
    from coxa.models.mmrm.clda import fit_clda
    from coxa.models.numerics.pattern_sums import PatternSums, merge, merge_all, pattern_sums
    from coxa.models.results.fit import Fit
    from coxa.models.spec import ANCOVASpec, CLDASpec, LMMSpec, MMRMSpec

__all__ = [
    "ANCOVASpec",
    "BatchFit",
    "CLDASpec",
    "Fit",
    "LMMSpec",
    "MMRMSpec",
    "PatternSums",
    "fit_ancova",
    "fit_batch",
    "fit_clda",
    "fit_lmm",
    "fit_mmrm",
    "fit_trials",
    "icc",
    "merge",
    "merge_all",
    "pattern_sums",
    "variance_intervals",
]

_HOMES = {
    "ANCOVASpec": "spec",
    "BatchFit": "batch.api",
    "CLDASpec": "spec",
    "Fit": "results.fit",
    "LMMSpec": "spec",
    "MMRMSpec": "spec",
    "PatternSums": "numerics.pattern_sums",
    "fit_ancova": "ancova",
    "fit_batch": "batch.api",
    "fit_clda": "mmrm.clda",
    "fit_lmm": "lmm.api",
    "fit_mmrm": "mmrm.api",
    "fit_trials": "batch.trials",
    "icc": "lmm.variances",
    "merge": "numerics.pattern_sums",
    "merge_all": "numerics.pattern_sums",
    "pattern_sums": "numerics.pattern_sums",
    "variance_intervals": "lmm.variances",
}

__getattr__ = lazy(__name__, _HOMES)
