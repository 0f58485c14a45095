"""Prove an installation: fits of data that ship with coxa, compared with what R and SAS print for them.

Names are loaded when first used, so that importing `coxa` stays light.

Examples
--------
>>> from coxa.selftest import run_selftest
>>> result = run_selftest(only=["binary_sas"])
>>> result.passed, len(result.checks)
(True, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.selftest.result import Check as Check
    from coxa.selftest.result import Selftest as Selftest
    from coxa.selftest.run import run_selftest as run_selftest

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.selftest.result": ("Check", "Selftest"),
        "coxa.selftest.run": ("run_selftest",),
    },
)
