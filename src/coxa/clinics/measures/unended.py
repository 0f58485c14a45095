"""Episodes that seem to have ended without a day of discharge: they count as not due, and completeness looks better."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from coxa.episodes.episodes import Episodes
from coxa.findings import Finding

LONG = 0.95
"""Share of the episodes with a day of discharge that last no longer than what is taken for a long one."""

MANY = 0.05
"""Share of the old episodes without a day of discharge from which on it is said."""


@dataclass(frozen=True, slots=True)
class Unended:
    """Episodes that began long ago and have no day of discharge.

    n, of  : such episodes, and all that began as long ago
    days   : days that are taken for a long episode
    ago    : days before the data cut: those of a long episode and of the time for answering
    done   : episodes with an outcome in time
    due    : episodes that were due
    """

    n: int
    of: int
    days: int
    ago: int
    done: int
    due: int

    def sentence(self) -> str:
        """Say what they do to completeness."""
        share = f"{100 * self.done / (self.due + self.n):.1f}%"
        return (
            f"{self.n} of {self.of} episodes that began {self.ago} days or more before the data cut have no day of "
            f"discharge and count as not due. If they have ended, completeness is {share}."
        )

    def caution(self) -> str:
        """Say the same without a count, which is not protected in a text."""
        return (
            f"Of the episodes that began {self.ago} days or more before the data cut, many have no day of "
            "discharge. They count as not due, so that completeness is lower than shown if they have ended."
        )

    def finding(self) -> Finding:
        """Return the warning, with the line of the plan."""
        remedy = f"Fill in the days of discharge, or write `follow_up: {{longest: {self.days}}}` to count them as due."
        return Finding("warning", "episodes", self.sentence().rstrip("."), remedy, field="discharge_date")


def unended_of(episodes: Episodes) -> Unended | None:
    """Return the episodes that seem to have ended without a day of discharge; None where there are few.

    Examples
    --------
    >>> from datetime import date
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> rows = pd.DataFrame({"patient": list("abcd"), "pain_discharge": [3.0, 2.0, None, None]})
    >>> begun, ended = pd.to_datetime(["2024-01-07"] * 4), pd.to_datetime(["2024-03-07", "2024-03-07", None, None])
    >>> rows = rows.assign(clinic="A", intake_date=begun, discharge_date=ended)
    >>> found = unended_of(episodes_of_frame(plan, rows, data_cut=date(2024, 12, 31)))
    >>> found.n, found.days, found.sentence().endswith("If they have ended, completeness is 50.0%.")
    (2, 60, True)
    """
    follow_up = episodes.plan.follow_up
    if follow_up.after != "discharge" or follow_up.longest is not None:
        return None
    days = episodes.query(
        f"SELECT PERCENTILE_CONT({LONG}) WITHIN GROUP (ORDER BY discharge_date - intake_date) AS days FROM episodes "
        "WHERE eligible AND discharge_date >= intake_date"
    )["days"].iloc[0]
    if pd.isna(days):
        return None
    ago = round(float(days)) + follow_up.days + follow_up.window[1]
    begun = episodes.data_cut - timedelta(days=ago)
    row = episodes.query(
        "SELECT COUNT(*) FILTER (WHERE discharge_date IS NULL) AS n, COUNT(*) AS total FROM episodes "
        "WHERE eligible AND intake_date <= CAST(:begun AS DATE)",
        begun=begun,
    ).iloc[0]
    if row["n"] < MANY * row["total"] or not row["n"]:
        return None
    counts = episodes.query(
        "SELECT COUNT(*) FILTER (WHERE due) AS due, COUNT(*) FILTER (WHERE due AND done) AS done FROM episodes "
        "WHERE eligible"
    ).iloc[0]
    return Unended(int(row["n"]), int(row["total"]), round(float(days)), ago, int(counts["done"]), int(counts["due"]))
