"""Which conditions simulated participants have, and the covariates that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.mix import CONDITION
from coxa.simulate.seeds import generator
from coxa.study.assumptions.trial import AssumedCondition
from coxa.study.conditions import conditions
from coxa.study.covariate_sources import ConditionSource

Flags = NDArray[np.bool_]

DETAILS = "details of conditions"
"""Name of the generator of side, certainty, mechanism and duration."""


def conditions_give(
    design: TrialDesign, covariates: Mapping[str, NDArray[Any]], n: int, seed: int
) -> dict[str, NDArray[Any]]:
    """Return the covariates that follow from the conditions assumed -> (n,) numbers, or codes of levels, -1 for none.

    Parameters
    ----------
    design
        From `trial_design`.
    covariates
        Covariate -> (n,) what is drawn, the main condition among it.
    n
        Participants.
    seed
        Of the draws; the one of `conditions_table`.
    """
    planned = design.study.covariates
    mine = {name: one for name, one in planned.items() if design.assumptions.conditions_give(name, one)}
    if not mine:
        return {}
    has, main = drawn_conditions(design, covariates, n, seed)
    sure = has & confirmed(design, has, seed)
    every = list(conditions())
    found: dict[str, NDArray[Any]] = {}
    for name, covariate in mine.items():
        source, levels = covariate.source, list(covariate.level_labels())
        assert isinstance(source, ConditionSource)
        if source.take == "number":
            number = has.sum(axis=1)
            found[name] = np.searchsorted(covariate.cuts, number, side="right") if covariate.cuts else number
        elif source.take == "main":
            rest = levels.index("other") if "other" in levels else -1
            found[name] = np.array([levels.index(code) if code in levels else rest for code in every])[main]
        else:
            counted = sure if source.at_least == "confirmed" else has
            places = [every.index(code) for code in source.codes]
            present = counted[:, places].any(axis=1)
            found[name] = np.where(present, levels.index("yes"), levels.index("no"))
    return found


def confirmed(design: TrialDesign, has: Flags, seed: int) -> Flags:
    """Return (n, c) which of the conditions that participants have are confirmed and not only probable."""
    rows = np.nonzero(has)
    given = design.assumptions.conditions
    share = np.array([given.get(name, AssumedCondition()).confirmed for name in conditions()])
    found = np.zeros_like(has)
    found[rows] = generator(DETAILS, seed).random((3, len(rows[0])))[1] < share[rows[1]]
    return found


def drawn_conditions(
    design: TrialDesign, covariates: Mapping[str, NDArray[Any]], n: int, seed: int
) -> tuple[Flags, NDArray[np.intp]]:
    """Return (n, c) who has which condition of the vocabulary, and (n,) the place of the main one, -1 for none."""
    every = list(conditions())
    own = {name: one for name, one in design.study.covariates.items() if name in design.mix}
    has, main = np.zeros((n, len(every)), dtype=bool), np.full(n, -1, dtype=np.intp)
    places = np.array([every.index(name) for name in design.assumptions.conditions], dtype=np.intp)
    if CONDITION in design.mix:
        main = places[covariates[CONDITION]]
    for name, covariate in own.items():
        source = covariate.source
        if isinstance(source, ConditionSource) and source.take == "main":
            levels = np.array([every.index(level) for level in covariate.level_labels()], dtype=np.intp)
            main = levels[covariates[name]]
        elif isinstance(source, ConditionSource) and source.take == "present":
            present = list(covariate.level_labels()).index("yes")
            has[:, every.index(source.codes[0])] |= covariates[name] == present
    rows = np.flatnonzero(main >= 0)
    has[rows, main[rows]] = True
    for place, (name, assumed) in zip(places, design.assumptions.conditions.items(), strict=True):
        if assumed.also:
            has[:, place] |= generator(f"also {name}", seed).random(n) < assumed.also
    for name, covariate in own.items():
        if isinstance(covariate.source, ConditionSource) and covariate.source.take == "number":
            code = covariates[name].astype(int)
            number = first_of_level(covariate.cuts, code) if covariate.cuts else code
            fill_up(has, number, generator("other conditions", seed))
    return has, main


def first_of_level(cuts: tuple[float, ...], code: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the smallest whole number, from 1, that cuts give a level of; just below the first cut for the first.

    Examples
    --------
    >>> first_of_level((2.0, 4.0), np.array([0, 1, 2])).tolist()
    [1, 2, 4]
    """
    edges = np.ceil(np.array([cuts[0] - 1, *cuts])).astype(np.intp)
    return np.asarray(np.maximum(edges, 1)[code])


def fill_up(has: Flags, number: NDArray[np.intp], rng: np.random.Generator) -> None:
    """Give each participant further conditions, drawn alike of those that they do not have, up to their number."""
    order = np.argsort(np.where(has, -1.0, rng.random(has.shape)), axis=1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(has.shape[1])[None, :], axis=1)
    has |= rank < number[:, None]
