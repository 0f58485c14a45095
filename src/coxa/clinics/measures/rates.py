"""Attendance and standards of care by clinic, with funnel limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coxa.audit.funnel import Funnel, funnel_proportions
from coxa.clinics.audit import Rates
from coxa.clinics.measures.groups import grouped
from coxa.episodes.columns import quoted
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, AuditPlan

FOUND = 0.05
"""Level of the test of over-dispersion below which limits are widened by it."""

FEWEST = 10
"""Clinics from which over-dispersion is estimated; of fewer it would be made by the very ones that are looked for."""

LIMITS = {"low_95": "low_95", "high_95": "high_95", "low_99_8": "low_99.8", "high_99_8": "high_99.8"}
"""Column of a funnel -> column of an audit."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a rate counts, as SQL over a row of episodes.

    rows      : which episodes are counted
    events, n : what is added up over them
    of        : sessions or episodes
    target    : of the plan
    """

    rows: str
    events: str
    n: str
    of: str
    target: float | None


def counted_of(plan: AuditPlan) -> dict[str, Counted]:
    """Return the rates of a plan: sessions attended and missed, and each standard."""
    found = {
        name: Counted(f"eligible AND booked > 0 AND {name} >= 0 AND {name} <= booked", name, "booked", "sessions", aim)
        for name, aim in (("attended", plan.targets.attended), ("missed", None))
    }
    for name, standard in plan.standards.items():
        met = quoted(standard.met)
        among = f" AND {quoted(standard.among)}" if standard.among else ""
        rows = f"eligible AND {met} IS NOT NULL{among}"
        found[name] = Counted(rows, f"CASE WHEN {met} THEN 1 ELSE 0 END", "1", "episodes", standard.target)
    return found


def rates_of(episodes: Episodes) -> tuple[tuple[Rates, ...], Mapping[str, str]]:
    """Return attendance and the standards of a plan by clinic, and why one is not there.

    Parameters
    ----------
    episodes
        The episodes; eligible ones are counted. An episode without an entry is not, nor is one with more sessions
        attended or missed than booked.

    Returns
    -------
    tuple of Rates, dict
        Limits are exact binomial ones about the share of all, or wider by the over-dispersion of at least ten clinics
        where it is found (`Rates.method` names which). And name -> why there is no rate.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> rows = pd.DataFrame({"clinic": ["A", "A", "B"], "booked": [10, 10, 20], "attended": [9, 7, 20]})
    >>> found, without = rates_of(episodes_of_frame(plan, rows))
    >>> found[0].name, found[0].clinics["share"].tolist(), list(without)
    ('attended', [0.8, 1.0], ['missed'])
    """
    wanted = counted_of(episodes.plan)
    columns = {}
    for name, one in wanted.items():
        for what, value in (("events", one.events), ("n", one.n), ("episodes", "1")):
            columns[f"{name} {what}"] = f"COALESCE(SUM({value}) FILTER (WHERE {one.rows}), 0)"
    table = grouped(episodes, [(CLINIC,)], columns)[CLINIC,]
    found, without = [], {}
    for name, one in wanted.items():
        part = {what: table[f"{name} {what}"].astype("int64") for what in ("events", "n", "episodes")}
        counts = pd.DataFrame({CLINIC: table[CLINIC], **part})
        if counts["n"].sum() > 0:
            found.append(_rates(name, one, counts))
        else:
            without[name] = _reason(name, one, episodes.plan)
    return tuple(found), without


def _reason(name: str, one: Counted, plan: AuditPlan) -> str:
    if one.of == "sessions":
        return f"No episode has both its sessions booked and its sessions {name}."
    return f"No episode to which it applies has an entry for “{plan.label('standards', name)}”."


def _rates(name: str, one: Counted, counts: pd.DataFrame) -> Rates:
    """Return one rate, with the limits of clinics of which anything is counted."""
    some = counts[counts["n"] > 0]
    funnel = _funnel(some)
    limits = funnel.frame[[*LIMITS, "position"]].rename(columns=LIMITS).set_axis(some.index, axis=0)
    table = counts.assign(share=counts["events"] / counts["n"].where(counts["n"] > 0)).join(limits)
    table["position"] = table["position"].fillna("")
    shown = [CLINIC, "events", "n", "share", *LIMITS.values(), "position", "episodes"]
    words = funnel.method
    if len(some) == 1:
        words += "; one clinic alone has none to compare with"
    return Rates(
        name=name,
        clinics=table[shown],
        events=int(counts["events"].sum()),
        n=int(counts["n"].sum()),
        target=one.target,
        of=one.of,
        method=words,
    )


def _funnel(counts: pd.DataFrame) -> Funnel:
    """Return exact limits, or those that over-dispersion widens where it is found."""
    events, n, names = counts["events"], counts["n"], list(counts[CLINIC])
    exact = funnel_proportions(events, n, units=names)
    spread = exact.dispersion
    if spread is None or len(counts) < FEWEST or spread.p_value >= FOUND or spread.tau2 <= 0:
        return exact
    return funnel_proportions(events, n, units=names, adjust="additive")
