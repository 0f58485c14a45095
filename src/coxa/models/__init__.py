"""Models: a formula and a checked table go in, a `Fit` comes out.

`coxa.models.fit_mmrm` fits the mixed model for repeated measures, `coxa.models.fit_lmm` the linear mixed
model, `coxa.models.ancova.fit_ancova` the analysis of covariance of one visit, `coxa.models.fit_glm` logistic and
log-linear regression, `coxa.models.fit_gee` marginal models of repeated or clustered outcomes, `coxa.models.fit_glmm`
models with a random intercept, `coxa.models.fit_ordinal` cumulative logit models of ordered outcomes,
`coxa.models.batch.api.fit_batch` many outcomes on one design. The arithmetic is in
`coxa.models.numerics`, as functions on arrays; the sums of patterns, and what adds them up, are public. Times to an
event: `coxa.models.fit_cox`, `fit_subdistribution` and `fit_recurrent` take a formula and a frame, `kaplan_meier`,
`log_rank` and `aalen_johansen` arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.models.ancova import fit_ancova as fit_ancova
    from coxa.models.batch.api import BatchFit as BatchFit
    from coxa.models.batch.api import fit_batch as fit_batch
    from coxa.models.batch.trials import fit_trials as fit_trials
    from coxa.models.gee.api import fit_gee as fit_gee
    from coxa.models.gee.result import GEEFit as GEEFit
    from coxa.models.gee.spec import GEESpec as GEESpec
    from coxa.models.glm.count_checks import count_findings as count_findings
    from coxa.models.glm.count_checks import overdispersion as overdispersion
    from coxa.models.glm.count_checks import zero_inflation as zero_inflation
    from coxa.models.glm.fit import fit_glm as fit_glm
    from coxa.models.glm.inflated_rates import rates_of_all as rates_of_all
    from coxa.models.glm.record import GLMFit as GLMFit
    from coxa.models.glm.spec import GLMSpec as GLMSpec
    from coxa.models.glm.zero_inflated import ZeroInflatedFit as ZeroInflatedFit
    from coxa.models.glm.zero_inflated import fit_zero_inflated as fit_zero_inflated
    from coxa.models.glmm.api import fit_glmm as fit_glmm
    from coxa.models.glmm.fit import GLMMFit as GLMMFit
    from coxa.models.lmm.api import fit_lmm as fit_lmm
    from coxa.models.lmm.variances import icc as icc
    from coxa.models.lmm.variances import variance_intervals as variance_intervals
    from coxa.models.location_scale.days import day_rows as day_rows
    from coxa.models.location_scale.fit import fit_location_scale as fit_location_scale
    from coxa.models.location_scale.result import LocationScaleFit as LocationScaleFit
    from coxa.models.location_scale.spec import LocationScaleSpec as LocationScaleSpec
    from coxa.models.mmrm.api import fit_mmrm as fit_mmrm
    from coxa.models.mmrm.clda import fit_clda as fit_clda
    from coxa.models.mmrm.clda import with_baseline as with_baseline
    from coxa.models.numerics.pattern_sums import PatternSums as PatternSums
    from coxa.models.numerics.pattern_sums import merge as merge
    from coxa.models.numerics.pattern_sums import merge_all as merge_all
    from coxa.models.numerics.pattern_sums import pattern_sums as pattern_sums
    from coxa.models.ordinal.fit import fit_ordinal as fit_ordinal
    from coxa.models.ordinal.proportional_odds import proportional_odds_test as proportional_odds_test
    from coxa.models.ordinal.record import OrdinalFit as OrdinalFit
    from coxa.models.ordinal.spec import OrdinalSpec as OrdinalSpec
    from coxa.models.results.diagnostics import covariance_check as covariance_check
    from coxa.models.results.diagnostics import qq_points as qq_points
    from coxa.models.results.diagnostics import residuals as residuals
    from coxa.models.results.fit import Fit as Fit
    from coxa.models.results.influence import influence as influence
    from coxa.models.spec import ANCOVASpec as ANCOVASpec
    from coxa.models.spec import CLDASpec as CLDASpec
    from coxa.models.spec import GLMMSpec as GLMMSpec
    from coxa.models.spec import LMMSpec as LMMSpec
    from coxa.models.spec import MMRMSpec as MMRMSpec
    from coxa.models.survival.adjusted_log_rank import AdjustedLogRank as AdjustedLogRank
    from coxa.models.survival.adjusted_log_rank import adjusted_log_rank as adjusted_log_rank
    from coxa.models.survival.cox import fit_cox_arrays as fit_cox_arrays
    from coxa.models.survival.cox_fit import CoxFit as CoxFit
    from coxa.models.survival.cox_rows import fit_cox as fit_cox
    from coxa.models.survival.gray import GrayTest as GrayTest
    from coxa.models.survival.gray import gray_test as gray_test
    from coxa.models.survival.grouped import GroupedFit as GroupedFit
    from coxa.models.survival.grouped import fit_grouped_hazards as fit_grouped_hazards
    from coxa.models.survival.grouped import spans_of_times as spans_of_times
    from coxa.models.survival.grouped import visit_rows as visit_rows
    from coxa.models.survival.incidence import CumulativeIncidence as CumulativeIncidence
    from coxa.models.survival.incidence import aalen_johansen as aalen_johansen
    from coxa.models.survival.kaplan_meier import KaplanMeier as KaplanMeier
    from coxa.models.survival.kaplan_meier import kaplan_meier as kaplan_meier
    from coxa.models.survival.log_rank import LogRank as LogRank
    from coxa.models.survival.log_rank import log_rank as log_rank
    from coxa.models.survival.mean_cumulative import MeanCumulative as MeanCumulative
    from coxa.models.survival.mean_cumulative import mean_cumulative as mean_cumulative
    from coxa.models.survival.proportional import ProportionalHazardsTest as ProportionalHazardsTest
    from coxa.models.survival.proportional import proportional_hazards_test as proportional_hazards_test
    from coxa.models.survival.proportional import schoenfeld_residuals as schoenfeld_residuals
    from coxa.models.survival.recurrent import fit_recurrent as fit_recurrent
    from coxa.models.survival.recurrent import recurrent_rows as recurrent_rows
    from coxa.models.survival.recurrent import rows_at_risk as rows_at_risk
    from coxa.models.survival.specs import CoxSpec as CoxSpec
    from coxa.models.survival.specs import GroupedSpec as GroupedSpec
    from coxa.models.survival.specs import RecurrentSpec as RecurrentSpec
    from coxa.models.survival.specs import SubdistributionSpec as SubdistributionSpec
    from coxa.models.survival.split import split_follow_up as split_follow_up
    from coxa.models.survival.subdistribution import fit_subdistribution as fit_subdistribution

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.models.ancova": ("fit_ancova",),
        "coxa.models.batch.api": ("BatchFit", "fit_batch"),
        "coxa.models.batch.trials": ("fit_trials",),
        "coxa.models.gee.api": ("fit_gee",),
        "coxa.models.gee.result": ("GEEFit",),
        "coxa.models.gee.spec": ("GEESpec",),
        "coxa.models.glm.count_checks": ("count_findings", "overdispersion", "zero_inflation"),
        "coxa.models.glm.fit": ("fit_glm",),
        "coxa.models.glm.inflated_rates": ("rates_of_all",),
        "coxa.models.glm.record": ("GLMFit",),
        "coxa.models.glm.spec": ("GLMSpec",),
        "coxa.models.glm.zero_inflated": ("ZeroInflatedFit", "fit_zero_inflated"),
        "coxa.models.glmm.api": ("fit_glmm",),
        "coxa.models.glmm.fit": ("GLMMFit",),
        "coxa.models.lmm.api": ("fit_lmm",),
        "coxa.models.lmm.variances": ("icc", "variance_intervals"),
        "coxa.models.location_scale.days": ("day_rows",),
        "coxa.models.location_scale.fit": ("fit_location_scale",),
        "coxa.models.location_scale.result": ("LocationScaleFit",),
        "coxa.models.location_scale.spec": ("LocationScaleSpec",),
        "coxa.models.mmrm.api": ("fit_mmrm",),
        "coxa.models.mmrm.clda": ("fit_clda", "with_baseline"),
        "coxa.models.numerics.pattern_sums": ("PatternSums", "merge", "merge_all", "pattern_sums"),
        "coxa.models.ordinal.fit": ("fit_ordinal",),
        "coxa.models.ordinal.proportional_odds": ("proportional_odds_test",),
        "coxa.models.ordinal.record": ("OrdinalFit",),
        "coxa.models.ordinal.spec": ("OrdinalSpec",),
        "coxa.models.results.diagnostics": ("covariance_check", "qq_points", "residuals"),
        "coxa.models.results.fit": ("Fit",),
        "coxa.models.results.influence": ("influence",),
        "coxa.models.spec": ("ANCOVASpec", "CLDASpec", "GLMMSpec", "LMMSpec", "MMRMSpec"),
        "coxa.models.survival.cox": ("fit_cox_arrays",),
        "coxa.models.survival.cox_fit": ("CoxFit",),
        "coxa.models.survival.cox_rows": ("fit_cox",),
        "coxa.models.survival.adjusted_log_rank": ("AdjustedLogRank", "adjusted_log_rank"),
        "coxa.models.survival.gray": ("GrayTest", "gray_test"),
        "coxa.models.survival.grouped": ("GroupedFit", "fit_grouped_hazards", "spans_of_times", "visit_rows"),
        "coxa.models.survival.incidence": ("CumulativeIncidence", "aalen_johansen"),
        "coxa.models.survival.kaplan_meier": ("KaplanMeier", "kaplan_meier"),
        "coxa.models.survival.log_rank": ("LogRank", "log_rank"),
        "coxa.models.survival.mean_cumulative": ("MeanCumulative", "mean_cumulative"),
        "coxa.models.survival.proportional": (
            "ProportionalHazardsTest",
            "proportional_hazards_test",
            "schoenfeld_residuals",
        ),
        "coxa.models.survival.recurrent": ("fit_recurrent", "recurrent_rows", "rows_at_risk"),
        "coxa.models.survival.split": ("split_follow_up",),
        "coxa.models.survival.specs": ("CoxSpec", "GroupedSpec", "RecurrentSpec", "SubdistributionSpec"),
        "coxa.models.survival.subdistribution": ("fit_subdistribution",),
    },
)
