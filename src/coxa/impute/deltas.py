"""What is added to imputed outcomes, or what they are multiplied by, by arm, visit and time since the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from coxa.errors import OptionError, check_known, check_option
from coxa.impute.outcomes import IncompleteOutcomes

Of = Literal["missing", "after_event"]


@dataclass(frozen=True, slots=True)
class Delta:
    """By how much imputed outcomes are better or worse than a strategy gives them.

    An imputed outcome v of arm a becomes (1 + s (factor[a] - 1)) v + s shift[a], where s is the share at its visit
    times the share at its place after the event; outcomes that were observed stay what they are.

    shift  : arm -> what is added, in units of the outcome; arms that are not named get nothing
    factor : arm -> what imputed outcomes are multiplied by
    visits : visit -> share of the delta at this visit, 1 unless given
    since_event : shares at the first, second ... visit after the event; the last one counts for all later visits
    of     : all that is missing, as rbmi has it, or what is missing after an event only, as SAS's macros have it

    Examples
    --------
    >>> Delta(shift={"exercise": -5}, since_event=(0.5, 1)).since_event
    (0.5, 1)
    """

    shift: Mapping[str, float] = field(default_factory=dict)
    factor: Mapping[str, float] = field(default_factory=dict)
    visits: Mapping[str, float] = field(default_factory=dict)
    since_event: Sequence[float] = ()
    of: Of = "missing"

    def __post_init__(self) -> None:
        check_option("of", self.of, get_args(Of))
        for name, values in (("shift", self.shift), ("factor", self.factor), ("visits", self.visits)):
            if not isinstance(values, Mapping) or not all(np.isfinite(float(value)) for value in values.values()):
                raise OptionError(f"`{name}` is {values!r}. Give a mapping from names to numbers.")

    def shares(self, outcomes: IncompleteOutcomes) -> np.ndarray:
        """Return the share of the delta that each imputed outcome gets, (n, m); 0 where it was observed."""
        for name in self.visits:
            check_known("visit", name, outcomes.visits)
        m = len(outcomes.visits)
        since = np.arange(m) - outcomes.event[:, None]
        touched = outcomes.missing & (since >= 0) if self.of == "after_event" else outcomes.missing
        shares = np.array([float(self.visits.get(visit, 1.0)) for visit in outcomes.visits])
        total = np.where(touched, shares, 0.0)
        if len(self.since_event):
            steps = np.asarray(self.since_event, dtype=float)
            total = total * steps[np.clip(since, 0, len(steps) - 1)]
        return total

    def amounts(self, arms: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return what is added (A,), and by how much more than once imputed outcomes count (A,)."""
        for name in (*self.shift, *self.factor):
            check_known("arm", name, arms)
        added = np.array([float(self.shift.get(name, 0.0)) for name in arms])
        return added, np.array([float(self.factor.get(name, 1.0)) - 1.0 for name in arms])
