"""The same registry from every kind of source gives the same episodes, and the same faults are found in each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pydantic import ValidationError

from coxa.episodes import Episodes, read_episodes
from coxa.errors import CoxaError
from coxa.study.audit.plan import AuditPlan
from tests.spec.postgres_server import absent, server
from tests.spec.small_registry import COLUMNS, audit_plan, registry, rules

QUESTIONS = (
    "SELECT clinic, COUNT(*) AS n, SUM(CAST(due AS INTEGER)) AS due, SUM(CAST(done AS INTEGER)) AS done, "
    "AVG(pain_intake - pain_discharge) AS change, SUM(booked) AS booked, SUM(missed) AS missed FROM episodes "
    "GROUP BY clinic ORDER BY clinic",
    "SELECT period, sex, COUNT(DISTINCT patient) AS patients, MIN(intake_date) AS first, "
    "COUNT(*) FILTER (WHERE asked_flags) AS asked FROM episodes GROUP BY period, sex ORDER BY period, sex",
    "SELECT patient, episode, clinic, therapist, condition, intake_date, discharge_date, pain_intake, pain_discharge, "
    "booked, attended, missed, sex, asked_flags, eligible, asked, intake, due, done, late FROM episodes "
    "ORDER BY patient, episode",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if absent():
        pytest.skip(str(absent()))
    with server() as url:
        yield url


def in_postgres(frame: pd.DataFrame, address: str, table: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(address.format("postgres").replace("postgresql:", "postgresql+psycopg:"))
    frame.to_sql(table, engine, index=False, if_exists="replace")
    engine.dispose()


def stored(kind: str, frame: pd.DataFrame, folder: Path, request: Any) -> dict[str, Any]:
    """Store a frame; return what a plan says of the source."""
    if kind == "postgres":
        address = request.getfixturevalue("address")
        in_postgres(frame, address, "registry")
        return {"file": None, "database": address.format("postgres"), "table": "registry"}
    path = folder / f"registry.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            days = [name for name in ("From", "Until", "Born") if name in frame]
            texts = frame.assign(**{name: frame[name].astype("str") for name in days})
            texts.to_sql("registry", connection, index=False)
    else:
        with duckdb.connect(str(path)) as connection:
            connection.register("given", pa.Table.from_pandas(frame, preserve_index=False))
            connection.execute("CREATE TABLE registry AS SELECT * FROM given")
    return {"file": path.name, "folder": str(folder)}


def asked(episodes: Episodes) -> list[pd.DataFrame]:
    """Return the answers, each column of one type whichever library it is from."""
    frames = [episodes.query(question) for question in QUESTIONS]
    return [frame.astype(dict.fromkeys(frame, object)).where(frame.notna(), None) for frame in frames]


KINDS = ("xlsx", "parquet", "duckdb", "sqlite", "postgres")


@pytest.mark.parametrize("kind", KINDS)
def test_every_source_gives_the_episodes_of_the_text_file(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    text = read_episodes(audit_plan(stored("csv", registry(), tmp_path, request)))
    other = read_episodes(audit_plan(stored(kind, registry(), tmp_path, request)))
    for expected, found in zip(asked(text), asked(other), strict=True):
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert not other.findings.errors
    assert rules(other.findings) == rules(text.findings)
    assert other.disposition.counts[["entered", "kept", "empty", "left_out"]].to_numpy().tolist() == [[8, 8, 0, 0]] * 2
    assert other.disposition.imbalance().empty
    other.close()


def test_the_episodes_are_those_that_are_counted_by_hand(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Harbour: 7 to 3 and 6 to 5, a third not done and a fourth not due; Old Mill: one without an intake score."""
    episodes = read_episodes(audit_plan(stored("csv", registry(), tmp_path, request)))
    counts = episodes.query(QUESTIONS[0])
    assert counts["clinic"].tolist() == ["Harbour", "Old Mill"]
    assert counts["n"].tolist() == [4, 4]
    assert counts["due"].tolist() == [3, 4]
    assert counts["done"].tolist() == [2, 4]
    assert counts["change"].tolist() == pytest.approx([2.5, 11 / 3])
    assert counts["booked"].tolist() == [27, 24]
    assert episodes.data_cut.isoformat() == "2025-12-31"
    assert [source.n_rows for source in episodes.sources] == [8]


@pytest.mark.parametrize(
    "make", [lambda frame: frame, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "arrow"]
)
def test_frames_of_three_libraries_replace_the_file(make: Callable[[pd.DataFrame], Any]) -> None:
    frame = registry()
    before = frame.copy()
    episodes = read_episodes(audit_plan(), make(frame))
    assert episodes.query("SELECT SUM(pain_intake) AS pain FROM episodes")["pain"].tolist() == [46]
    pd.testing.assert_frame_equal(frame, before)


