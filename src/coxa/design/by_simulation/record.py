"""What a power simulation answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True, slots=True)
class SimulatedPower:
    """Power by simulation, one row per comparison, setting and number of participants.

    frame    : in `POWER_COLUMNS`: power and what else the replicates say, with Monte Carlo errors; `n` participants of
               all arms together; nothing is rounded
    failures : setting, n, analysis, problem and in how many replicates; those without a number count as not shown
    how_true : how the true values were obtained
    inputs   : seed, plan hash and what else was asked

    Examples
    --------
    >>> import coxa
    >>> found = coxa.simulated_power(coxa.preset("bennell-2014"), 40, replicates=10, analyses=["primary"])
    >>> found.frame[["n", "replicates"]].drop_duplicates().to_numpy().tolist()
    [[40, 10]]
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    how_true: str
    inputs: Mapping[str, Any] = field(repr=False)

    def only(self, **where: Any) -> pd.DataFrame:
        """Return the rows whose columns have these values."""
        rows = self.frame
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows.reset_index(drop=True)

    def as_text(self) -> str:
        """Return one line per row."""
        return "\n".join(
            f"{row['analysis']}, {row['arm']} - {row['reference']}{' at ' * bool(row['visit'])}{row['visit']}"
            f"{', ' * bool(row['setting'])}{row['setting']}, n {row['n']}: power {row['power']:.3f} "
            f"(Monte Carlo error {row['power_error']:.3f}, {row['replicates']} replicates)"
            for row in self.frame.to_dict("records")
        )

    def _repr_html_(self) -> str:
        return str(self.frame._repr_html_())  # type: ignore[operator]
