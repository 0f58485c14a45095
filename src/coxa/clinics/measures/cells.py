"""Episodes counted in cells of patients who are alike: one pass, by whole numbers instead of the texts of levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.clinics.measures.groups import NOT_RECORDED, band_labels
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC

MOST_CELLS = 500_000
"""Combinations of levels up to which a further term is taken."""

MOST_CODED = 30
"""Levels up to which a text is a number in the question; of more, the database compares the text faster."""

LARGEST = 2**31
"""Numbers of combinations below which terms share a whole number."""


@dataclass(frozen=True, slots=True)
class Term:
    """What a patient's level is in.

    name   : of a descriptor, or intake score, condition, clinic
    sql    : the level, never null, from a row of episodes
    levels : in order, where they have one
    column : of a number that is in bands, as SQL, and
    cuts   : the limits between the bands
    """

    name: str
    sql: str
    levels: tuple[str, ...] = ()
    column: str = ""
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of patients who are alike.

    frame     : one row per cell: a column for each term, `tries`, and a column of each event
    terms     : those that are in it
    notes     : on those that are left out
    by_clinic : clinic, cell (row of `frame`) and tries, where it was asked for
    """

    frame: pd.DataFrame
    terms: list[Term]
    notes: list[str]
    by_clinic: pd.DataFrame


def cells_of(
    episodes: Episodes, terms: Sequence[Term], events: Mapping[str, str], where: str, *, clinic: str | None = None
) -> Cells:
    """Return the cells with their counts.

    A term with one level is left out, unless it is the clinic, and of more than `MOST_CELLS` episodes a term that
    would make more combinations than that.

    Parameters
    ----------
    episodes
        The episodes.
    terms
        In whose levels patients are alike.
    events
        Name -> condition of an episode that is counted, as SQL.
    where
        Episodes that are counted, as SQL.
    clinic
        The clinic as SQL, where cells are counted by clinic as well.
    """
    used, notes = _chosen(terms, *_levels(episodes, terms, where))
    keys = _keys(used)
    rows = _counted(episodes, keys, events, where, clinic)
    names, counts = list(keys.sql), ["tries", *events]
    if names:
        cells = rows.groupby(names, sort=True)[counts].sum().reset_index()
        place = rows.groupby(names, sort=True).ngroup()
    else:
        cells, place = rows[counts].sum().to_frame().T, pd.Series(0, rows.index)
    frame = pd.DataFrame({term.name: keys.level(term.name, cells) for term, _ in used}).assign(
        **{name: cells[name].to_numpy() for name in counts}
    )
    by_clinic = rows[["tries"]].assign(**{CLINIC: rows["clinic"] if clinic else "", "cell": place})
    return Cells(frame, [term for term, _ in used], notes, by_clinic)


def _chosen(
    terms: Sequence[Term], n: int, found: Sequence[list[str]]
) -> tuple[list[tuple[Term, list[str]]], list[str]]:
    """Return the terms that are taken, with their levels, and notes on those that are left out."""
    used: list[tuple[Term, list[str]]] = []
    notes, combinations = list[str](), 1
    for term, levels in zip(terms, found, strict=True):
        if len(levels) < 2 and term.name != CLINIC:
            continue
        if min(combinations * len(levels), n) > MOST_CELLS:
            notes.append(f"`{term.name}` is left out: there would be more than {MOST_CELLS} combinations of levels.")
            continue
        used.append((term, levels))
        combinations *= len(levels)
    return used, notes


def _counted(
    episodes: Episodes, keys: _Keys, events: Mapping[str, str], where: str, clinic: str | None
) -> pd.DataFrame:
    """Return the counts of each combination that there is."""
    own = {"clinic": clinic} if clinic else {}
    inner = [f"{sql} AS {name}" for name, sql in {**own, **keys.sql}.items()]
    inner += [f"CASE WHEN {event} THEN 1 ELSE 0 END AS event_{k}" for k, event in enumerate(events.values())]
    by = ", ".join([*own, *keys.sql])
    outer = [*own, *keys.sql, "COUNT(*) AS tries"]
    outer += [f"COALESCE(SUM(event_{k}), 0) AS events_{k}" for k in range(len(events))]
    sql = f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM episodes WHERE {where}) AS r"
    rows = episodes.query(f"{sql} GROUP BY {by}" if by else sql, **keys.values)
    rows = rows.rename(columns={f"events_{k}": name for k, name in enumerate(events)})
    return rows.astype(dict.fromkeys(["tries", *events], "int64"))