def test_a_path_replaces_the_file_of_the_plan(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    stored("parquet", registry(), tmp_path, request)
    episodes = read_episodes(audit_plan(), tmp_path / "registry.parquet").require_clean()
    assert len(episodes.query("SELECT 1 AS one FROM episodes")) == 8


FAULTY = {
    "patient": ("Pat. no", ["001", "002", "003", None, "004", "005", "006", "007"]),
    "discharge": ("Until", ["07.03.2025", "open", "31.02.2025", "soon", "01.04.2025", "06.05.2025", None, "1.7.2025"]),
    "score": ("NPRS last", ["3", "-9", "4 pt", None, "4", "4", "1", "11"]),
    "sex": ("M/F", ["F", "M", "x", "F", "M", "F", "M", "M"]),
}


def faulty() -> pd.DataFrame:
    days = {"From": [day.strftime("%d.%m.%Y") for day in registry()["From"]]}
    return registry().assign(**days, **dict(FAULTY.values()))


@pytest.mark.parametrize("kind", ["csv", *KINDS])
def test_the_same_faults_are_found_in_every_source(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    source = stored(kind, faulty(), tmp_path, request)
    episodes = read_episodes(audit_plan(source | {"date_format": "%d.%m.%Y", "missing": ["open", -9]}))
    found = [
        (each.severity, each.field, each.rule, each.value) for each in episodes.findings if each.severity == "error"
    ]
    assert sorted(found, key=str) == sorted(
        [
            ("error", "discharge_date (Until)", "the value is not a date", "31.02.2025"),
            ("error", "discharge_date (Until)", "the value is not a date", "soon"),
            ("error", "pain_discharge (NPRS last)", "the value is not a number", "4 pt"),
            ("error", "sex (M/F)", "the code of sex is unknown", "x"),
            ("error", "patient (Pat. no)", "`patient` is empty", None),
            ("error", "pain_discharge (NPRS last)", "the value is outside the range of Pain, 0 to 10", "11"),
        ],
        key=str,
    )
    used = episodes.query("SELECT patient, discharge_date, pain_discharge, sex FROM episodes ORDER BY patient")
    assert used["patient"].tolist() == ["001", "002", "003", "004", "005", "006", "007"]
    assert used["discharge_date"].notna().tolist() == [True, False, False, True, True, False, True]
    assert used["pain_discharge"].fillna(-1).tolist() == [3, -1, -1, 4, 4, 1, -1]
    assert used["sex"].isna().tolist() == [False, False, True, False, False, False, False]
    assert episodes.disposition.counts[["entered", "kept", "left_out"]].to_numpy().tolist() == [[8, 8, 0], [8, 7, 1]]
    assert episodes.disposition.left_out["reason"].tolist() == ["no patient"]
    assert episodes.disposition.imbalance().empty
    episodes.close()


@pytest.mark.parametrize("kind", ["csv", *KINDS])
def test_rows_are_chosen_and_excluded_alike(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = pd.concat([registry(), registry().iloc[[0]]], ignore_index=True)
    chosen = {"where": {"Site": "Harbour", "NPRS first": {"from": 6}}, "drop_identical_rows": True}
    episodes = read_episodes(audit_plan(stored(kind, frame, tmp_path, request) | chosen))
    assert episodes.query("SELECT patient FROM episodes ORDER BY 1")["patient"].tolist() == ["001", "002", "003"]
    reasons = episodes.disposition.left_out["reason"].value_counts().to_dict()
    assert reasons == {
        "identical to an earlier row": 1,
        "where: Site is not Harbour": 4,
        "where: NPRS first is not from 6": 1,
    }
    assert episodes.disposition.imbalance().empty
    episodes.close()


def test_coxa_s_own_names_need_no_mapping() -> None:
    frame = pd.DataFrame({"patient": ["1"], "clinic": "A", "intake_date": "2025-01-07", "discharge_date": "2025-03-07",
                          "pain_intake": 7, "pain_discharge": 3})  # fmt: skip
    plan = audit_plan({"columns": {}, "values": {}, "scores": {}}, descriptors={}, standards={})
    episodes = read_episodes(plan, frame).require_clean()
    assert episodes.query("SELECT done FROM episodes")["done"].tolist() == [True]


@pytest.mark.parametrize("kind", ["csv", *KINDS])
def test_blanks_around_a_text_are_no_part_of_it(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = registry().assign(
        Site=[" Harbour", "Harbour\t", "Harbour ", *["Harbour"] * 5], Problem=pd.Series([None] * 8, dtype="str")
    )
    episodes = read_episodes(audit_plan(stored(kind, frame, tmp_path, request)))
    counts = episodes.query("SELECT clinic, COUNT(*) AS n, COUNT(condition) AS c FROM episodes GROUP BY clinic")
    assert counts.to_numpy().tolist() == [["Harbour", 8, 0]]
    assert not [rule for rule in rules(episodes.findings) if "several ways" in rule]
    episodes.close()


BORN = [date(1953, 1, 7), date(1953, 1, 10), date(1960, 2, 29), date(1960, 2, 29), None, date(1999, 12, 31),
        date(2025, 4, 8), date(2027, 1, 1)]  # fmt: skip
"""One birthday on the day of intake, one the day after it, one on a 29th of February, none, and one in the future."""

AGES = [72, 71, 64, 65, None, 25, 0, None]
AGE = {"age": {"type": "number"}}
SEX = {"sex": {"type": "category", "levels": ["female", "male"]}}


def aged(source: dict[str, Any]) -> AuditPlan:
    """Return the plan with an age that is worked out of the column Born."""
    return audit_plan(source | {"columns": {**COLUMNS, "birth_date": "Born"}}, descriptors={**AGE, **SEX})


@pytest.mark.parametrize("kind", ["csv", *KINDS])
def test_the_age_in_whole_years_at_intake_is_worked_out_of_the_day_of_birth(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    plan = aged(stored(kind, registry().assign(Born=BORN), tmp_path, request))
    episodes = read_episodes(plan)
    found = episodes.query("SELECT age FROM episodes ORDER BY patient, episode")["age"]
    assert [None if pd.isna(age) else age for age in found] == AGES
    (error,) = episodes.findings.errors
    assert error.field == "age (Born)"
    assert error.rule == "the day of birth gives an age that is not from 0 to 115 years"
    assert (error.value or "").startswith("-2")
    episodes.close()


@pytest.mark.parametrize("kind", ["csv", *KINDS])
def test_the_day_of_birth_is_no_column_of_the_episodes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    born = [date(1953, 1, 7 + k) for k in range(8)]
    episodes = read_episodes(aged(stored(kind, registry().assign(Born=born), tmp_path, request))).require_clean()
    assert "birth_date" not in episodes.query("SELECT * FROM episodes")
    with pytest.raises(CoxaError, match="birth_date"):
        episodes.query("SELECT birth_date FROM episodes")
    episodes.close()


@pytest.mark.parametrize("kind", ["csv", "sqlite", "postgres"])
def test_a_year_of_two_digits_after_the_intake_is_of_the_century_before(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    frame = registry().assign(Born=["13.01.53", "09.01.68", "03.02.69", "03.06.24", "11.02.99", "", "1.1.00", "1.1.26"])
    frame = frame.assign(**{name: frame[name].map(lambda day: day and f"{day:%d.%m.%y}") for name in ("From", "Until")})
    plan = aged(stored(kind, frame, tmp_path, request) | {"date_format": ["%d.%m.%y"]})
    episodes = read_episodes(plan).require_clean()
    found = episodes.query("SELECT age FROM episodes ORDER BY patient, episode")["age"]
    assert [None if pd.isna(age) else age for age in found] == [71, 57, 56, 1, 26, None, 25, 99]
    episodes.close()


def test_an_age_from_birth_is_refused_where_it_has_no_place_or_two() -> None:
    columns = {**COLUMNS, "birth_date": "Born"}
    with pytest.raises(ValidationError) as without:
        audit_plan({"columns": columns})
    with pytest.raises(ValidationError) as twice:
        audit_plan({"columns": {**columns, "age": "Age"}}, descriptors={**AGE, **SEX})
    told = [str(each.value.errors()[0]["ctx"]["problems"]) for each in (without, twice)]
    assert "`birth_date` gives the age, which is no descriptor; write `age: {type: number}` there" in told[0]
    assert "`age` has a column of its own, and `birth_date` gives it; remove one of them" in told[1]


def test_a_missing_column_of_an_age_says_that_a_day_of_birth_will_do() -> None:
    episodes = read_episodes(audit_plan(descriptors={**AGE, **SEX}), registry())
    (error,) = episodes.findings.errors
    assert error.remedy.endswith("or the day of birth as `birth_date`, from which it is worked out.")
    (lacking,) = read_episodes(aged({}), registry()).findings.errors
    assert lacking.remedy.endswith("Name the right one under `columns: {birth_date: ...}`.")
