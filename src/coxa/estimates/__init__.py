"""Estimates: marginal means, contrasts, tests and adjusted p-values, one row per number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.estimates.combination import linear_combination
    from coxa.estimates.differences import contrast_rows, contrasts, joint_test
    from coxa.estimates.effect_size import standardised_by_model
    from coxa.estimates.factorial import factorial_contrasts
    from coxa.estimates.margins import margin_test
    from coxa.estimates.means import marginal_means
    from coxa.estimates.multiplicity import adjust_multiplicity
    from coxa.estimates.profile import Profile, auc, average, planned_profile, slope
    from coxa.estimates.proportions import fit_proportions
    from coxa.estimates.rates import fit_rates
    from coxa.estimates.standardised import standardised_effect
    from coxa.estimates.subgroups import subgroup_contrasts
    from coxa.estimates.table import Estimates

__all__ = [
    "Estimates",
    "Profile",
    "adjust_multiplicity",
    "auc",
    "average",
    "contrast_rows",
    "contrasts",
    "factorial_contrasts",
    "fit_proportions",
    "fit_rates",
    "joint_test",
    "linear_combination",
    "margin_test",
    "marginal_means",
    "planned_profile",
    "slope",
    "standardised_by_model",
    "standardised_effect",
    "subgroup_contrasts",
]

_HOMES = {
    "Estimates": "table",
    "Profile": "profile",
    "adjust_multiplicity": "multiplicity",
    "auc": "profile",
    "average": "profile",
    "contrast_rows": "differences",
    "contrasts": "differences",
    "factorial_contrasts": "factorial",
    "fit_proportions": "proportions",
    "fit_rates": "rates",
    "joint_test": "differences",
    "linear_combination": "combination",
    "margin_test": "margins",
    "marginal_means": "means",
    "planned_profile": "profile",
    "slope": "profile",
    "standardised_by_model": "effect_size",
    "standardised_effect": "standardised",
    "subgroup_contrasts": "subgroups",
}

__getattr__ = lazy(__name__, _HOMES)
