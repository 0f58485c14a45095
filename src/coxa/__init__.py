"""coxa: clinical-trial style outcomes research in hip and musculoskeletal rehabilitation.

The public names below are loaded when first used, so that importing the package and asking the command line
for help stay fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "CoxaError": "coxa.errors",
    "DataError": "coxa.errors",
    "FitError": "coxa.errors",
    "PlanError": "coxa.errors",
    "Finding": "coxa.findings",
    "Findings": "coxa.findings",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'coxa' has no attribute '{name}'")


def __dir__() -> list[str]:
    return list(__all__)
