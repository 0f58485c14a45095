"""Audit of clinics: completeness, funnels, small numbers, control charts, and tables of counts safe to publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.audit.cascade import completeness as completeness
    from coxa.audit.casemix.cells import CellFit as CellFit
    from coxa.audit.casemix.cells import CellWeights as CellWeights
    from coxa.audit.casemix.cells import cell_weights as cell_weights
    from coxa.audit.casemix.cells import fit_cells as fit_cells
    from coxa.audit.casemix.nested import NestedFit as NestedFit
    from coxa.audit.casemix.nested import fit_nested as fit_nested
    from coxa.audit.casemix.sums import NestedSums as NestedSums
    from coxa.audit.casemix.sums import independent_columns as independent_columns
    from coxa.audit.casemix.sums import merge_sums as merge_sums
    from coxa.audit.casemix.sums import nested_sums as nested_sums
    from coxa.audit.charts.chart import ControlChart as ControlChart
    from coxa.audit.charts.chart import assurance_icon as assurance_icon
    from coxa.audit.charts.chart import variation_icon as variation_icon
    from coxa.audit.charts.cusum import cusum_limit as cusum_limit
    from coxa.audit.charts.cusum import cusum_run_length as cusum_run_length
    from coxa.audit.charts.cusum import cusum_scores as cusum_scores
    from coxa.audit.charts.cusum import risk_adjusted_cusum as risk_adjusted_cusum
    from coxa.audit.charts.over_time import p_chart as p_chart
    from coxa.audit.charts.over_time import u_chart as u_chart
    from coxa.audit.charts.over_time import xmr_chart as xmr_chart
    from coxa.audit.charts.rare import g_chart as g_chart
    from coxa.audit.charts.rare import t_chart as t_chart
    from coxa.audit.charts.rules import seven_on_one_side as seven_on_one_side
    from coxa.audit.charts.rules import seven_point_trend as seven_point_trend
    from coxa.audit.charts.rules import special_causes as special_causes
    from coxa.audit.charts.rules import spread_back as spread_back
    from coxa.audit.charts.rules import two_in_three as two_in_three
    from coxa.audit.charts.runs import RunChart as RunChart
    from coxa.audit.charts.runs import run_chart as run_chart
    from coxa.audit.dispersion import Dispersion as Dispersion
    from coxa.audit.dispersion import over_dispersion as over_dispersion
    from coxa.audit.funnel import Funnel as Funnel
    from coxa.audit.funnel import funnel_means as funnel_means
    from coxa.audit.funnel import funnel_proportions as funnel_proportions
    from coxa.audit.funnel import funnel_ratios as funnel_ratios
    from coxa.audit.limits import binomial_limits as binomial_limits
    from coxa.audit.limits import normal_limits as normal_limits
    from coxa.audit.limits import poisson_count_limits as poisson_count_limits
    from coxa.audit.limits import poisson_predictive_limits as poisson_predictive_limits
    from coxa.audit.shrinkage import power_of_difference as power_of_difference
    from coxa.audit.shrinkage import shrunken_means as shrunken_means
    from coxa.audit.shrinkage import smallest_difference as smallest_difference
    from coxa.audit.tipping import tipping_means as tipping_means
    from coxa.audit.tipping import tipping_proportions as tipping_proportions
    from coxa.audit.weighting import CompletenessWeights as CompletenessWeights
    from coxa.audit.weighting import completeness_weights as completeness_weights
    from coxa.disclosure.attack import Attack as Attack
    from coxa.disclosure.attack import attack_tables as attack_tables
    from coxa.disclosure.protect import Certificate as Certificate
    from coxa.disclosure.protect import Protected as Protected
    from coxa.disclosure.protect import protect_tables as protect_tables
    from coxa.disclosure.tables import CountTable as CountTable

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.audit.cascade": ("completeness",),
        "coxa.audit.casemix.cells": ("CellFit", "CellWeights", "cell_weights", "fit_cells"),
        "coxa.audit.casemix.nested": ("NestedFit", "fit_nested"),
        "coxa.audit.casemix.sums": ("NestedSums", "independent_columns", "merge_sums", "nested_sums"),
        "coxa.audit.charts.chart": ("ControlChart", "assurance_icon", "variation_icon"),
        "coxa.audit.charts.cusum": ("cusum_limit", "cusum_run_length", "cusum_scores", "risk_adjusted_cusum"),
        "coxa.audit.charts.over_time": ("p_chart", "u_chart", "xmr_chart"),
        "coxa.audit.charts.rare": ("g_chart", "t_chart"),
        "coxa.audit.charts.rules": (
            "seven_on_one_side",
            "seven_point_trend",
            "special_causes",
            "spread_back",
            "two_in_three",
        ),
        "coxa.audit.charts.runs": ("RunChart", "run_chart"),
        "coxa.audit.dispersion": ("Dispersion", "over_dispersion"),
        "coxa.audit.funnel": ("Funnel", "funnel_means", "funnel_proportions", "funnel_ratios"),
        "coxa.audit.limits": ("binomial_limits", "normal_limits", "poisson_count_limits", "poisson_predictive_limits"),
        "coxa.audit.shrinkage": ("power_of_difference", "shrunken_means", "smallest_difference"),
        "coxa.audit.tipping": ("tipping_means", "tipping_proportions"),
        "coxa.audit.weighting": ("CompletenessWeights", "completeness_weights"),
        "coxa.disclosure.attack": ("Attack", "attack_tables"),
        "coxa.disclosure.protect": ("Certificate", "Protected", "protect_tables"),
        "coxa.disclosure.tables": ("CountTable",),
    },
)
