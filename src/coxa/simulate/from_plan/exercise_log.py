"""The exercise log of a simulated trial: sets done of those prescribed, day by day and exercise by exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.sets import end_of_treatment
from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.from_plan.tables import Calendar
from coxa.simulate.from_plan.treatment import home_days
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import by_name

if TYPE_CHECKING:
    import pandas as pd


def exercise_log_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per exercise and day until a participant left or treatment ended; nothing without assumptions.

    Each participant does a share of the sets that is their own (beta); the sets of an exercise on a day are binomial.
    """
    import pandas as pd

    part = design.assumptions.exercise_log
    if part is None:
        return pd.DataFrame()
    ids, stop, frames = participant_ids(len(drawn.arm)), end_of_treatment(design, drawn), []
    for place, arm in enumerate(design.arms):
        rows = np.flatnonzero(drawn.received == place)
        days = home_days(by_name(part.per_week, arm), part.last_day)
        if not len(rows) or not len(days):
            continue
        rng, share = generator(f"exercise log of {arm}", drawn.seed), by_name(part.done, arm)
        own = np.full(len(rows), share)
        if 0 < share < 1:
            own = rng.beta(share * part.consistency, (1 - share) * part.consistency, len(rows))
        shape = (len(rows), len(days), len(part.exercises))
        sets = rng.binomial(part.sets, own[:, None, None], shape)
        exertion = np.clip(np.round(rng.normal(part.exertion, 1.0, shape)), 0, 10)
        person, day, exercise = (index.ravel() for index in np.indices(shape))
        load = part.load + part.load_per_week * np.floor((days - 1) / 7.0)
        done = sets.ravel() > 0
        frame = pd.DataFrame(
            {
                "participant_id": ids[rows[person]],
                "exercise_date": when(rows[person], days[day]),
                "exercise": np.array(part.exercises)[exercise],
                "side": "both",
                "setting": "home",
                "sets": sets.ravel(),
                "repetitions": pd.Series(part.repetitions, range(len(person))).where(done).astype("Int64"),
                "perceived_exertion": pd.Series(exertion.ravel()).where(done),
                "sets_prescribed": part.sets,
                "repetitions_prescribed": part.repetitions,
            }
        )
        if part.load > 0:
            frame["load"] = pd.Series(load[day]).where(done)
            frame["load_prescribed"] = load[day]
        frames.append(frame[days[day] <= stop[rows[person]]])
    if not frames:
        return pd.DataFrame()
    every = pd.concat(frames, ignore_index=True)
    return every.sort_values(["participant_id", "exercise_date"], kind="stable", ignore_index=True)
