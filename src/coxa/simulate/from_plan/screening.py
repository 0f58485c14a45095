"""The screening log that a plan assumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.strategies import participant_ids
from coxa.simulate.screening import NotEnrolled, draw_log, log_columns
from coxa.simulate.seeds import generator
from coxa.study.assumptions.trial import AssumedScreening

if TYPE_CHECKING:
    import pandas as pd

    from coxa.simulate.from_plan.tables import Calendar


def screening_table(part: AssumedScreening, people: pd.DataFrame, when: Calendar, seed: int) -> pd.DataFrame:
    """Return one row per person assessed, in the order of assessment.

    Parameters
    ----------
    people
        Table participants; its sites, where it has any, are those of the log.
    """
    import pandas as pd

    n = len(people)
    log = draw_log(generator("screening", seed), not_enrolled(part), n, when.entry)
    like = log["like"].to_numpy()
    columns = log_columns(log, participant_ids(n))
    first = {"screening_id": columns.pop("screening_id")}
    sites = {"site_id": people["site_id"].to_numpy()[like]} if "site_id" in people else {}
    dates = when(like, -log["wait"].to_numpy(dtype=np.float64)).tolist()
    return pd.DataFrame({**first, "screening_date": dates, **sites, **columns})


def not_enrolled(part: AssumedScreening) -> list[NotEnrolled]:
    """Return the groups of people who were assessed and did not take part."""
    declined = part.declined if isinstance(part.declined, dict) else {"": part.declined}
    return [
        *(NotEnrolled(reason, number, eligible=False) for reason, number in part.excluded.items()),
        *(NotEnrolled(reason, number, consented=False) for reason, number in declined.items()),
        *(NotEnrolled(reason, number, consented=None) for reason, number in part.other.items()),
    ]
