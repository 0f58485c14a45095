"""The table of returns to sport of a simulated trial: levels on the days on which they are reached, and recurrences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.endpoints import recorded_events
from coxa.simulate.from_plan.return_levels import TABLE, events_of_returns, place_of
from coxa.simulate.from_plan.tables import Calendar
from coxa.simulate.identifiers import participant_ids
from coxa.study.events import DATES, EventOutcome
from coxa.study.words import RETURN_STATUSES

if TYPE_CHECKING:
    import pandas as pd


def returns_table(design: TrialDesign, drawn: DrawnTrial, when: Calendar) -> pd.DataFrame:
    """Return one row per participant and day on which a level is reached or the complaint comes back.

    Of two levels reached on one day the higher one is written; the lower one is reached by it. A day of a recurrence
    alone has the status `not_returned`.
    """
    import pandas as pd

    frames = [_rows(design, drawn, name, event) for name, event in events_of_returns(design).items()]
    every = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["person"])
    if every.empty:
        return pd.DataFrame()
    days = [name for name in map(str, every) if name.endswith("_date") and name != "assessment_date"]
    joined = every.sort_values(["person", "assessment_date", "place"], kind="stable")
    joined = joined.groupby(["person", "assessment_date"], as_index=False).last()
    person = joined["person"].to_numpy(dtype=np.intp)
    columns: dict[str, object] = {"participant_id": participant_ids(len(drawn.arm))[person]}
    columns["assessment_date"] = when(person, joined["assessment_date"].to_numpy(dtype=float))
    columns["status"] = [RETURN_STATUSES[place] for place in joined["place"]]
    for name in days:
        columns[name] = when(person, joined[name].to_numpy(dtype=float))
    others = [name for name in map(str, joined) if name not in ("person", "assessment_date", "place", *days)]
    return pd.DataFrame({**columns, **{name: joined[name] for name in others}})


def _rows(design: TrialDesign, drawn: DrawnTrial, name: str, event: EventOutcome) -> pd.DataFrame:
    """Return the events of one kind: person, place of the status, and days under the names of their dates."""
    import pandas as pd

    found, source = recorded_events(design, drawn, name), event.source
    where = {column: words[0] for column, words in source.where.items() if column != "status"}
    columns = {"person": found.person, "place": place_of(event), "assessment_date": found.day}
    return pd.DataFrame({**columns, source.date or DATES[TABLE]: found.day, **where})
