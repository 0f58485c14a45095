"""Databases: tables and queries, what is refused, what cannot be written or read, and servers that do not answer."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from coxa.episodes import Episodes, read_episodes
from coxa.episodes.dialects import DuckWords, day_of, number_of
from coxa.errors import CoxaError, DataError, OptionError
from tests.spec.postgres_server import absent, server
from tests.spec.small_registry import audit_plan, registry, rules

COUNT = "SELECT COUNT(*) AS n FROM episodes"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if absent():
        pytest.skip(str(absent()))
    with server() as url:
        in_postgres(registry(), url, "registry")
        run(url, *rights_of_the_page(), "CREATE SCHEMA care", "CREATE TABLE secret (n int)")
        in_postgres(registry(), url, "Odd: name", schema="care")
        yield url


def rights_of_the_page() -> list[str]:
    """Return the statements by which docs/audit-data.md gives the role `reader` its rights, for the database here."""
    page = (Path(__file__).parents[2] / "docs" / "audit-data.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line.replace("DATABASE clinic", "DATABASE postgres") for line in block.replace(";", "").splitlines()]


def engine_of(address: str) -> Any:
    from sqlalchemy import create_engine

    return create_engine(address.format("postgres").replace("postgresql:", "postgresql+psycopg:"))


def in_postgres(frame: pd.DataFrame, address: str, table: str, **place: str) -> None:
    engine = engine_of(address)
    frame.to_sql(table, engine, index=False, if_exists="replace", **place)
    engine.dispose()


def run(address: str, *statements: str) -> None:
    engine = engine_of(address)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


OPEN: list[Episodes] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """End what a test has opened."""
    yield
    while OPEN:
        OPEN.pop().close()


def read(source: dict[str, Any]) -> Episodes:
    OPEN.append(read_episodes(audit_plan(source)))
    return OPEN[-1]


def on_server(address: str, **source: Any) -> Episodes:
    return read({"file": None, "database": address.format("postgres"), "table": "registry"} | source)


def duck_file(folder: Path, *statements: str, name: str = "clinic.duckdb") -> dict[str, Any]:
    with duckdb.connect(str(folder / name)) as connection:
        connection.register("given", pa.Table.from_pandas(registry(), preserve_index=False))
        connection.execute("CREATE TABLE registry AS SELECT * FROM given")
        for statement in statements:
            connection.execute(statement)
    return {"file": name, "folder": str(folder)}


def test_a_query_a_view_and_a_table_of_another_schema_are_read(tmp_path: Path, address: str) -> None:
    source = duck_file(tmp_path, "CREATE VIEW mill AS SELECT * FROM registry WHERE Site = 'Old Mill'",
                       "CREATE SCHEMA care", 'CREATE TABLE care."Odd: name" AS SELECT * FROM registry')  # fmt: skip
    query = "SELECT * FROM registry WHERE \"Site\" <> 'a:b;c'"
    for given in (source, {"file": None, "database": address.format("postgres")}):
        assert read(given | {"query": query}).query(COUNT)["n"].tolist() == [8]
        assert read(given | {"table": "care.Odd: name"}).query(COUNT)["n"].tolist() == [8]
    assert read(source | {"table": "mill"}).query(COUNT)["n"].tolist() == [4]


def test_columns_with_odd_names_are_read_as_they_are(tmp_path: Path, address: str) -> None:
    odd = 'Pain: "first" %s :x'
    frame = registry().rename(columns={"NPRS first": odd})
    scores = {"scores": {"pain": {"intake": odd, "discharge": "NPRS last"}}}
    frame.to_parquet(tmp_path / "odd.parquet")
    with closing(sqlite3.connect(tmp_path / "odd.sqlite")) as connection:
        frame.assign(**{name: frame[name].astype("str") for name in ("From", "Until")}).to_sql("t", connection)
    in_postgres(frame, address, "odd")
    places = [{"folder": str(tmp_path), "file": name} for name in ("odd.parquet", "odd.sqlite")]
    for place in (*places, {"file": None, "database": address.format("postgres"), "table": "odd"}):
        episodes = read(place | scores).require_clean()
        found = episodes.query("SELECT SUM(pain_intake) AS s FROM episodes WHERE clinic LIKE :like", like="%Mill%")
        assert found["s"].tolist() == [20]


def test_a_table_that_is_not_there_is_named_with_the_nearest(tmp_path: Path, address: str) -> None:
    duck = read(duck_file(tmp_path, "CREATE TABLE other AS SELECT 1 AS n") | {"table": "registri"})
    assert duck.findings.errors.as_text() == (
        "error: clinic.duckdb, table: the database has no table registri. Choose one of other, registry; did you mean "
        "registry?"
    )
    assert rules(on_server(address, table="registri").findings) == ["the database has no table registri"]
    several = read({"file": "clinic.duckdb", "folder": str(tmp_path)})
    assert rules(several.findings) == ["the database has several tables, and the plan names none"]
    assert several.query(COUNT)["n"].tolist() == [0]
    with pytest.raises(DataError, match="several tables"):
        several.require_clean()


def test_a_column_that_is_not_there_is_an_error_with_the_columns_that_are(address: str, tmp_path: Path) -> None:
    scores = {"scores": {"pain": {"intake": "NPRS frist", "discharge": "NPRS last"}}}
    for episodes in (on_server(address, **scores), read(duck_file(tmp_path) | scores)):
        (error,) = episodes.findings.errors
        assert error.value == "no column NPRS frist"
        assert "Did you mean NPRS first? Name the right one under `scores: {pain: {intake: ...}}`." in error.remedy


@pytest.mark.parametrize("query", ["DELETE FROM registry", "SELECT 1; DROP TABLE registry", "", "COPY registry TO 'x'"])
def test_a_query_is_one_select(query: str, tmp_path: Path, address: str) -> None:
    for episodes in (
        read(duck_file(tmp_path) | {"query": query}),
        on_server(address, table=None, query=query),
    ):
        assert rules(episodes.findings.errors) == ["`query` is not one SELECT"]


def test_a_query_that_fails_is_a_finding(tmp_path: Path, address: str) -> None:
    given = {"table": None, "query": "SELECT nothing FROM registry"}
    assert rules(on_server(address, **given).findings) == ["the query fails"]
    assert rules(read(duck_file(tmp_path) | given).findings) == ["the query fails"]


def test_a_query_of_a_plan_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "private.csv").write_text("n\n1\n")
    given = duck_file(tmp_path) | {"query": f"SELECT * FROM read_csv('{tmp_path / 'private.csv'}')"}
    (error,) = read(given).findings.errors
    assert "Permission" in str(error.value)


def test_a_database_file_is_as_it_was(tmp_path: Path) -> None:
    source = duck_file(tmp_path)
    before = (tmp_path / "clinic.duckdb").read_bytes()
    episodes = read(source)
    with pytest.raises(CoxaError, match="the query fails"):
        episodes.query("SELECT nothing FROM episodes")
    episodes.close()
    assert (tmp_path / "clinic.duckdb").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinic.duckdb"]


def test_a_file_that_is_something_else_is_named(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.sqlite", "c.duckdb"):
        (tmp_path / name).write_text("patient,clinic\n1,A\n")
        (error,) = read({"file": name, "folder": str(tmp_path)}).findings.errors
        assert error.rule == f"the file is no {Path(name).suffix} file"
    (error,) = read({"file": "d.parquet", "folder": str(tmp_path)}).findings.errors
    assert error.remedy == "Name one of the files in its folder: a.parquet, b.sqlite, c.duckdb. Did you mean a.parquet?"


def test_a_column_of_sqlite_that_mixes_kinds_is_read_cell_by_cell(tmp_path: Path) -> None:
    frame = registry().astype(object)
    frame["From"], frame["Until"] = frame["From"].astype("str"), frame["Until"].astype("str")
    with closing(sqlite3.connect(tmp_path / "mixed.db")) as connection:
        frame.to_sql("registry", connection, index=False)
        connection.execute("""UPDATE registry SET "NPRS first" = 'seven' WHERE "Pat. no" = '001'""")
        connection.execute("""UPDATE registry SET "NPRS first" = '7.5' WHERE "Pat. no" = '002'""")
        connection.commit()
    episodes = read({"file": "mixed.db", "folder": str(tmp_path)})
    (error,) = episodes.findings.errors
    assert (error.row, error.value, error.rule) == (1, "seven", "the value is not a number")
    assert episodes.query("SELECT pain_intake FROM episodes ORDER BY patient LIMIT 2")["pain_intake"].tolist()[1] == 7.5


def test_all_numbers_of_a_server_are_of_one_moment(address: str) -> None:
    in_postgres(registry(), address, "moving")
    episodes = on_server(address, table="moving")
    assert episodes.query(COUNT)["n"].item() == 8
    run(address, "DELETE FROM moving")
    assert episodes.query(COUNT)["n"].item() == 8
    assert on_server(address, table="moving").query(COUNT)["n"].item() == 0


def test_a_transaction_writes_nothing_and_goes_on_after_a_query_that_fails(address: str) -> None:
    episodes = on_server(address)
    for sql in ("SELECT nothing FROM episodes", "SELECT 1 / (booked - 8) AS x FROM episodes", "SELECT nextval('x')"):
        with pytest.raises(CoxaError, match="the query fails"):
            episodes.query(sql)
    connection = episodes.database.connection  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="read-only"), connection.begin_nested():
        connection.exec_driver_sql("CREATE TABLE mine (n int)")
    assert episodes.query(COUNT)["n"].tolist() == [8]


def test_a_right_that_is_lacking_is_named(address: str) -> None:
    secret = on_server(address.replace("owner", "reader"), table=None, query="SELECT * FROM secret")
    (error,) = secret.findings.errors
    assert error.value == "permission denied for table secret"
    assert "GRANT SELECT" in error.remedy
    assert on_server(address.replace("owner", "reader")).query(COUNT)["n"].tolist() == [8]


@pytest.mark.parametrize(
    ("change", "value", "remedy"),
    [
        (("/postgres", "/nothing"), 'database "nothing" does not exist', "Correct the name of the database"),
        (("owner", "stranger"), 'role "stranger" does not exist', "check the name of the role"),
        (("54329", "54330"), "No such file or directory", "Check that the server runs"),
    ],
)
def test_a_server_that_does_not_answer_is_a_finding(
    change: tuple[str, str], value: str, remedy: str, address: str
) -> None:
    url = address.format("postgres").replace(*change)
    (error,) = on_server(address, database=url).findings.errors
    assert error.rule == "there is no connection"
    assert value in str(error.value)
    assert remedy in error.remedy


def test_a_password_is_refused_and_never_printed() -> None:
    for database in ("postgresql://me:s3cret@host/clinic", "postgresql://me@host/clinic?password=s3cret"):
        with pytest.raises(ValueError, match="has a password; remove it, and set PGPASSWORD") as caught:
            audit_plan({"file": None, "database": database})
        assert "s3cret" not in caught.value.errors()[0]["msg"]  # type: ignore[attr-defined]


def test_a_password_of_the_environment_is_not_printed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    episodes = on_server(address)
    shown = repr(episodes.sources) + episodes.findings.as_text() + repr(episodes.plan)
    assert "s3cret" not in shown
    assert episodes.sources[0].format == "postgresql"


def test_without_the_drivers_the_remedy_is_their_extra() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from tests.spec.small_registry import audit_plan\n"
        "from coxa.episodes import read_episodes\n"
        "plan = audit_plan({'file': None, 'database': 'postgresql://me@localhost/clinic'})\n"
        "print(read_episodes(plan).findings.as_text())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    assert 'Install the extra for databases: pip install "coxa[large]".' in shown.stdout


def text_of(sql: str, text: str) -> Any:
    return duckdb.connect().execute(f"SELECT {sql}", {"x": text}).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("2024-02-29", [], "2024-02-29"),
        ("2023-02-29", [], None),
        ("29.02.1900", ["%d.%m.%Y"], None),
        ("3 Feb 2024", ["%d %b %Y"], "2024-02-03"),
        ("3 February 2024", ["%d %B %Y"], "2024-02-03"),
        ("07/01/68", ["%d/%m/%y"], "2068-01-07"),
        ("07/01/69", ["%d/%m/%y"], "1969-01-07"),
        ("07.01.2025 17:42", ["%d.%m.%Y"], "2025-01-07"),
        ("03/04/2025", ["%d/%m/%Y", "%m/%d/%Y"], None),
        ("13/04/2025", ["%d/%m/%Y", "%m/%d/%Y"], "2025-04-13"),
        ("open", ["%d/%m/%Y"], None),
    ],
)
def test_days_of_a_text_are_read_as_in_a_file(text: str, formats: list[str], day: str | None, address: str) -> None:
    from coxa.cohort.mapping.codes import parse_days
    from coxa.episodes.dialects import PostgresWords

    found = text_of(day_of(DuckWords(), "CAST($x AS VARCHAR)", formats), text)
    assert (found and found.isoformat()) == day
    in_files = parse_days(pd.Series([text]), formats or None)[0].iloc[0]
    assert (None if pd.isna(in_files) else in_files.date().isoformat()) == day
    asked = f"SELECT {day_of(PostgresWords(), 'CAST(:x AS VARCHAR)', formats)} AS day"
    on = on_server(address)
    (given,) = on.database.frame(asked, {"x": text})["day"]
    assert (None if pd.isna(given) else given.date().isoformat()) == day


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "number"),
    [
        ("7.5", None, None, 7.5),
        ("4.408", None, None, None),
        ("4.408", ".", None, 4.408),
        ("4.408", None, ".", 4408),
        ("4,5", None, None, None),
        ("4,5", ",", None, 4.5),
        ("1.234,5", ",", ".", 1234.5),
        ("1'234", None, "'", 1234),
        ("1e3", None, None, 1000),
        ("1e999", None, None, None),
        ("nan", None, None, None),
        ("45/80", None, None, None),
    ],
)
def test_numbers_of_a_text(text: str, decimal: str | None, thousands: str | None, number: float | None) -> None:
    assert text_of(number_of(DuckWords(), "CAST($x AS VARCHAR)", decimal, thousands), text) == number


def test_a_format_that_no_database_reads_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match='`date_format` is "%j %Y", which is not read in a database'):
        day_of(DuckWords(), "x", ["%j %Y"])
