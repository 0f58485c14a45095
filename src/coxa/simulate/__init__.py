"""Simulated trials with the truth that was planted in them.

One file per part of a trial (`trajectories`, `items`, `attendance`, `dropout`, `events`), each a few functions
that take a numpy Generator; `hip_oa` puts them together. Names are loaded when first used.

Examples
--------
>>> from coxa.simulate import simulate_hip_oa_trial
>>> tables, truth = simulate_hip_oa_trial(seed=1, n_per_arm=10)
>>> len(tables["participants"])
30
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.simulate.hip_oa.design import HipOADesign
    from coxa.simulate.hip_oa.trial import simulate_hip_oa_trial
    from coxa.simulate.truth import TrueValue, Truth

__all__ = ["HipOADesign", "TrueValue", "Truth", "simulate_hip_oa_trial"]

_HOME = {
    "HipOADesign": "hip_oa.design",
    "TrueValue": "truth",
    "Truth": "truth",
    "simulate_hip_oa_trial": "hip_oa.trial",
}

__getattr__ = lazy(__name__, _HOME)
