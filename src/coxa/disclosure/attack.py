"""The attack on published tables: what can be worked out from all of them together, and from earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.disclosure.known import Known, Tables, words
from coxa.disclosure.ranges import Enough, feasible_ranges


@dataclass(frozen=True, slots=True)
class Attack:
    """What an attacker finds who has all published tables.

    frame    : one row for each hidden cell, and for each count that only follows from others (those not asked, those
               who came since an earlier publication): what, kind (hidden, rest or since), low, high, width
    statuses : how often the solver gave which answer

    Examples
    --------
    >>> from coxa.audit import CountTable
    >>> table = CountTable.of_array([3, 12], {"clinic": ["A", "B"]})
    >>> found = attack_tables([table.published(np.array([True, False, False]), k=5)])
    >>> found.frame.values.tolist(), found.narrower(5)["what"].tolist()
    ([['n, clinic A', 'hidden', 3.0, 3.0, 0.0]], ['n, clinic A'])
    """

    frame: pd.DataFrame
    statuses: dict[str, int]

    def narrower(self, k: int, *, zeros_disclose: bool = False) -> pd.DataFrame:
        """Return the rows that are narrowed down to fewer than k people.

        A count that only follows from others is among them where it can be small; that it is 0 discloses nothing
        unless `zeros_disclose`.
        """
        frame = self.frame
        nearest = np.where(
            (frame["low"] <= 0) & (frame["high"] >= 0), 0, np.minimum(frame["low"].abs(), frame["high"].abs())
        )
        nothing = (frame["low"] == 0) & (frame["high"] == 0) & (not zeros_disclose)
        open_still = frame["width"].isna()  # the solver had no answer
        matters = (frame["kind"] == "hidden") | open_still | ((nearest < k) & ~nothing)
        return frame[~(frame["width"] >= k) & matters]


def attack_tables(
    tables: Tables, *, earlier: Sequence[Tables] = (), left: bool = False, zeros_disclose: bool = False
) -> Attack:
    """Work out by linear programs how far each hidden count is known from all that is published.

    Parameters
    ----------
    tables
        As they are published, hidden counts being NaN.
    earlier
        The tables of earlier publications, as they were published: their people are among those of now.
    left
        Some of these people are not counted any more, so that a count may have become smaller.
    zeros_disclose
        Whether zeros were hidden too. Otherwise an attacker knows that a hidden count is at least 1.

    Returns
    -------
    Attack

    Raises
    ------
    ValueError
        What is shown contradicts itself.

    Examples
    --------
    >>> from coxa.audit import CountTable
    >>> table = CountTable.of_array([[3, 12], [20, 9]], {"clinic": ["A", "B"], "sex": ["f", "m"]})
    >>> hidden = (table.cells["clinic"] != "all") & (table.cells["sex"] != "all")
    >>> attack_tables([table.published(hidden, k=5)]).frame[["low", "high"]].values.tolist()
    [[1.0, 14.0], [1.0, 14.0], [9.0, 22.0], [7.0, 20.0]]
    """
    return attack_known(Known.of(tables, earlier), tables, earlier, left=left, zeros_disclose=zeros_disclose)


def attack_known(
    known: Known,
    tables: Tables,
    earlier: Sequence[Tables],
    *,
    left: bool,
    zeros_disclose: bool,
    enough: Enough | None = None,
) -> Attack:
    """Attack tables of which it is known already how they add up; the index of the frame is that of `known`.

    With `enough`, ranges are followed up to its width only, and counts that follow from others are left out where they
    are at least twice as large: a narrower range of such a count has no small number in it.
    """
    low, high = known.limits(tables, earlier, 0.0 if zeros_disclose else 1.0, left)
    cells = np.arange(len(low)) < known.n_cells
    wanted = (~cells | np.isinf(high)) & known.attackable()
    if enough is not None:
        wanted &= cells | (np.minimum(np.abs(enough.low), np.abs(enough.high)) < 2 * enough.width)
    after = np.flatnonzero(wanted)
    found = feasible_ranges(known.matrix(), low, high, after, enough=enough)
    names, since = list(known.places), {*known.since, *known.rests_since}
    frame = pd.DataFrame(
        {
            "what": [words(names[at]) for at in after],
            "kind": ["hidden" if cells[at] else "since" if at in since else "rest" for at in after],
            "low": found.low,
            "high": found.high,
            "width": found.high - found.low,
        },
        index=after,
    )
    return Attack(frame, found.statuses)
