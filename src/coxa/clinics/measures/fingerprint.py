"""A number of the rows that nobody can know who does not have them: what codes on the page are mixed with."""

from __future__ import annotations

from coxa.episodes.columns import column_types, quoted
from coxa.episodes.episodes import Episodes

LARGEST = 1_000_000
"""From this size on a number is left out, so that no product of two is too large for a whole number."""


def fingerprint_of(episodes: Episodes) -> str:
    """Return sums over the rows, weighted by day and by score: for the same rows the same, and in no published table.

    The hash of a file is published, so that a page can be verified; it cannot keep a secret. These sums can. They are
    sums of whole numbers, which depend neither on the order of the rows nor on how many threads add them.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> rows = pd.DataFrame({"clinic": ["A", "B"], "pain_intake": [5.0, 7.0], "pain_discharge": [3.0, None]})
    >>> fingerprint_of(episodes_of_frame(plan, rows)).split()[-2:]
    ['300', '150300']
    """
    kinds = column_types(episodes.plan)
    days = [f"({quoted(name)} - DATE '2000-01-01')" for name, kind in kinds.items() if kind == "date"]
    scores = [quoted(f"{name}_{when}") for name in episodes.plan.outcomes for when in ("intake", "discharge")]
    numbers = [quoted(name) for name, kind in kinds.items() if kind == "number" and name != "source_row"]
    values = [_whole(name) for name in (*(one for one in numbers if one not in scores), *scores)]
    weights = ("intake_date - DATE '2000-01-01'", _whole(scores[0]))
    ordered = [
        f"CAST({value} AS BIGINT) * (1 + COALESCE(ABS(CAST({weight} AS BIGINT)), 0))"
        for value in (*days, *values)
        for weight in weights
    ]
    sums = ", ".join(
        f"CAST(COALESCE(SUM({value}), 0) AS VARCHAR) AS sum_{place}" for place, value in enumerate(ordered)
    )
    row = episodes.query(f"SELECT {sums} FROM episodes").iloc[0]
    return " ".join(str(value) for value in row)


def _whole(name: str) -> str:
    """Return a number in hundredths: sums of whole numbers are the same in every order, those of others are not."""
    return f"CAST(CASE WHEN ABS({name}) < {LARGEST} THEN ROUND(100 * {name}) END AS BIGINT)"
