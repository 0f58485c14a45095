"""Episodes counted in many groupings at once: one pass over the rows, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from coxa.clinics.audit import Dimensions
from coxa.episodes.columns import quoted
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import AuditPlan
from coxa.study.covariates import Characteristic

NOT_RECORDED = "not recorded"
"""Level of those without a value."""

YEAR = "year"


@dataclass(frozen=True, slots=True)
class Key:
    """What tells groups apart.

    sql   : its level, never null, from a row of episodes
    order : levels in the order in which they are shown; others follow, sorted, and "not recorded" is last
    """

    sql: str
    order: tuple[str, ...] = ()

    def sorted(self, levels: Iterable[str]) -> list[str]:
        """Return levels in the order in which they are shown."""
        first = {level: place for place, level in enumerate(self.order)}
        return sorted(set(levels), key=lambda level: (level == NOT_RECORDED, first.get(level, len(first)), level))


def key_of(plan: AuditPlan, name: str) -> Key:
    """Return a key by its name: clinic, therapist, condition, period, year (of intake) or a descriptor.

    Examples
    --------
    >>> from coxa.study.audit.plan import AuditPlan
    >>> age = {"type": "number", "completeness": True, "bands": [40, 60]}
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "a.csv"}, "descriptors": {"age": age}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> key_of(plan, "age").order
    ('below 40', '40 to under 60', '60 or more')
    """
    part = plan.descriptors.get(name)
    if part is not None and part.type == "number":
        return Key(bands_sql(quoted(name), part.bands), band_labels(part.bands))
    if part is not None:
        return Key(_recorded(quoted(name)), tuple(Characteristic.level_labels(part)))
    if name == YEAR:
        return Key(_recorded("CAST(CAST(EXTRACT(year FROM intake_date) AS INTEGER) AS VARCHAR)"))
    return Key(_recorded(name))


def _recorded(value: str) -> str:
    return f"COALESCE({value}, '{NOT_RECORDED}')"


def band_labels(cuts: Sequence[float]) -> tuple[str, ...]:
    """Return the labels of the bands between cuts, in ascending order.

    Examples
    --------
    >>> band_labels([40, 62.5])
    ('below 40', '40 to under 62.5', '62.5 or more')
    """
    if not cuts:
        return ("recorded",)
    texts = [f"{cut:g}" for cut in cuts]
    between = [f"{low} to under {high}" for low, high in pairwise(texts)]
    return (f"below {texts[0]}", *between, f"{texts[-1]} or more")


def bands_sql(column: str, cuts: Sequence[float]) -> str:
    """Return the label of the band that a number is in, as SQL."""
    *below, last = band_labels(cuts)
    whens = [f"WHEN {column} < {cut!r} THEN '{label}'" for cut, label in zip(cuts, below, strict=True)]
    return f"CASE WHEN {column} IS NULL THEN '{NOT_RECORDED}' {' '.join(whens)} ELSE '{last}' END"


def grouped(
    episodes: Episodes, sets: Sequence[Dimensions], columns: Mapping[str, str], where: str = "TRUE"
) -> dict[Dimensions, pd.DataFrame]:
    """Return, for each set of keys, one row per group that has an episode: the keys in order, then the columns.

    Parameters
    ----------
    episodes
        The episodes.
    sets
        Names of keys (`key_of`); () is all.
    columns
        Name -> SQL of a number over a group of rows.
    where
        Rows that are counted, as SQL.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> episodes = episodes_of_frame(plan, pd.DataFrame({"clinic": ["B", "A", None, "B"]}))
    >>> grouped(episodes, [(), ("clinic",)], {"n": "COUNT(*)"})["clinic",].values.tolist()
    [['A', 1], ['B', 2], ['not recorded', 1]]
    """
    names = list(dict.fromkeys(name for one in sets for name in one))
    keys = {name: key_of(episodes.plan, name) for name in names}
    held = {name: f"_key_{place}" for place, name in enumerate(names)}
    inner = ", ".join(["*", *(f"{keys[name].sql} AS {held[name]}" for name in names)])
    outer = ", ".join([*held.values(), *(f"{sql} AS {quoted(name)}" for name, sql in columns.items())])
    groups = ", ".join(f"({', '.join(held[name] for name in one)})" for one in dict.fromkeys(sets))
    sql = f"SELECT {outer} FROM (SELECT {inner} FROM episodes) AS keyed WHERE {where} GROUP BY GROUPING SETS ({groups})"
    rows = episodes.query(sql).rename(columns={code: name for name, code in held.items()})
    return {one: _of_set(rows, one, keys, list(columns)) for one in dict.fromkeys(sets)}


def _of_set(rows: pd.DataFrame, one: Dimensions, keys: Mapping[str, Key], columns: list[str]) -> pd.DataFrame:
    """Return the rows of one set: those whose other keys are null, for no level is."""
    chosen = pd.Series(True, rows.index)
    for name in keys:
        chosen &= rows[name].notna() if name in one else rows[name].isna()
    part = rows.loc[chosen, [*one, *columns]]
    for name in one:
        part = part.assign(**{name: pd.Categorical(part[name], keys[name].sorted(part[name]), ordered=True)})
    part = part.sort_values(list(one)) if one else part
    return part.assign(**{name: part[name].astype("str") for name in one}).reset_index(drop=True)


def recorded(episodes: Episodes, names: Iterable[str]) -> set[str]:
    """Return those of the columns that have a value in some row."""
    names = list(names)
    if not names:
        return set()
    row = episodes.query(
        "SELECT " + ", ".join(f"COUNT({quoted(name)}) AS {quoted(name)}" for name in names) + " FROM episodes"
    )
    return {name for name in names if row[name].iloc[0] > 0}
