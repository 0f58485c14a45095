"""Tables that can be published: small counts and others hidden, and the proof that none can be worked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import scipy

from coxa.disclosure.attack import Attack, attack_known
from coxa.disclosure.choice import Choice
from coxa.disclosure.known import Known, Tables
from coxa.disclosure.ranges import Enough
from coxa.disclosure.tables import CountTable
from coxa.errors import CoxaError, OptionError, check_kind

ROUNDS = 20
"""How often more is hidden after an attack before the tables are refused."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was attacked, and what the attack found.

    k              : no hidden count can be narrowed down to fewer than this many people
    n_tables       : tables attacked together
    n_earlier      : publications before this one whose tables the attacker has too
    left           : whether some people of an earlier publication are not counted any more, which the attacker knows
    n_cells        : different cells of the tables
    n_hidden       : cells among them that are hidden
    n_attacked     : hidden cells, of earlier publications too, and counts below 2 k that only follow from others
    narrowest      : number of people by which two possible values of a hidden cell differ at the least, followed up to
                     k; infinite where nothing is hidden or no hidden cell has a largest value
    zeros_disclose : whether zeros are hidden as well
    rounded_to     : what shown counts are rounded to
    statuses       : answers of the solver in all attacks, with how often each came; `seen` is the end of a range which
                     is wide enough by solutions of earlier programs
    solver         : which it is

    Examples
    --------
    >>> table = CountTable.of_array([[3, 12], [20, 9]], {"clinic": ["A", "B"], "sex": ["f", "m"]})
    >>> certificate = protect_tables([table], k=5).certificate
    >>> certificate.n_cells, certificate.n_hidden, certificate.narrowest, certificate.statuses
    (9, 4, 13.0, {'optimal': 2, 'seen': 14})
    """

    k: int
    n_tables: int
    n_earlier: int
    left: bool
    n_cells: int
    n_hidden: int
    n_attacked: int
    narrowest: float
    zeros_disclose: bool
    rounded_to: int
    statuses: dict[str, int]
    solver: str = f"HiGHS by scipy {scipy.__version__}"

    def as_dict(self) -> dict[str, Any]:
        """Return the certificate for a JSON file; an infinite width is None."""
        return asdict(self) | {"narrowest": self.narrowest if np.isfinite(self.narrowest) else None}


@dataclass(frozen=True, slots=True)
class Protected:
    """Tables as they are published, with the proof; and the true ones, for a later publication and never to be shared.

    Examples
    --------
    >>> table = CountTable.of_array([3, 12, 40], {"clinic": ["A", "B", "C"]})
    >>> protect_tables([table], k=5).tables[0].cells["n"].tolist()
    [nan, 12.0, nan, 55.0]
    """

    tables: tuple[CountTable, ...]
    certificate: Certificate
    true_tables: tuple[CountTable, ...] = field(repr=False)


def protect_tables(
    tables: Tables,
    k: int = 5,
    *,
    earlier: Sequence[Protected] = (),
    zeros_disclose: bool = False,
    round_to: int = 1,
) -> Protected:
    """Hide small counts, and as many others as it takes, and prove by an attack that it is enough.

    Parameters
    ----------
    tables
        With true counts. Those that share totals are protected together. A cell that a column `few` marks is hidden
        however large its count is.
    k
        Counts from 1 to k - 1 are small: 5, 8 (HES), 10 or 11 (CMS) are usual.
    earlier
        What was published before of some of the same people. Those who came since, or left, are protected as well, in
        every cell that was in a table before.
    zeros_disclose
        Hide zeros as well.
    round_to
        Round shown counts to multiples of it, halves up.

    Returns
    -------
    Protected

    Raises
    ------
    OptionError
        `k` is below 2, a part is more than its whole, or tables contradict each other.
    CoxaError
        A small count follows from what was published before, or no choice was proved to be enough.

    Notes
    -----
    Small counts are hidden first, then others at little loss by linear programs (`coxa.disclosure.counts_to_hide`).
    Everything that is published is then attacked by integer programs (`attack_tables`). Where a count is still known to
    within fewer than k people, the cheapest other set of whole numbers is looked for, and what differs in it is hidden
    too, until the attack finds nothing. Rounding comes last, and takes knowledge away only. Source: Fischetti and
    Salazar-Gonzalez, Journal of the American Statistical Association 2000, 95:916-928.

    Examples
    --------
    >>> table = CountTable.of_array([[3, 12], [20, 9]], {"clinic": ["A", "B"], "sex": ["f", "m"]})
    >>> protect_tables([table], k=5, round_to=5).tables[0].cells["n"].tolist()
    [nan, nan, 15.0, nan, nan, 30.0, 25.0, 20.0, 45.0]
    """
    check_kind("k", k, int, "a whole number")
    if k < 2 or round_to < 1:
        raise OptionError(f"`k` is {k} and `round_to` {round_to}. Choose a `k` of at least 2, and 1 not to round.")
    before, published_before = [each.true_tables for each in earlier], [each.tables for each in earlier]
    known = Known.of(tables, before)
    left = known.some_left(tables, before)
    choice = Choice.of(known, tables, before, published_before, zeros_disclose)
    values = known.values(tables, before)
    hidden, enough = choice.first(k), Enough.of(values, k)
    for table in tables:
        if "few" in table.cells:
            marked = table.cells["few"] & ((table.cells["n"] > 0) | zeros_disclose)
            hidden[known.indices(table)[marked.to_numpy(dtype=bool)]] = True
    answers: Counter[str] = Counter()
    for _ in range(ROUNDS):
        shown = [table.published(hidden[known.indices(table)], k) for table in tables]
        attack = attack_known(known, shown, published_before, left=left, zeros_disclose=zeros_disclose, enough=enough)
        answers.update(attack.statuses)
        narrow = attack.narrower(k, zeros_disclose=zeros_disclose)
        if narrow.empty:
            break
        hidden = choice.more(hidden, k, narrow)
    else:
        raise CoxaError("The tables are not proved to be safe. Publish fewer of them, or join levels.")
    final = tuple(table.published(hidden[known.indices(table)], k, round_to) for table in tables)
    attack = attack_known(known, final, published_before, left=left, zeros_disclose=zeros_disclose, enough=enough)
    answers.update(attack.statuses)
    narrow = attack.narrower(k, zeros_disclose=zeros_disclose)
    true = np.abs(values[narrow.index.to_numpy(dtype=int)])
    small = (true < k) & ((true > 0) | zeros_disclose)  # others now look as if they could be small, and are not
    if (small | (narrow["kind"] == "hidden")).any():
        raise CoxaError("The rounded tables are not proved to be safe. Publish them without rounding.")
    certificate = Certificate(
        k=k,
        n_tables=len(tables),
        n_earlier=len(earlier),
        left=left,
        n_cells=known.n_now,
        n_hidden=int(hidden[: known.n_now].sum()),
        n_attacked=len(attack.frame),
        narrowest=_narrowest(attack),
        zeros_disclose=zeros_disclose,
        rounded_to=round_to,
        statuses=dict(answers),
    )
    return Protected(final, certificate, tuple(tables))


def _narrowest(attack: Attack) -> float:
    hidden = attack.frame.loc[attack.frame["kind"] == "hidden", "width"]
    return float(hidden.min()) if len(hidden) else np.inf
