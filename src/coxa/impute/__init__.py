"""Missing outcomes: what is assumed of them, and the estimates under each assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.impute.analyse import analyse_ancova as analyse_ancova
    from coxa.impute.analyse import analyse_mmrm as analyse_mmrm
    from coxa.impute.analysed import Analysed as Analysed
    from coxa.impute.analysed import PooledResults as PooledResults
    from coxa.impute.analysed import pool_any_difference as pool_any_difference
    from coxa.impute.analysed import pool_imputations as pool_imputations
    from coxa.impute.any_analysis import analyse_each as analyse_each
    from coxa.impute.bootstrapped import BootstrapPooled as BootstrapPooled
    from coxa.impute.bootstrapped import analyse_bootstrap as analyse_bootstrap
    from coxa.impute.bootstrapped import pool_bootstrap as pool_bootstrap
    from coxa.impute.chained import ImputedCovariates as ImputedCovariates
    from coxa.impute.chained import impute_covariates as impute_covariates
    from coxa.impute.conditional import ConditionalMean as ConditionalMean
    from coxa.impute.conditional import conditional_mean as conditional_mean
    from coxa.impute.convergence import Convergence as Convergence
    from coxa.impute.counts import CountImputations as CountImputations
    from coxa.impute.counts import impute_counts as impute_counts
    from coxa.impute.deltas import Delta as Delta
    from coxa.impute.draws import Draws as Draws
    from coxa.impute.draws import draw_parameters as draw_parameters
    from coxa.impute.dropout import Dropout as Dropout
    from coxa.impute.dropout import fit_dropout as fit_dropout
    from coxa.impute.imputations import Imputations as Imputations
    from coxa.impute.imputations import impute_outcomes as impute_outcomes
    from coxa.impute.imputations import impute_scores as impute_scores
    from coxa.impute.joint_tests import PooledTest as PooledTest
    from coxa.impute.joint_tests import pool_chi_squares as pool_chi_squares
    from coxa.impute.joint_tests import pool_joint as pool_joint
    from coxa.impute.joint_tests import pool_likelihood_ratios as pool_likelihood_ratios
    from coxa.impute.levels import analyse_levels as analyse_levels
    from coxa.impute.outcomes import IncompleteOutcomes as IncompleteOutcomes
    from coxa.impute.outcomes import incomplete_outcomes as incomplete_outcomes
    from coxa.impute.pooling import Enough as Enough
    from coxa.impute.pooling import Pooled as Pooled
    from coxa.impute.pooling import enough_imputations as enough_imputations
    from coxa.impute.pooling import pool_rubin as pool_rubin
    from coxa.impute.rates import TippingFactor as TippingFactor
    from coxa.impute.rates import analyse_rates as analyse_rates
    from coxa.impute.rates import tipping_factor as tipping_factor
    from coxa.impute.responders import analyse_responders as analyse_responders
    from coxa.impute.scores import Steps as Steps
    from coxa.impute.scores import draw_scores as draw_scores
    from coxa.impute.strategies import Strategy as Strategy
    from coxa.impute.strategies import carry_from as carry_from
    from coxa.impute.strategies import strategy_named as strategy_named
    from coxa.impute.tipping import TippingMap as TippingMap
    from coxa.impute.tipping import TippingPoint as TippingPoint
    from coxa.impute.tipping import tipping_map as tipping_map
    from coxa.impute.tipping import tipping_point as tipping_point
    from coxa.impute.tipping_risks import tipping_responders as tipping_responders
    from coxa.impute.tipping_sets import tipping_imputed as tipping_imputed
    from coxa.impute.traced import trace_imputed as trace_imputed
    from coxa.impute.weighted import analyse_augmented as analyse_augmented
    from coxa.impute.weighted import analyse_weighted as analyse_weighted

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.impute.analyse": ("analyse_ancova", "analyse_mmrm"),
        "coxa.impute.analysed": ("Analysed", "PooledResults", "pool_any_difference", "pool_imputations"),
        "coxa.impute.any_analysis": ("analyse_each",),
        "coxa.impute.bootstrapped": ("BootstrapPooled", "analyse_bootstrap", "pool_bootstrap"),
        "coxa.impute.chained": ("ImputedCovariates", "impute_covariates"),
        "coxa.impute.conditional": ("ConditionalMean", "conditional_mean"),
        "coxa.impute.convergence": ("Convergence",),
        "coxa.impute.counts": ("CountImputations", "impute_counts"),
        "coxa.impute.deltas": ("Delta",),
        "coxa.impute.draws": ("Draws", "draw_parameters"),
        "coxa.impute.dropout": ("Dropout", "fit_dropout"),
        "coxa.impute.imputations": ("Imputations", "impute_outcomes", "impute_scores"),
        "coxa.impute.joint_tests": ("PooledTest", "pool_chi_squares", "pool_joint", "pool_likelihood_ratios"),
        "coxa.impute.levels": ("analyse_levels",),
        "coxa.impute.outcomes": ("IncompleteOutcomes", "incomplete_outcomes"),
        "coxa.impute.pooling": ("Enough", "Pooled", "enough_imputations", "pool_rubin"),
        "coxa.impute.rates": ("TippingFactor", "analyse_rates", "tipping_factor"),
        "coxa.impute.responders": ("analyse_responders",),
        "coxa.impute.scores": ("Steps", "draw_scores"),
        "coxa.impute.strategies": ("Strategy", "carry_from", "strategy_named"),
        "coxa.impute.tipping": ("TippingMap", "TippingPoint", "tipping_map", "tipping_point"),
        "coxa.impute.tipping_risks": ("tipping_responders",),
        "coxa.impute.tipping_sets": ("tipping_imputed",),
        "coxa.impute.traced": ("trace_imputed",),
        "coxa.impute.weighted": ("analyse_augmented", "analyse_weighted"),
    },
)
