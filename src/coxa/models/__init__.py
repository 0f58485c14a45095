"""Models: a formula and a checked table go in, a `Fit` comes out.

`coxa.models.mmrm.fit_mmrm` fits the mixed model for repeated measures, `coxa.models.ancova.fit_ancova` the
analysis of covariance of one visit. The arithmetic is in `coxa.models.numerics`, as functions on arrays.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coxa.models.ancova import fit_ancova
    from coxa.models.fit import Fit
    from coxa.models.mmrm import fit_mmrm

__all__ = ["Fit", "fit_ancova", "fit_mmrm"]

_HOMES = {"Fit": "fit", "fit_ancova": "ancova", "fit_mmrm": "mmrm"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"coxa.models.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'coxa.models' has no attribute {name!r}")
