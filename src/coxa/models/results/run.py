"""The record of a model that is not of means, under the names that a report reads off every model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from coxa.models.results.fit import Fit
from coxa.models.results.records import Sample


class Recorded(Protocol):
    """Options of a model as a record, such as `coxa.models.spec.MMRMSpec`."""

    def call(self) -> str:
        """Return the call that gives the model again."""
        ...


@dataclass(frozen=True, slots=True)
class ModelRun:
    """What was fitted, to whom, and what it warns of.

    formula  : as fitted
    spec     : the options, whose `call()` gives the model again
    sample   : who was analysed at which visits, and which rows were left out and why
    model    : the fit itself, as its function returned it (`GLMFit`, `CoxFit`, ...)
    method   : what was done, in words
    warnings : what a reader needs to know
    """

    formula: str
    spec: Recorded
    sample: Sample
    model: Any = field(repr=False)
    method: str = ""
    warnings: tuple[str, ...] = ()
    ddf: str = ""
    vcov: str = "model"
    structure: str = ""
    group: str | None = None
    attempts: tuple[Any, ...] = ()
    random: Any = None

    @property
    def n_participants(self) -> int:
        """Participants analysed."""
        return int(pd.Series(self.sample.participant).nunique())

    @property
    def n_observations(self) -> int:
        """Rows analysed."""
        return len(self.sample.participant)

    @property
    def left_out(self) -> pd.DataFrame:
        """Rows left out, with the reason."""
        return self.sample.left_out


AnyFit = Fit | ModelRun
"""A model of means, or any other."""
