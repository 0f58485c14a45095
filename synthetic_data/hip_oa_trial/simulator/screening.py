"""The screening log of the simulated trial."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.simulate.from_plan.tables import NotEnrolled, draw_log, log_columns
from coxa.simulate.seeds import generator
from synthetic_data.hip_oa_trial.simulator.design import ARMS, SITES
from synthetic_data.hip_oa_trial.simulator.people import People

PLANNED = 63 * len(ARMS)
"""Participants for which `OUTSIDE` has its numbers; they grow with the trial."""

# Made up, and plausible: about half of those assessed take part.
OUTSIDE = (
    NotEnrolled("Hip pain from another cause", 34, eligible=False),
    NotEnrolled("Hip replacement done or planned", 27, eligible=False),
    NotEnrolled("Exercise or manual therapy in the last six months", 21, eligible=False),
    NotEnrolled("Injection into the hip in the last three months", 12, eligible=False),
    NotEnrolled("Another illness that rules out exercise", 9, eligible=False),
    NotEnrolled("No time for the sessions", 31, consented=False),
    NotEnrolled("Wanted one of the treatments", 14, consented=False),
    NotEnrolled("", 11, consented=False),
    NotEnrolled("Could not be reached again", 8),
)


def screening_table(people: People, ids: np.ndarray, first_day: pd.Timestamp, seed: int) -> pd.DataFrame:
    """Return one row per person assessed for eligibility, in the order of assessment.

    ids : (n,) identifiers of the participants
    """
    outside = [
        NotEnrolled(group.reason, round(group.number * len(people) / PLANNED), group.eligible, group.consented)
        for group in OUTSIDE
    ]
    log = draw_log(generator("screening", seed), outside, len(people), people.entry)
    like = log["like"].to_numpy()
    days = pd.to_timedelta(people.entry[like] - log["wait"].to_numpy(), unit="D")
    columns = log_columns(log, ids)
    return pd.DataFrame(
        {
            "screening_id": columns["screening_id"],
            "screened_on": (first_day + days).strftime("%Y-%m-%d"),
            "site": np.array(SITES)[people.site[like]],
            "eligible": columns["eligible"],
            "consented": columns["consented"],
            "reason": columns["exclusion_reason"],
            "participant_id": columns["participant_id"],
        }
    )
