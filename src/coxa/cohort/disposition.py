"""Who and what was left out, when, and why; with counts that add up."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

LEFT_OUT_COLUMNS = (
    "stage",
    "table",
    "source_file",
    "source_row",
    "source_column",
    "participant_id",
    "visit",
    "outcome",
    "reason",
)
COUNT_COLUMNS = ("stage", "table", "source_file", "counted", "entered", "kept", "empty", "left_out")


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, slots=True)
class Disposition:
    """What was left out on the way from files to estimates.

    left_out : one row per row, value or participant left out, with its place and the reason (LEFT_OUT_COLUMNS);
               `stage` is the step ("reading", "checking", "analysis set primary", ...). Of a source with millions of
               rows a reason that many have is one row, with their number in a column `n_rows`
    counts   : one row per stage and table (COUNT_COLUMNS): how many `counted` things (rows, values,
               participants) entered, were kept, were empty in the file, and were left out

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> disposition = coxa.read_cohort(trial.study, trial.tables).disposition
    >>> disposition.counts.loc[0, ["stage", "table", "counted"]].tolist(), int(disposition.counts.loc[0, "kept"])
    (['reading', 'participants', 'rows'], 40)
    >>> len(disposition.left_out), len(disposition.imbalance())
    (0, 0)
    """

    left_out: pd.DataFrame = field(default_factory=lambda: _empty(LEFT_OUT_COLUMNS))
    counts: pd.DataFrame = field(default_factory=lambda: _empty(COUNT_COLUMNS))

    def __add__(self, other: Disposition) -> Disposition:
        return Disposition(_join(self.left_out, other.left_out), _join(self.counts, other.counts))

    def imbalance(self) -> pd.DataFrame:
        """Return the counts that do not add up; empty when every row is accounted for."""
        adds_up = self.counts["entered"] == self.counts[["kept", "empty", "left_out"]].sum(axis=1)
        numbers = pd.Series(1, self.left_out.index) if "n_rows" not in self.left_out else self.left_out["n_rows"]
        places = [self.left_out[name] for name in ("stage", "table", "source_file")]
        listed = numbers.fillna(1).groupby(places, dropna=False).sum()
        expected = self.counts.groupby(["stage", "table", "source_file"], dropna=False)["left_out"].sum()
        differs = listed.reindex(expected.index, fill_value=0) != expected
        keys = pd.MultiIndex.from_frame(self.counts[["stage", "table", "source_file"]])
        return self.counts[~adds_up.to_numpy(dtype=bool) | keys.isin(differs[differs].index)]


def _join(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    filled = [frame for frame in (first, second) if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else first