@dataclass(slots=True)
class _Keys:
    """What tells combinations from each other.

    sql    : column -> what it is, from a row of episodes
    values : of parameters
    places : term -> column, and its levels with the size of a step, where the column is a whole number
    """

    sql: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, Sequence[str], int]] = field(default_factory=dict)

    def close(self, column: str) -> None:
        """Give the terms since the last column to this one."""
        self.places |= {name: (column, levels, step) for name, (at, levels, step) in self.places.items() if not at}

    def level(self, term: str, cells: pd.DataFrame) -> np.ndarray:
        """Return the level of a term in each cell."""
        column, levels, step = self.places[term]
        if not levels:
            return cells[column].to_numpy(dtype=object)
        return np.array(levels, dtype=object)[cells[column].to_numpy(dtype=np.int64) // step % len(levels)]


def _keys(used: Sequence[tuple[Term, Sequence[str]]]) -> _Keys:
    keys, parts, step = _Keys(), list[str](), 1
    for k, (term, found) in enumerate(used):
        if not term.column and len(found) > MOST_CODED:
            keys.sql[f"t{k}"] = term.sql
            keys.places[term.name] = (f"t{k}", (), 1)
            continue
        levels = (*band_labels(term.cuts), NOT_RECORDED) if term.column else tuple(found)
        if parts and step * len(levels) >= LARGEST:
            keys.sql[f"g{k}"], parts, step = " + ".join(parts), [], 1
            keys.close(f"g{k}")
        parts.append(f"{step} * {_banded(term) if term.column else _coded(term, levels, keys, k)}")
        keys.places[term.name] = ("", levels, step)
        step *= len(levels)
    if parts:
        keys.sql["g"] = " + ".join(parts)
        keys.close("g")
    return keys


def _banded(term: Term) -> str:
    """Return the number of the band of a number, as SQL; the last is that of those without one."""
    whens = " ".join(f"WHEN {term.column} < {cut!r} THEN {k}" for k, cut in enumerate(term.cuts))
    last = len(band_labels(term.cuts)) - 1
    return f"CASE WHEN {term.column} IS NULL THEN {last + 1} {whens} ELSE {last} END"


def _coded(term: Term, levels: Sequence[str], keys: _Keys, k: int) -> str:
    """Return the number of a level, as SQL."""
    codes = {f"level_{k}_{place}": level for place, level in enumerate(levels[:-1])}
    keys.values.update(codes)
    whens = " ".join(f"WHEN :{code} THEN {place}" for place, code in enumerate(codes))
    return f"CASE {term.sql} {whens} ELSE {len(levels) - 1} END" if codes else "0"


def _levels(episodes: Episodes, terms: Sequence[Term], where: str) -> tuple[int, list[list[str]]]:
    """Return the number of episodes, and the levels of each term that there are, in one pass."""
    banded = {f"t{k}": _banded(term) for k, term in enumerate(terms) if term.column}
    texts = {f"t{k}": term.sql for k, term in enumerate(terms) if not term.column}
    inner = ", ".join(f"{sql} AS {name}" for name, sql in {**banded, **texts}.items())
    sets = ", ".join(["()", *(f"({name})" for name in (*banded, *texts))])
    rows = episodes.query(
        f"SELECT {', '.join([*banded, *texts, 'COUNT(*) AS n'])} FROM (SELECT {inner} FROM episodes WHERE {where}) "
        f"AS r GROUP BY GROUPING SETS ({sets})"
    )
    found = []
    for k, term in enumerate(terms):
        own = rows[f"t{k}"].dropna()
        labels = (*band_labels(term.cuts), NOT_RECORDED) if term.column else ()
        found.append([labels[int(place)] for place in sorted(own)] if term.column else sorted(map(str, own)))
    n = rows.loc[rows[[*banded, *texts]].isna().all(axis=1), "n"].sum()
    return int(n), found
