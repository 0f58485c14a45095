"""Tables of the groups that there are: totals, coarser levels, groups of few people, rests without protection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coxa.audit import CountTable, attack_tables, protect_tables
from coxa.disclosure.known import Known

THERAPISTS = pd.DataFrame({"clinic": ["A", "A", "B"], "therapist": ["A1", "A2", "B1"], "n": [9, 4, 7]})


def shown(table: CountTable) -> dict[tuple[str, ...], float]:
    rows = table.cells.itertuples(index=False, name=None)
    return {row[: len(table.dimensions)]: row[len(table.dimensions)] for row in rows}


def test_groups_that_are_not_there_are_no_cells_and_therapists_of_one_clinic_are_counted_once() -> None:
    table = CountTable.of_groups(THERAPISTS, ["clinic", "therapist"], "n")
    assert shown(table) == {
        ("A", "A1"): 9, ("A", "A2"): 4, ("B", "B1"): 7, ("A", "all"): 13, ("B", "all"): 7, ("all", "all"): 20,
    }  # fmt: skip


def test_a_total_is_reckoned_with_where_another_table_has_it() -> None:
    therapists = CountTable.of_groups(THERAPISTS, ["clinic", "therapist"], "n")
    clinics = CountTable.of_groups(pd.DataFrame({"clinic": ["A", "B"], "n": [13, 7]}), ["clinic"], "n")
    safe = protect_tables([therapists, clinics], k=5)
    assert np.isnan(shown(safe.tables[0])["A", "A2"])
    assert np.isnan(shown(safe.tables[0])["A", "A1"]), "9 of 13 would give the 4 away"
    assert shown(safe.tables[1]) == {("A",): 13, ("B",): 7, ("all",): 20}


def test_of_no_dimension_there_is_the_number_of_all() -> None:
    table = CountTable.of_groups(pd.DataFrame({"n": [20]}), [], "n")
    assert table.cells["n"].tolist() == [20]
    assert table.counted() == [("n", frozenset())]


def test_a_group_of_few_people_is_hidden_however_large_its_count_is() -> None:
    groups = THERAPISTS.assign(n=[90, 40, 70], few=[False, True, False])
    safe = protect_tables([CountTable.of_groups(groups, ["clinic", "therapist"], "n")], k=5)
    assert [place for place, n in shown(safe.tables[0]).items() if np.isnan(n)] == [("A", "A1"), ("A", "A2")]


def test_that_none_of_few_people_is_counted_is_shown_as_any_zero_is() -> None:
    groups = THERAPISTS.assign(n=[90, 0, 70], few=[False, True, False])
    safe = protect_tables([CountTable.of_groups(groups, ["clinic", "therapist"], "n")], k=5)
    assert shown(safe.tables[0])["A", "A2"] == 0


QUARTERS = pd.DataFrame({"period": ["2024 Q1", "2024 Q2", "2025 Q1", "2025 Q2"], "n": [3, 30, 20, 10]})
YEARS = pd.DataFrame({"year": ["2024", "2025"], "n": [33, 30]})


def test_quarters_and_years_that_do_not_know_each_other_give_a_quarter_away() -> None:
    quarters, years = CountTable.of_groups(QUARTERS, ["period"], "n"), CountTable.of_groups(YEARS, ["year"], "n")
    of_year = {"period": ("year", {name: name[:4] for name in QUARTERS["period"]})}
    linked = replace(quarters, coarser=of_year)
    alone = protect_tables([quarters, years], k=5).tables
    assert np.isnan(shown(alone[0])["2025 Q2",]), "the cheapest second cell is of another year"
    seen = attack_tables([replace(alone[0], coarser=of_year), alone[1]]).frame
    assert seen.set_index("what").loc["n, period 2024 Q1", "width"] == 0
    together = protect_tables([linked, years], k=5)
    assert together.certificate.narrowest >= 5
    assert np.isnan(shown(together.tables[0])["2024 Q2",]) or np.isnan(shown(together.tables[1])["2024",])


@pytest.mark.parametrize("rest", [True, False])
def test_a_rest_that_needs_no_protection_is_not_hidden_and_still_bounds_its_part(rest: bool) -> None:
    clinics = {"clinic": ["A", "B", "C"]}
    whole = CountTable.of_groups(pd.DataFrame(clinics | {"n": [20, 30, 40]}), ["clinic"], "n", measure="due")
    part = CountTable.of_groups(
        pd.DataFrame(clinics | {"n": [18, 20, 30]}), ["clinic"], "n", measure="done", within="due", rest=rest
    )
    safe = protect_tables([whole, part], k=5)
    hidden = [place for table in safe.tables for place, n in shown(table).items() if np.isnan(n)]
    assert bool(hidden) is rest
    known = Known.of([whole, part], [])
    assert len(known.rests) == 4
    assert known.attackable().sum() == (12 if rest else 8)


def test_the_bound_of_a_whole_narrows_a_hidden_part() -> None:
    clinics = {"clinic": ["A", "B"]}
    whole = CountTable.of_groups(pd.DataFrame(clinics | {"n": [6, 90]}), ["clinic"], "n", measure="due")
    part = CountTable.of_groups(
        pd.DataFrame(clinics | {"n": [2, 50]}), ["clinic"], "n", measure="done", within="due", rest=False
    )
    hidden = part.published(np.array([True, True, False]), k=5)
    found = attack_tables([whole, hidden]).frame.set_index("what")
    assert found.loc["done, clinic A", ["low", "high"]].tolist() == [1, 6]


def test_those_who_came_without_what_is_standard_since_an_earlier_publication_are_protected() -> None:
    """Of 30 new people in clinic A, 29 meet it: the counts of both dates would give away the one who does not."""

    def quarter(n: list[int], met: list[int]) -> list[CountTable]:
        groups = pd.DataFrame({"clinic": ["A", "B", "C"], "n": n, "met": met})
        whole = CountTable.of_groups(groups, ["clinic"], "n", measure="n")
        return [whole, CountTable.of_groups(groups, ["clinic"], "met", measure="met", within="n")]

    before = protect_tables(quarter([100, 120, 140], [80, 90, 100]), 5)
    assert all(table.cells["n"].notna().all() for table in before.tables)
    after = protect_tables(quarter([130, 150, 170], [109, 110, 119]), 5, earlier=[before])
    n, met = (table.cells.set_index("clinic")["n"] for table in after.tables)
    assert np.isnan(n["A"] - met["A"])
    assert after.certificate.narrowest >= 5
    fewer = protect_tables(quarter([130, 150, 170], [115, 110, 119]), 5, earlier=[before])  # five of the lost answered
    assert fewer.certificate.narrowest >= 5
