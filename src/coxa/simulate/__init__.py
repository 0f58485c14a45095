"""Simulated trials with the truth that was planted in them.

`from_plan` makes a trial of any plan, `registry` the episodes of several clinics: one file per part, each a few
functions that take a numpy Generator. Names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.simulate.bootstrap import bootstrap_fit as bootstrap_fit
    from coxa.simulate.from_plan.design import TrialDesign as TrialDesign
    from coxa.simulate.from_plan.design import trial_design as trial_design
    from coxa.simulate.from_plan.draw import draw_outcomes as draw_outcomes
    from coxa.simulate.from_plan.drawn import DrawnTrial as DrawnTrial
    from coxa.simulate.from_plan.frames import estimand_frame as estimand_frame
    from coxa.simulate.from_plan.trial import SimulatedTrial as SimulatedTrial
    from coxa.simulate.from_plan.trial import simulate_study as simulate_study
    from coxa.simulate.from_plan.truths import true_values as true_values
    from coxa.simulate.presets import preset as preset
    from coxa.simulate.presets import preset_names as preset_names
    from coxa.simulate.published import compare_published as compare_published
    from coxa.simulate.registry.plan import registry_plan as registry_plan
    from coxa.simulate.registry.registry import SimulatedRegistry as SimulatedRegistry
    from coxa.simulate.registry.registry import registry_blocks as registry_blocks
    from coxa.simulate.registry.registry import simulate_registry as simulate_registry
    from coxa.simulate.registry.truth import RegistryTruth as RegistryTruth
    from coxa.simulate.truth import TrueCurve as TrueCurve
    from coxa.simulate.truth import TrueValue as TrueValue
    from coxa.simulate.truth import Truth as Truth
    from coxa.simulate.twin import Twin as Twin
    from coxa.simulate.twin import Twins as Twins
    from coxa.simulate.twin import synthetic_twin as synthetic_twin
    from coxa.simulate.twin import synthetic_twins as synthetic_twins

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.simulate.bootstrap": ("bootstrap_fit",),
        "coxa.simulate.from_plan.design": ("TrialDesign", "trial_design"),
        "coxa.simulate.from_plan.draw": ("draw_outcomes",),
        "coxa.simulate.from_plan.drawn": ("DrawnTrial",),
        "coxa.simulate.from_plan.frames": ("estimand_frame",),
        "coxa.simulate.from_plan.trial": ("SimulatedTrial", "simulate_study"),
        "coxa.simulate.from_plan.truths": ("true_values",),
        "coxa.simulate.presets": ("preset", "preset_names"),
        "coxa.simulate.published": ("compare_published",),
        "coxa.simulate.registry.plan": ("registry_plan",),
        "coxa.simulate.registry.registry": ("SimulatedRegistry", "registry_blocks", "simulate_registry"),
        "coxa.simulate.registry.truth": ("RegistryTruth",),
        "coxa.simulate.truth": ("TrueCurve", "TrueValue", "Truth"),
        "coxa.simulate.twin": ("Twin", "Twins", "synthetic_twin", "synthetic_twins"),
    },
)
