"""What a made file is, and the pieces from which made files are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd

import coxa
from coxa.instruments import load_instrument
from coxa.simulate import simulate_registry
from coxa.study import RegistryAssumptions

ROOT = Path(__file__).parents[3]
UNUSED = ""
"""Truth of a column that has no place in a plan."""


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file, or several that belong together, with the truth.

    name    : short name, for the table
    kind    : trial, cohort, service or audit
    habit   : what is particular about it, in a few words
    write   : writes it into a folder
    files   : names of its files
    truth   : column -> what it is (several readings that are right are joined by ` | `), `` for none; of several files
              with a like column `file: column`, or `file#sheet: column`
    answers : right answers of the questions that its authors would be asked
    """

    name: str
    kind: Literal["trial", "cohort", "service", "audit"]
    habit: str
    write: Callable[[Path], None]
    files: tuple[str, ...]
    truth: Mapping[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)

    def role(self, file: str, sheet: str, column: str) -> str:
        """Return the truth of a column; raise `KeyError` where it was forgotten."""
        for key in (f"{file}#{sheet}: {column}", f"{file}: {column}"):
            if key in self.truth:
                return self.truth[key]
        return self.truth[column]


@cache
def trial_tables() -> Mapping[str, pd.DataFrame]:
    """Return the tables of 60 participants of the worked example, in three arms and over five visits."""
    plan = coxa.read_study(ROOT / "analyses" / "hip_oa_trial" / "study.yaml")
    return coxa.simulate_study(plan, participants=60, truth_size=2000, seed=3).tables


@cache
def registry() -> pd.DataFrame:
    """Return 240 episodes of three clinics of a simulated registry."""
    episodes = simulate_registry(RegistryAssumptions(), seed=11, episodes=1600).episodes
    three = sorted(episodes["clinic"].unique())[:3]
    return episodes[episodes["clinic"].isin(three)].head(240).reset_index(drop=True)


def people() -> pd.DataFrame:
    """Return the participants, a row each."""
    return trial_tables()["participants"].copy()


VISITS = ("baseline", "week_6", "week_12", "week_26", "week_52")


HOOS = load_instrument("hoos").items
HOOS_COLUMNS = [f"hoos_{item}" for item in HOOS]


def wide(table: str, columns: list[str], visits: Mapping[str, str], pattern: str) -> pd.DataFrame:
    """Return columns of a table side by side, named by a pattern of `{column}` and `{time}`.

    Indexed by participant; visits is visit -> how its time is written in the names.
    """
    long = trial_tables()[table]
    parts = [
        long[long["visit"] == visit]
        .set_index("participant_id")[columns]
        .rename(columns={name: pattern.format(column=name, time=time) for name in columns})
        for visit, time in visits.items()
    ]
    joined = pd.concat(parts, axis=1)
    return joined.reindex(people()["participant_id"])


def item_truth(instrument: str, visits: Mapping[str, str], pattern: str, items: Mapping[str, str]) -> dict[str, str]:
    """Return column -> `item CODE of INSTRUMENT at VISIT`; items is how an item is written -> its code."""
    return {
        pattern.format(column=written, time=time): f"item {code} of {instrument} at {visit}"
        for visit, time in visits.items()
        for written, code in items.items()
    }


def time_truth(role: str, pattern: str, visits: Mapping[str, str]) -> dict[str, str]:
    """Return column -> `ROLE VISIT` for one column at each visit."""
    return {pattern.format(time=time): f"{role} {visit}" for visit, time in visits.items()}


def times(*codes: str, visits: tuple[str, ...] = VISITS) -> dict[str, str]:
    """Return visit -> how it is written, for the first visits."""
    return dict(zip(visits, codes, strict=False))
