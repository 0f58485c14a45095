"""Columns of the case-mix model, as SQL over a row of episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.clinics.measures.groups import NOT_RECORDED, grouped, key_of
from coxa.clinics.measures.reached import changed_sql, improvement_sql
from coxa.episodes.columns import quoted
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CONDITION

INTERCEPT, INTAKE, SQUARED, OTHER = "Intercept", "intake score", "squared", "other"
RARE = 10
"""Episodes of a level below which it is joined with others of its kind to `other`."""

MOST_LEVELS = 20
"""Levels of a category that have a column of their own; rarer ones are joined to `other`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the design.

    term, level : what it is of; no level of a number
    sql         : its value, never null, from a row of episodes; empty of a level of a category
    indicator   : whether it is 0 or 1
    """

    term: str
    level: str
    sql: str = ""
    indicator: bool = False

    @property
    def name(self) -> str:
        """Its name as a coefficient."""
        return f"{self.term}[{self.level}]" if self.level else self.term


@dataclass(frozen=True, slots=True)
class Category:
    """A category, whose levels have a column each but for the first.

    term   : its name
    key    : the level, never null, as SQL from a row of episodes
    levels : in the order of the columns, the reference first; the last may be that of joined levels
    codes  : parameter -> level, of those that are not joined
    joined : place among the levels that those have which are joined: the last, or the reference where they are so few
             that a coefficient of theirs would be that of single patients
    """

    term: str
    key: str
    levels: tuple[str, ...]
    codes: Mapping[str, str]
    joined: int = -1

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of all levels but the reference."""
        return tuple(Column(self.term, level, indicator=True) for level in self.levels[1:])

    def sql(self, values: Sequence[float | int]) -> str:
        """Return, as SQL, the value of a row's level: `values` has one per level."""
        whens = " ".join(f"WHEN :{code} THEN ({value!r})" for code, value in zip(self.codes, values, strict=False))
        return f"CASE {self.key} {whens} ELSE ({values[self.joined]!r}) END"


