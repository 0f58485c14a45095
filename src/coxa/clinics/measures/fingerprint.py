"""A number of the rows that nobody can know who does not have them: what codes on the page are mixed with."""

from __future__ import annotations

from coxa.episodes.columns import column_types, quoted
from coxa.episodes.episodes import Episodes


def fingerprint_of(episodes: Episodes) -> str:
    """Return sums over the rows, weighted by row: the same for the same rows, and in no table that is published.

    The hash of a file is published, so that a page can be verified; it cannot keep a secret. These sums can.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> rows = pd.DataFrame({"clinic": ["A", "B"], "pain_intake": [5.0, 7.0], "pain_discharge": [3.0, None]})
    >>> fingerprint_of(episodes_of_frame(plan, rows)).split()[-2:]
    ['19', '3']
    """
    kinds = column_types(episodes.plan)
    weight = "COALESCE(source_row, 0)"
    values = [quoted(name) for name, kind in kinds.items() if kind == "number" and name != "source_row"]
    values += [f"({quoted(name)} - DATE '2000-01-01')" for name, kind in kinds.items() if kind == "date"]
    scores = [quoted(f"{name}_{when}") for name in episodes.plan.outcomes for when in ("intake", "discharge")]
    ordered = [*(value for value in values if value not in scores), *scores]
    sums = ", ".join(
        f"ROUND(COALESCE(SUM({value} * {weight}), 0)) AS sum_{place}" for place, value in enumerate(ordered)
    )
    row = episodes.query(f"SELECT {sums} FROM episodes").iloc[0]
    return " ".join(f"{float(value):.0f}" for value in row)
