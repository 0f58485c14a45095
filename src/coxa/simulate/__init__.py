"""Simulated trials with the truth that was planted in them.

One file per part of a trial (`serial`, `items`, `attendance`, `dropout`, `events`), each a few functions that take a
numpy Generator; `from_plan` makes a trial of any plan. Names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.simulate.from_plan.design import TrialDesign, trial_design
    from coxa.simulate.from_plan.draw import draw_outcomes
    from coxa.simulate.from_plan.follow import DrawnTrial
    from coxa.simulate.from_plan.strategies import estimand_frame, estimand_values
    from coxa.simulate.from_plan.trial import SimulatedTrial, simulate_study
    from coxa.simulate.from_plan.truths import true_values
    from coxa.simulate.truth import TrueValue, Truth

__all__ = [
    "DrawnTrial",
    "SimulatedTrial",
    "TrialDesign",
    "TrueValue",
    "Truth",
    "draw_outcomes",
    "estimand_frame",
    "estimand_values",
    "simulate_study",
    "trial_design",
    "true_values",
]

_HOME = {
    "DrawnTrial": "from_plan.follow",
    "SimulatedTrial": "from_plan.trial",
    "TrialDesign": "from_plan.design",
    "simulate_study": "from_plan.trial",
    "true_values": "from_plan.truths",
    "draw_outcomes": "from_plan.draw",
    "estimand_frame": "from_plan.strategies",
    "estimand_values": "from_plan.strategies",
    "trial_design": "from_plan.design",
    "TrueValue": "truth",
    "Truth": "truth",
}

__getattr__ = lazy(__name__, _HOME)