@dataclass(frozen=True, slots=True)
class Design:
    """Columns of the case-mix model of an outcome, and what they were made from.

    outcome    : of the plan
    numbers    : columns that are numbers, or gaps of one; the first is the intercept
    categories : categories, whose columns follow in their order
    n          : episodes whose change is known
    change     : their mean change, positive if better
    intake     : mean, and
    spread     : standard deviation of the intake score
    notes      : levels that were joined, in sentences
    """

    outcome: str
    numbers: tuple[Column, ...]
    categories: tuple[Category, ...]
    n: int
    change: float
    intake: float
    spread: float
    notes: tuple[str, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns."""
        return (*self.numbers, *(column for category in self.categories for column in category.columns))

    @property
    def values(self) -> dict[str, str]:
        """Values of the parameters of the SQL."""
        return {code: level for category in self.categories for code, level in category.codes.items()}


def design_of(episodes: Episodes, outcome: str, *, square: bool = True) -> Design:
    """Return the columns of the case-mix model of an outcome.

    Parameters
    ----------
    episodes
        The episodes.
    outcome
        Of the plan.
    square
        Whether the intake score has a square besides.

    Notes
    -----
    Numbers are centred at their mean; a gap counts as the mean and has an indicator. A category has an indicator for
    each level but the most frequent; a gap is a level of its own. A level of fewer than ten episodes has none, as it
    would be that of single patients; nor has such a gap.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> days = {"intake_date": pd.to_datetime("2025-01-07"), "discharge_date": pd.to_datetime("2025-03-07")}
    >>> rows = pd.DataFrame({"pain_intake": [7.0, 6.0], "pain_discharge": [3.0, 2.0]}).assign(**days)
    >>> tiny = episodes_of_frame(plan, rows.assign(clinic="A"), data_cut=pd.Timestamp("2025-12-31"))
    >>> design = design_of(tiny, "pain")
    >>> [column.name for column in design.columns], design.change
    (['Intercept', 'intake score', 'intake score[squared]'], 4.0)
    """
    plan = episodes.plan
    numbers = [name for name in plan.adjusters if plan.descriptors[name].type == "number"]
    row = _summary(episodes, outcome, numbers)
    n, intake, spread = int(row["n"]), float(row["intake"]), float(row["spread"] or 0.0)
    score = f"({quoted(f'{outcome}_intake')} - ({intake!r}))"
    columns = [Column(INTERCEPT, "", "1.0", True), Column(INTAKE, "", score)]
    if square:
        columns.append(Column(INTAKE, SQUARED, f"({score} * {score})"))
    for name in numbers:
        columns += _number(name, int(row[f"n_{name}"]), n, row[f"mean_{name}"])
    notes: list[str] = []
    categories: list[Category] = []
    names = [name for name in plan.adjusters if name not in numbers]
    for name, counts in _levels(episodes, outcome, [*names, CONDITION]).items():
        start = sum(len(each.codes) for each in categories)
        categories.append(_category(episodes, name, counts, start, notes))
    several = tuple(each for each in categories if len(each.levels) > 1)
    change = float(row["change"])
    return Design(outcome, tuple(columns), several, n, change, intake, spread, tuple(notes))


def _summary(episodes: Episodes, outcome: str, numbers: list[str]) -> pd.Series:
    """Return number of episodes and means of what the columns are made from."""
    intake = quoted(f"{outcome}_intake")
    wanted = [
        "COUNT(*) AS n",
        f"COALESCE(AVG({improvement_sql(episodes.plan, outcome)}), 0) AS change",
        f"COALESCE(AVG({intake}), 0) AS intake",
        f"COALESCE(STDDEV_POP({intake}), 0) AS spread",
    ]
    for name in numbers:
        wanted += [
            f"COUNT({quoted(name)}) AS {quoted(f'n_{name}')}",
            f"AVG({quoted(name)}) AS {quoted(f'mean_{name}')}",
        ]
    return episodes.query(f"SELECT {', '.join(wanted)} FROM episodes WHERE {changed_sql(outcome)}").iloc[0]


def _number(name: str, known: int, n: int, mean: float) -> list[Column]:
    """Return the columns of a number: none where no patient has it."""
    if not known:
        return []
    column = quoted(name)
    made = [Column(name, "", f"COALESCE({column} - ({float(mean)!r}), 0.0)")]
    if n - known >= RARE:
        made.append(Column(name, NOT_RECORDED, f"CASE WHEN {column} IS NULL THEN 1.0 ELSE 0.0 END", True))
    return made


def _levels(episodes: Episodes, outcome: str, names: list[str]) -> dict[str, pd.Series]:
    """Return category -> episodes of each level, the most frequent first."""
    tables = grouped(episodes, [(name,) for name in names], {"n": "COUNT(*)"}, changed_sql(outcome))
    return {
        name: tables[name,].set_index(name)["n"].sort_values(ascending=False, kind="stable")
        for name in names
        if (name,) in tables
    }


def _category(episodes: Episodes, name: str, counts: pd.Series, start: int, notes: list[str]) -> Category:
    """Return a category, with its rare levels joined."""
    own = [
        str(level)
        for place, (level, n) in enumerate(counts.items())
        if n >= RARE and (level == NOT_RECORDED or place < MOST_LEVELS)
    ]
    if len(own) < len(counts) and OTHER in own:  # a level of this name is joined with those that get it
        own.remove(OTHER)
    rest = [str(level) for level in counts.index if level not in own]
    if not own:  # all are rare, so that none is joined
        own, rest = rest, []
    few = bool(rest) and counts[[level in rest for level in counts.index.astype(str)]].sum() < RARE
    if rest:
        what = f"count as `{own[0]}`" if few else f"are joined to `{OTHER}`"
        notes.append(f"Levels of {name} with few episodes {what}: {', '.join(sorted(rest))}.")
    codes = {f"level_{start + k}": level for k, level in enumerate(own)}
    levels = (*own, OTHER) if rest and not few else tuple(own)
    return Category(name, key_of(episodes.plan, name).sql, levels, codes, joined=0 if few else -1)
