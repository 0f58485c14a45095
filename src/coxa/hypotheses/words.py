"""The closed vocabularies of looks and graphs, without what computes."""

from __future__ import annotations

from typing import Literal

Boundary = Literal["obrien_fleming", "pocock", "ld_obrien_fleming", "ld_pocock", "hwang_shih_decani"]
"""Boundaries: of O'Brien & Fleming and of Pocock for planned looks; the others spend the level by a function."""

SPENDING: tuple[Boundary, ...] = ("ld_obrien_fleming", "ld_pocock", "hwang_shih_decani")
"""Those that spend the level by a function of the information, for any number and times of the looks."""

BOUNDARY_NAMES: dict[str, str] = {
    "obrien_fleming": "O'Brien-Fleming",
    "pocock": "Pocock",
    "ld_obrien_fleming": "Lan-DeMets spending of the O'Brien-Fleming type",
    "ld_pocock": "Lan-DeMets spending of the Pocock type",
    "hwang_shih_decani": "Hwang-Shih-DeCani spending",
}
"""Boundary -> its name in a report."""

Procedure = Literal["graph", "holm", "fixed_sequence", "fallback"]
"""Graphs by name; `graph` for weights and transitions of one's own."""

PROCEDURE_NAMES: dict[str, str] = {
    "graph": "a graph of weights and transitions",
    "holm": "Holm's procedure",
    "fixed_sequence": "a fixed sequence",
    "fallback": "the fallback procedure",
}
"""Procedure -> its name in a report."""

Intersection = Literal["bonferroni", "simes", "parametric"]
"""Tests of an intersection of hypotheses."""

INTERSECTION_NAMES: dict[str, str] = {
    "bonferroni": "Bonferroni's test",
    "simes": "Simes' test",
    "parametric": "a parametric test by the correlation of the statistics",
}
"""Test of an intersection -> its name in a report."""
