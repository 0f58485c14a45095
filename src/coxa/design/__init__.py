"""Randomise a trial, and say beforehand how well and how large.

`randomise` draws the list of a scheme; `balance` and `predictability` try the scheme out; `rerandomisation_test` uses

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
    from coxa.design.allocate import next_allocation, randomise
    from coxa.design.allocation_list import AllocationList, SeedRecord
    from coxa.design.cards import allocation_cards
    from coxa.design.guessing import Predictability, predictability
    from coxa.design.imbalance import Balance, balance
    from coxa.design.planned import planned_scheme
    from coxa.design.redcap import redcap_table
    from coxa.design.rerandomisation import RerandomisationTest, rerandomisation_test
    from coxa.design.schemes import Cluster, Minimisation, PermutedBlocks, Simple, Stratified
    from coxa.design.sealed import SealedList, check_seals, seal
    from coxa.design.words import in_words

_HOMES = {
    "allocation_list": ("AllocationList", "SeedRecord"),
    "imbalance": ("Balance", "balance"),
    "cards": ("allocation_cards",),
    "planned": ("planned_scheme",),
    "guessing": ("Predictability", "predictability"),
    "allocate": ("next_allocation", "randomise"),
    "redcap": ("redcap_table",),
    "rerandomisation": ("RerandomisationTest", "rerandomisation_test"),
    "schemes": ("Cluster", "Minimisation", "PermutedBlocks", "Simple", "Stratified"),
    "sealed": ("SealedList", "check_seals", "seal"),
    "words": ("in_words",),
}

__all__ = [
    "AllocationList",
    "Balance",
    "Cluster",
    "Minimisation",
    "PermutedBlocks",
    "Predictability",
    "RerandomisationTest",
    "SealedList",
    "SeedRecord",
    "Simple",
    "Stratified",
    "allocation_cards",
    "balance",
    "check_seals",
    "in_words",
    "next_allocation",
    "planned_scheme",
    "predictability",
    "randomise",
    "redcap_table",
    "rerandomisation_test",
    "seal",
]

__getattr__ = lazy(__name__, {name: module for module, names in _HOMES.items() for name in names})
