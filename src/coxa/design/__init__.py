"""Randomise a trial, and say beforehand how well and how large.

`randomise` draws the list of a scheme; `balance` and `predictability` try the scheme out; `rerandomisation_test` uses
it in the analysis. The `power_` functions have closed forms; `simulated_power` and `find_n` run the
plan's own analyses. Names are loaded when first used.

Examples
--------
>>> from coxa.design import PermutedBlocks, randomise
>>> randomise(PermutedBlocks({"usual_care": 1, "exercise": 2}, sizes=(3, 6)), 12, seed=7).words
'permuted blocks of random size 3 or 6; usual_care to exercise 1:2'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.allocation.planned import planned_scheme
    from coxa.allocation.schemes import Cluster, Minimisation, PermutedBlocks, Simple, Stratified
    from coxa.allocation.words import in_words
    from coxa.design.allocate import next_allocation, randomise
    from coxa.design.allocation_list import AllocationList, SeedRecord
    from coxa.design.by_simulation.record import SimulatedPower
    from coxa.design.by_simulation.rehearsal import Rehearsal, rehearse
    from coxa.design.by_simulation.search import SampleSize, find_n
    from coxa.design.by_simulation.simulated import simulated_power
    from coxa.design.cards import allocation_cards
    from coxa.design.closed_form.ancova import power_ancova
    from coxa.design.closed_form.answer import Power
    from coxa.design.closed_form.cluster import design_effect, power_cluster
    from coxa.design.closed_form.mmrm import power_mmrm
    from coxa.design.closed_form.partially_nested import power_partially_nested
    from coxa.design.closed_form.two_means import power_two_means
    from coxa.design.closed_form.two_proportions import power_two_proportions
    from coxa.design.guessing import Predictability, predictability
    from coxa.design.imbalance import Balance, balance
    from coxa.design.redcap import redcap_table
    from coxa.design.rerandomisation import RerandomisationTest, rerandomisation_test
    from coxa.design.sealed import SealedList, check_seals, seal

_HOMES = {
    "allocation_list": ("AllocationList", "SeedRecord"),
    "imbalance": ("Balance", "balance"),
    "by_simulation.record": ("SimulatedPower",),
    "by_simulation.rehearsal": ("Rehearsal", "rehearse"),
    "by_simulation.search": ("SampleSize", "find_n"),
    "by_simulation.simulated": ("simulated_power",),
    "cards": ("allocation_cards",),
    ".allocation.planned": ("planned_scheme",),
    "closed_form.answer": ("Power",),
    "closed_form.ancova": ("power_ancova",),
    "closed_form.cluster": ("design_effect", "power_cluster"),
    "closed_form.mmrm": ("power_mmrm",),
    "closed_form.partially_nested": ("power_partially_nested",),
    "closed_form.two_means": ("power_two_means",),
    "closed_form.two_proportions": ("power_two_proportions",),
    "guessing": ("Predictability", "predictability"),
    "allocate": ("next_allocation", "randomise"),
    "redcap": ("redcap_table",),
    "rerandomisation": ("RerandomisationTest", "rerandomisation_test"),
    ".allocation.schemes": ("Cluster", "Minimisation", "PermutedBlocks", "Simple", "Stratified"),
    "sealed": ("SealedList", "check_seals", "seal"),
    ".allocation.words": ("in_words",),
}

__all__ = [
    "AllocationList",
    "Balance",
    "Cluster",
    "Minimisation",
    "PermutedBlocks",
    "Power",
    "Predictability",
    "Rehearsal",
    "RerandomisationTest",
    "SampleSize",
    "SealedList",
    "SeedRecord",
    "Simple",
    "SimulatedPower",
    "Stratified",
    "allocation_cards",
    "balance",
    "check_seals",
    "design_effect",
    "find_n",
    "in_words",
    "next_allocation",
    "planned_scheme",
    "power_ancova",
    "power_cluster",
    "power_mmrm",
    "power_partially_nested",
    "power_two_means",
    "power_two_proportions",
    "predictability",
    "randomise",
    "redcap_table",
    "rehearse",
    "rerandomisation_test",
    "seal",
    "simulated_power",
]

__getattr__ = lazy(__name__, {name: module for module, names in _HOMES.items() for name in names})
