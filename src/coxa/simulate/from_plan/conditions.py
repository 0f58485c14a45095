"""The table of conditions of simulated participants: the main one, others, side, certainty, mechanism and duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.has_conditions import DETAILS, confirmed, drawn_conditions
from coxa.simulate.identifiers import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.assumptions.trial import AssumedCondition
from coxa.study.conditions import conditions

if TYPE_CHECKING:
    import pandas as pd

SPREAD = 0.8
"""Standard deviation of the logarithm of the duration of symptoms."""


def conditions_table(design: TrialDesign, drawn: DrawnTrial, seed: int) -> pd.DataFrame:
    """Return a row for each condition of each participant; none where the plan assumes no conditions.

    Covariates that are taken from the conditions are given back exactly: conditions that they say of a participant
    are confirmed, and those that they do not are not there.
    """
    import pandas as pd

    has, main = drawn_conditions(design, drawn.covariates, len(drawn.arm), seed)
    person, code = np.nonzero(has)
    if not len(person):
        return pd.DataFrame()
    names = np.array(list(conditions()), dtype=object)[code]
    assumed = [design.assumptions.conditions.get(name, AssumedCondition()) for name in names]
    rng = generator(DETAILS, seed)
    side, _, how = rng.random((3, len(person)))
    bilateral, traumatic, months = (
        np.array([getattr(one, key) for one in assumed]) for key in ("bilateral", "traumatic", "months")
    )
    left = np.where(rng.random(len(has)) < 0.5, "left", "right")[person]  # one side for all of a participant's
    frame = pd.DataFrame(
        {
            "participant_id": participant_ids(len(has))[person],
            "condition": names,
            "side": np.where(side < bilateral, "both", left),
            "certainty": np.where(confirmed(design, has, seed)[person, code], "confirmed", "probable"),
            "mechanism": np.where(how < traumatic, "traumatic", "overuse"),
            "duration": np.round(months * np.exp(SPREAD * rng.standard_normal(len(person))), 1),
        }
    )
    if (main >= 0).any():
        frame.insert(2, "main", np.where(main[person] == code, "yes", "no"))
    return frame
