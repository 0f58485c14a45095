"""Cells of patients who are alike, counted by whole numbers, and the last events of many: as counted one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.audit import g_chart
from coxa.clinics.measures import cells as module
from coxa.clinics.measures.cells import Term, cells_of
from coxa.clinics.measures.rare import MOST, rare_of
from coxa.episodes import read_episodes
from tests.spec.tiny_clinics import episodes_of, plan_of

SEX: dict[str, Any] = {"sex": {"type": "category", "levels": ["f", "m"]}, "age": {"type": "number", "bands": [40, 60]}}


def some_rows(n: int = 600) -> pd.DataFrame:
    """Return rows with 50 conditions, so many that their texts are compared, and gaps in age and sex."""
    random = np.random.default_rng(7)
    sex, age = random.choice(["f", "m", None], n), random.choice([20.0, 40.0, 59.0, 60.0, np.nan], n)
    rows = pd.DataFrame({"sex": sex, "age": age, "condition": random.choice([f"c{k}" for k in range(50)], n)})
    return rows.assign(clinic=random.choice(["A", "B"], n), pain_intake=random.integers(0, 11, n).astype(float))


@pytest.mark.parametrize("largest", [2**31, 6, 1])
def test_cells_are_those_of_rows_one_by_one(monkeypatch: pytest.MonkeyPatch, largest: int) -> None:
    """Terms share a whole number, or have one each where the number would be too large."""
    monkeypatch.setattr(module, "LARGEST", largest)
    rows = some_rows()
    terms = [Term("sex", "COALESCE(sex, 'not recorded')"), Term("condition", "condition")]
    terms.append(Term("age", "", ("below 40", "40 to under 60", "60 or more"), "age", (40.0, 60.0)))
    events = {"high": "pain_intake >= 7", "low": "pain_intake < 2"}
    found = cells_of(episodes_of(rows, descriptors=SEX), terms, events, "TRUE", clinic="clinic")
    bands = pd.cut(rows["age"], [-np.inf, 40, 60, np.inf], right=False, labels=list(terms[2].levels)).astype(object)
    rows = rows.assign(sex=rows["sex"].fillna("not recorded"), age=bands.fillna("not recorded"), tries=1)
    rows = rows.assign(high=(rows["pain_intake"] >= 7).astype(int), low=(rows["pain_intake"] < 2).astype(int))
    keys, counts = ["sex", "condition", "age"], ["tries", "high", "low"]
    expected = rows.groupby(keys)[counts].sum()
    assert [term.name for term in found.terms] == keys
    pd.testing.assert_frame_equal(found.frame.set_index(keys).sort_index(), expected.sort_index(), check_dtype=False)
    of_cells = found.by_clinic.join(found.frame[keys], on="cell").set_index(["clinic", *keys])["tries"].sort_index()
    one_by_one = rows.groupby(["clinic", *keys])["tries"].sum()
    pd.testing.assert_series_equal(of_cells, one_by_one, check_dtype=False)


def test_the_last_events_of_many_have_the_places_that_they_have_among_all() -> None:
    """Clinic A has more events than are drawn, several of them on a day; B has few, long ago."""
    random = np.random.default_rng(3)
    n = 6000
    intake = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.sort(random.integers(0, 900, n)), "D")
    clinic = np.where(random.random(n) < 0.97, "A", "B")
    worse = random.random(n) < np.where(clinic == "A", 0.06, 0.03)
    rows = pd.DataFrame({"clinic": clinic, "intake_date": intake, "discharge_date": intake + pd.Timedelta(days=30)})
    rows = rows.assign(pain_intake=5.0, pain_discharge=np.where(worse, 8.0, 4.0), patient=[f"{k:05}" for k in range(n)])
    found = rare_of(episodes_of(rows)).charts
    assert [one.clinic for one in found] == ["all", "A", "B"]
    for one, own in zip(found, (np.full(n, True), clinic == "A", clinic == "B"), strict=True):
        places = np.flatnonzero(worse[own]) + 1
        between = (np.diff(places, prepend=0) - 1)[-MOST:]
        assert (one.events, one.n, len(one.frame)) == (len(places), own.sum(), min(MOST, len(places)))
        assert one.frame["value"].tolist() == g_chart(between).frame["value"].tolist() == between.tolist()
        assert any("are in the chart" in text for text in one.warnings) == (len(places) > MOST)


def test_a_file_is_worked_out_once_into_a_file_that_is_removed(tmp_path: Path) -> None:
    days = pd.to_datetime(["2024-01-07", "2024-05-07", None])
    rows = pd.DataFrame({"patient": ["1", "2", "3"], "clinic": [" A", "A", "A"], "intake_date": days})
    rows = rows.assign(
        discharge_date=days + pd.Timedelta(days=30), pain_intake=[6.0, 7, 8], pain_discharge=[2.0, None, 1]
    )
    rows.to_parquet(tmp_path / "episodes.parquet")
    scores = {"pain": {"intake": "pain_intake", "discharge": "pain_discharge"}}
    plan = plan_of(data={"file": "episodes.parquet", "folder": str(tmp_path), "scores": scores}, data_cut="2025-12-31")
    episodes = read_episodes(plan)
    spill = Path(getattr(episodes.database, "spill").name)  # noqa: B009 - a database of a server has none
    assert sorted(each.name for each in spill.iterdir()) == ["alive", "episodes.parquet"]
    found = episodes.query("SELECT patient, clinic, period, intake, due, done, late FROM episodes ORDER BY patient")
    assert found.values.tolist() == [
        ["1", "A", "2024 Q1", True, True, True, False],
        ["2", "A", "2024 Q2", True, True, False, False],
    ]
    episodes.close()
    assert not spill.exists()
