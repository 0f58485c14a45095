"""How many patients are behind a group of episodes: counted where they could be few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coxa.clinics.audit import Dimensions
from coxa.clinics.measures.groups import key_of
from coxa.episodes.episodes import Episodes

PATIENTS = "COUNT(DISTINCT patient) + COUNT(*) - COUNT(patient)"
"""Patients as SQL; an episode without a patient counts as a patient of its own."""


@dataclass(frozen=True, slots=True)
class Patients:
    """The patients of episodes.

    n    : patients; an episode without one counts as a patient of its own
    most : episodes of one patient, at most
    """

    n: int
    most: int


def patients_in(episodes: Episodes) -> Patients:
    """Return how many patients there are.

    Examples
    --------
    >>> from coxa.episodes import episodes_of_frame
    >>> from coxa.study.audit.plan import AuditPlan
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> plan = AuditPlan.model_validate(given | {"outcomes": {"pain": {"instrument": "nprs"}}})
    >>> patients_in(episodes_of_frame(plan, pd.DataFrame({"patient": ["p1", "p1", "p2", None]})))
    Patients(n=3, most=2)
    """
    row = episodes.query(
        "SELECT COALESCE(MAX(n), 1) AS most, COUNT(*) AS named, COALESCE(SUM(n), 0) AS episodes "
        "FROM (SELECT COUNT(*) AS n FROM episodes WHERE patient IS NOT NULL GROUP BY patient) AS by_patient"
    ).iloc[0]
    rows = episodes.query("SELECT COUNT(*) AS n FROM episodes")["n"].iloc[0]
    return Patients(int(row["named"]) + int(rows) - int(row["episodes"]), int(row["most"]))


def with_patients(
    episodes: Episodes, tables: Mapping[Dimensions, pd.DataFrame], patients: Patients
) -> dict[Dimensions, pd.DataFrame]:
    """Add `patients` to groups whose episodes are in the column `rows`, which is left out.

    Parameters
    ----------
    episodes
        The episodes.
    tables
        Dimensions -> groups.
    patients
        Of all.

    Returns
    -------
    dict
        `patients` is NaN of groups that have so many episodes that they surely are of `small_cells.k` patients or more,
        and the number of all without dimensions. To count them in every group would be most of the work of an audit.
    """
    enough = patients.most * episodes.plan.small_cells.k
    found = {}
    for one, table in tables.items():
        rest = table.drop(columns="rows")
        if not one:
            found[one] = rest.assign(patients=patients.n)
        elif patients.most == 1:
            found[one] = rest.assign(patients=table["rows"].astype(float))
        elif (table["rows"] < enough).any():
            found[one] = rest.merge(_counted(episodes, one, enough), on=list(one), how="left")
        else:
            found[one] = rest.assign(patients=float("nan"))
    return found


def _counted(episodes: Episodes, one: Dimensions, enough: int) -> pd.DataFrame:
    """Return the patients of groups of fewer episodes than would be enough."""
    codes = [f"_key_{place}" for place in range(len(one))]
    keys = ", ".join(f"{key_of(episodes.plan, name).sql} AS {code}" for name, code in zip(one, codes, strict=True))
    by = ", ".join(codes)
    rows = f"(SELECT patient, {keys} FROM episodes) AS keyed"
    small = f"SELECT {by} FROM {rows} GROUP BY {by} HAVING COUNT(*) < {enough}"
    sql = f"SELECT {by}, {PATIENTS} AS patients FROM {rows} WHERE ({by}) IN ({small}) GROUP BY {by}"
    return episodes.query(sql).rename(columns=dict(zip(codes, one, strict=True))).astype({"patients": float})
