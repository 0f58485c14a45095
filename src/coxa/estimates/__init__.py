"""Estimates: marginal means, contrasts, tests and adjusted p-values, one row per number."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coxa.estimates.differences import contrasts, joint_test
    from coxa.estimates.means import marginal_means
    from coxa.estimates.multiplicity import adjust_multiplicity
    from coxa.estimates.proportions import fit_proportions
    from coxa.estimates.standardised import standardised_effect
    from coxa.estimates.table import Estimates

__all__ = [
    "Estimates",
    "adjust_multiplicity",
    "contrasts",
    "fit_proportions",
    "joint_test",
    "marginal_means",
    "standardised_effect",
]

_HOMES = {
    "Estimates": "table",
    "adjust_multiplicity": "multiplicity",
    "contrasts": "differences",
    "fit_proportions": "proportions",
    "joint_test": "differences",
    "marginal_means": "means",
    "standardised_effect": "standardised",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"coxa.estimates.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'coxa.estimates' has no attribute {name!r}")
