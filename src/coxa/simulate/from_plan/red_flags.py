"""The table of red flags of a simulated trial: screenings, flags, what was done, and after how many days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.tables import Calendar
from coxa.simulate.identifiers import participant_ids
from coxa.simulate.seeds import generator
from coxa.study.assumptions.numbers import by_name

if TYPE_CHECKING:
    import pandas as pd

REFERRALS = ("referred_general_practitioner", "referred_specialist", "referred_emergency")
OTHERS = ("monitored", "imaging", "treatment_stopped")


def red_flags_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar, seed: int) -> pd.DataFrame:
    """Return one row per flag asked, visit by visit; nothing without the assumption `red_flags`.

    What would be done after the planned day of the last visit, and its window, is not in the data yet: such a flag has
    an empty action, and `none` is that of a flag that is not acted on.
    """
    import pandas as pd

    part = design.assumptions.red_flags
    if part is None:
        return pd.DataFrame()
    flags, shares = list(part.present), np.array(list(part.present.values()))
    visits = [design.visits.index(name) for name in (part.at or (design.visits[0],))]
    ids, received = participant_ids(len(drawn.arm)), np.array(design.arms)[drawn.received]
    screened, acted_on = (
        np.array([by_name(given, arm) for arm in design.arms])[drawn.received]
        for given in (part.screened, part.acted_on)
    )
    last = max(float(visit.day + (visit.window or (0, 0))[1]) for visit in design.study.visits.values())
    frames = []
    for visit in visits:
        rng = generator(f"red flags at {design.visits[visit]}", seed)
        n = len(received)
        rows = np.flatnonzero((rng.random(n) < screened) & drawn.present[:, visit])
        present = rng.random((n, len(flags)))[rows] < shares
        acts = rng.random((n, len(flags)))[rows] < acted_on[rows, None]
        refers = rng.random((n, len(flags)))[rows] < part.referred
        which = rng.integers(0, 3, (n, len(flags)))[rows]
        delay, wait = (_days(rng, mean, (n, len(flags)))[rows] for mean in (part.delay, part.wait))
        person, flag = (place.ravel() for place in np.indices(present.shape))
        there, acted = present.ravel(), (present & acts).ravel()
        day = drawn.day[rows, visit][person]
        done = np.where(acted, day + delay.ravel(), np.nan)
        known = done <= last
        refer = known & refers.ravel()
        seen = np.where(refer, done + wait.ravel(), np.nan)
        action = np.where(refers.ravel(), np.array(REFERRALS)[which.ravel()], np.array(OTHERS)[which.ravel()])
        frames.append(
            pd.DataFrame(
                {
                    "participant_id": ids[rows[person]],
                    "screening_date": when(rows[person], day),
                    "visit": design.visits[visit],
                    "flag": np.array(flags)[flag],
                    "present": np.where(there, "yes", "no"),
                    "action": pd.Series(action, dtype=object).where(
                        known, pd.Series("none", range(len(there)), dtype=object).where(there & ~acted)
                    ),
                    "action_date": when(rows[person], np.where(known, done, np.nan)),
                    "referral_date": when(rows[person], np.where(refer, done, np.nan)),
                    "seen_date": when(rows[person], np.where(seen <= last, seen, np.nan)),
                }
            )
        )
    every = pd.concat(frames, ignore_index=True)
    return every.sort_values(["participant_id", "screening_date"], kind="stable", ignore_index=True)


def _days(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw whole days of a geometric distribution that begins with 0, of a given mean."""
    return rng.geometric(1.0 / (1.0 + mean), shape).astype(float) - 1.0
