"""The conditions of simulated participants: the main one, others, side, certainty, mechanism and duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.follow import DrawnTrial
from coxa.simulate.from_plan.mix import CONDITION
from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.assumptions.trial import AssumedCondition
from coxa.study.conditions import conditions
from coxa.study.covariate_sources import ConditionSource

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]

SPREAD = 0.8
"""Standard deviation of the logarithm of the duration of symptoms."""


def conditions_table(design: TrialDesign, drawn: DrawnTrial, seed: int) -> pd.DataFrame:
    """Return a row for each condition of each participant; none where the plan assumes no conditions.

    Covariates that are taken from the conditions are given back exactly: conditions that they say of a participant
    are confirmed, and those that they do not are not there.
    """
    import pandas as pd

    has, main = _drawn_conditions(design, drawn, seed)
    person, code = np.nonzero(has)
    if not len(person):
        return pd.DataFrame()
    names = np.array(list(conditions()), dtype=object)[code]
    assumed = [design.assumptions.conditions.get(name, AssumedCondition()) for name in names]
    rng = generator("details of conditions", seed)
    side, sure, how = rng.random((3, len(person)))
    bilateral, traumatic, confirmed, months = (
        np.array([getattr(one, key) for one in assumed]) for key in ("bilateral", "traumatic", "confirmed", "months")
    )
    left = np.where(rng.random(len(has)) < 0.5, "left", "right")[person]  # one side for all of a participant's
    frame = pd.DataFrame(
        {
            "participant_id": participant_ids(len(has))[person],
            "condition": names,
            "side": np.where(side < bilateral, "both", left),
            "certainty": np.where(sure < confirmed, "confirmed", "probable"),
            "mechanism": np.where(how < traumatic, "traumatic", "overuse"),
            "duration": np.round(months * np.exp(SPREAD * rng.standard_normal(len(person))), 1),
        }
    )
    if (main >= 0).any():
        frame.insert(2, "main", np.where(main[person] == code, "yes", "no"))
    return frame


def _drawn_conditions(design: TrialDesign, drawn: DrawnTrial, seed: int) -> tuple[Flags, NDArray[np.intp]]:
    """Return (n, c) who has which condition of the vocabulary, and (n,) the place of the main one, -1 for none."""
    every = list(conditions())
    n = len(drawn.arm)
    has, main = np.zeros((n, len(every)), dtype=bool), np.full(n, -1, dtype=np.intp)
    places = np.array([every.index(name) for name in design.assumptions.conditions], dtype=np.intp)
    if CONDITION in design.mix:
        main = places[drawn.covariates[CONDITION]]
    for name, covariate in design.study.covariates.items():
        source = covariate.source
        if isinstance(source, ConditionSource) and source.take == "main":
            levels = np.array([every.index(level) for level in covariate.level_labels()], dtype=np.intp)
            main = levels[drawn.covariates[name]]
        elif isinstance(source, ConditionSource) and source.take == "present":
            present = list(covariate.level_labels()).index("yes")
            has[:, every.index(source.codes[0])] |= drawn.covariates[name] == present
    rows = np.flatnonzero(main >= 0)
    has[rows, main[rows]] = True
    for place, (name, assumed) in zip(places, design.assumptions.conditions.items(), strict=True):
        if assumed.also:
            has[:, place] |= generator(f"also {name}", seed).random(n) < assumed.also
    for name, covariate in design.study.covariates.items():
        if isinstance(covariate.source, ConditionSource) and covariate.source.take == "number":
            code = drawn.covariates[name].astype(int)
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
