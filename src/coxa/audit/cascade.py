"""How complete the data of clinics are: from those eligible to those with an outcome in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError, OptionError, check_level, not_allowed
from coxa.findings import Finding, Findings

STAGES = ("eligible", "asked", "intake", "due", "done")
"""Columns of a frame of episodes, each true or false; `done` is an outcome within its window."""

TOTAL = "all"


@kinds(episodes=FRAME)
def completeness(
    episodes: pd.DataFrame, by: Sequence[str] = (), *, late: str | None = None, conf_level: float = 0.95
) -> pd.DataFrame:
    """Count episodes from eligible to an outcome in time, for each group and for all.

    Parameters
    ----------
    episodes
        One row per episode, with columns `eligible`, `asked`, `intake` (the questionnaire at intake was filled in),
        `due` (the discharge questionnaire was due: the episode ended and the window is over) and `done` (it was filled
        in within the window), each true or false. Not changed.
    by
        Columns of the groups: clinic, therapist, period. A group that is missing is "not recorded".
    late
        A column that is true where the discharge questionnaire was filled in outside its window; for the naive number.
    conf_level
        Of Wilson's intervals.

    Returns
    -------
    DataFrame
        One row for each group, and one with "all": counts eligible, asked, intake, due and done, each of those counted
        before; `complete` = done / (eligible and due), whether asked or not, with conf_low and conf_high; `recruited` =
        intake / eligible with its limits; `naive` = all discharge questionnaires over all intake questionnaires, which
        is what counting forms gives; `not_in_order`, episodes with a later stage and without an earlier one.

    Raises
    ------
    OptionError
        A column is missing.
    DataError
        A stage is neither true nor false in some row.

    Notes
    -----
    Forms that are counted without being linked to patients leave out those who were never asked, and count those who
    were not eligible or answered late: 78 % where linked data gave 73 % (NHS PROMs; PubMed Central PMC3923248).

    Examples
    --------
    >>> rows = [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0], [1, 0, 0, 1, 0], [1, 1, 1, 0, 0]]
    >>> episodes = pd.DataFrame(rows, columns=["eligible", "asked", "intake", "due", "done"]).assign(clinic="A")
    >>> found = completeness(episodes, ["clinic"])
    >>> found.loc[0, ["eligible", "asked", "intake", "due", "done"]].tolist()
    [4, 3, 3, 2, 1]
    >>> found.loc[0, ["complete", "naive"]].astype(float).round(3).tolist()
    [0.333, 0.333]
    """
    check_level(conf_level)
    wanted = [*STAGES, *by, *([late] if late else [])]
    for name in wanted:
        if name not in episodes.columns:
            raise OptionError(not_allowed("column", name, map(str, episodes.columns)))
    yes = {name: _true(episodes[name]) for name in (*STAGES, *([late] if late else []))}
    counts = _indicators(yes, yes[late] if late else np.zeros(len(episodes), dtype=bool))
    groups = [episodes[name].astype("str").fillna("not recorded").rename(name) for name in by]
    totals = counts.sum().to_frame().T.assign(**dict.fromkeys(by, TOTAL))
    parts = [counts.groupby(groups, sort=True).sum().reset_index()] if by else []
    table = pd.concat([*parts, totals], ignore_index=True)
    return _rates(table, conf_level)[[*by, *STAGES, *RATES, "not_in_order"]]


RATES = ("complete", "conf_low", "conf_high", "recruited", "recruited_low", "recruited_high", "naive")


def _true(values: pd.Series) -> np.ndarray:
    """Return a column of true and false as booleans; 0 and 1 are taken as well."""
    wrong = ~values.isin([True, False]).to_numpy()
    if wrong.any():
        fault = f"The value is neither true nor false in {wrong.sum()} of {len(values)} rows."
        finding = Finding("error", "episodes", fault, "Give true or false.", field=str(values.name))
        raise DataError(f"Column `{values.name}` has other values than true and false", Findings((finding,)))
    return values.to_numpy().astype(bool)


def _indicators(yes: dict[str, np.ndarray], late: np.ndarray) -> pd.DataFrame:
    """Return what each episode is counted in."""
    reached, counts, in_order = np.ones(len(late), dtype=bool), {}, np.ones(len(late), dtype=bool)
    for stage in STAGES:
        in_order &= reached | ~yes[stage] | (stage == "due")  # a form is due whether its patient was asked or not
        reached = reached & yes[stage]
        counts[stage] = reached
    due = yes["eligible"] & yes["due"]
    counts |= {"of": due, "of_done": due & yes["done"], "not_in_order": ~in_order}
    counts |= {"forms": yes["done"] | late, "intakes": yes["intake"]}
    return pd.DataFrame(counts).astype("int8")


def _rates(table: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Add the shares and their limits; NaN where nothing is counted."""
    complete, low, high = _wilson(table["of_done"], table["of"], conf_level)
    recruited, recruited_low, recruited_high = _wilson(table["intake"], table["eligible"], conf_level)
    naive = table["forms"] / table["intakes"].where(table["intakes"] > 0)
    shares = (complete, low, high, recruited, recruited_low, recruited_high, naive)
    return table.assign(**dict(zip(RATES, shares, strict=True)))


def _wilson(events: pd.Series, n: pd.Series, conf_level: float) -> tuple[pd.Series, pd.Series, pd.Series]:
    some = n.where(n > 0)
    low, high = proportion_confint(events, some, 1 - conf_level, method="wilson")
    return events / some, pd.Series(low, n.index), pd.Series(high, n.index)
