"""What the rows of a source are made from: the drawn trial, and the outcomes that a table gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.simulate.from_plan.tables import Calendar, visit_rows
from coxa.study.outcome_sources import FromTable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Sourced:
    """A drawn trial whose outcomes are to be written as rows of other tables.

    when : from participants and study days to dates
    seed : of the trial; what else is drawn takes a generator of its own name
    """

    design: TrialDesign
    drawn: DrawnTrial
    when: Calendar
    seed: int

    def outcomes(self, table: str) -> dict[str, FromTable]:
        """Return outcome -> source of those that a table gives, and that do not follow from it."""
        drawn = [name for name in self.design.outcomes if name not in self.design.follows]
        found = {name: self.design.study.outcomes[name].source for name in drawn}
        return {name: source for name, source in found.items() if source is not None and source.table == table}

    def at_visits(self) -> tuple[pd.DataFrame, NDArray[np.intp], NDArray[np.intp]]:
        """Return participant_id, visit and assessment_date of each visit that took place, and the places of both."""
        return visit_rows(self.design, self.drawn, self.when)

    def values(self, outcome: str) -> NDArray[np.float64]:
        """Return (r,) values of an outcome at the visits that took place, to six decimals as files have them."""
        person, visit = np.nonzero(self.drawn.present)
        return np.round(self.drawn.value[person, self.design.outcomes.index(outcome), visit], 6)
