"""A row for each session: counted per episode, wherever sessions and episodes are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from coxa.episodes import Episodes, read_episodes
from tests.spec.postgres_server import absent, server
from tests.spec.small_registry import COLUMNS, audit_plan, registry, rules

TOTALS = ("booked", "attended", "missed")
SESSIONS = pd.DataFrame(
    [["001", "a", "came"], ["001", "a", "DNA"], ["001", "a", None], ["003", "b", "came"], ["099", "a", "came"]],
    columns=["Pat. no", "Case", "Status"],
)
COLUMNS_OF_SESSIONS = {"patient": "Pat. no", "episode": "Case", "attended": "Status"}
STATUS = {"attended": {"came": True, "DNA": False}}


def source(**sessions: Any) -> dict[str, Any]:
    """Return what the plan says of episodes without totals, and of their sessions."""
    columns = {name: column for name, column in COLUMNS.items() if name not in TOTALS}
    return {"columns": columns, "sessions": {"columns": COLUMNS_OF_SESSIONS, "values": STATUS} | sessions}


def episodes_alone() -> pd.DataFrame:
    return registry().drop(columns=["Booked", "Came", "DNA"])


def counted(episodes: Episodes) -> list[list[Any]]:
    rows = episodes.query("SELECT patient, episode, booked, attended, missed FROM episodes WHERE booked IS NOT NULL "
                          "ORDER BY patient, episode")  # fmt: skip
    return rows.to_numpy().tolist()


EXPECTED = [["001", "a", 3, 1, 1], ["003", "b", 1, 1, 0]]


def stored(kind: str, frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / f"sessions.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            frame.to_sql("sessions", connection, index=False)
    else:
        with duckdb.connect(str(path)) as connection:
            connection.register("given", pa.Table.from_pandas(frame, preserve_index=False))
            connection.execute("CREATE TABLE sessions AS SELECT * FROM given")
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "sqlite", "duckdb"])
@pytest.mark.parametrize("beside", ["csv", "parquet"])
def test_sessions_are_counted_per_episode(kind: str, beside: str, tmp_path: Path) -> None:
    path = stored(kind, SESSIONS, tmp_path)
    frame = episodes_alone()
    given = tmp_path / f"registry.{beside}"
    frame.to_csv(given, index=False) if beside == "csv" else frame.to_parquet(given)
    plan = audit_plan(source(file=path.name) | {"folder": str(tmp_path)})
    episodes = read_episodes(plan, given)
    assert counted(episodes) == EXPECTED
    found = {each.rule: (each.severity, each.value) for each in episodes.findings if each.table == "sessions"}
    assert found == {
        "the session is neither attended nor missed, and counts as booked": ("note", None),
        "the session is of no episode, and is not counted": ("warning", "a"),
    }
    assert [each.name for each in episodes.sources] == [given.name, path.name]
    assert episodes.disposition.counts["entered"].tolist() == [8, 5, 8]
    assert episodes.disposition.imbalance().empty


def test_totals_of_an_episode_go_before_its_sessions(tmp_path: Path) -> None:
    path = stored("csv", SESSIONS, tmp_path)
    plan = audit_plan(source(file=path.name) | {"folder": str(tmp_path), "columns": COLUMNS})
    episodes = read_episodes(
        plan, registry().assign(**{n: registry()[n].mask([True] + [False] * 7) for n in ("Booked", "Came", "DNA")})
    )
    assert counted(episodes)[0] == ["001", "a", 3, 1, 1]
    assert counted(episodes)[3] == ["003", "b", 4, 3, 0]


def test_sessions_without_their_columns_are_an_error_and_nothing_is_counted(tmp_path: Path) -> None:
    path = stored("csv", SESSIONS.drop(columns="Case"), tmp_path)
    episodes = read_episodes(audit_plan(source(file=path.name) | {"folder": str(tmp_path)}), episodes_alone())
    assert rules(episodes.findings.errors) == ["file sessions.csv lacks the column for episode"]
    assert counted(episodes) == []


def test_episodes_without_a_key_have_no_sessions(tmp_path: Path) -> None:
    path = stored("csv", SESSIONS, tmp_path)
    given = source(file=path.name) | {"folder": str(tmp_path)}
    given["columns"] = {name: column for name, column in given["columns"].items() if name != "episode"}
    episodes = read_episodes(audit_plan(given), episodes_alone().drop(columns="Case"))
    assert "sessions are counted per patient and episode" in rules(episodes.findings.errors)[0]
    assert counted(episodes) == []


@pytest.mark.skipif(absent() is not None, reason=str(absent()))
def test_sessions_on_a_server_are_counted_there_or_fetched() -> None:
    from sqlalchemy import create_engine

    with server() as address:
        url = address.format("postgres")
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        SESSIONS.to_sql("sessions", engine, index=False)
        episodes_alone().to_sql("registry", engine, index=False)
        engine.dispose()
        both = read_episodes(
            audit_plan(source(database=url, table="sessions") | {"file": None, "database": url, "table": "registry"})
        )
        fetched = read_episodes(audit_plan(source(database=url, table="sessions")), episodes_alone())
        assert counted(both) == counted(fetched) == EXPECTED
        apart = read_episodes(
            audit_plan(source(file="sessions.csv") | {"file": None, "database": url, "table": "registry"})
        )
        assert rules(apart.findings.errors) == ["the file does not exist"]
        for episodes in (both, fetched, apart):
            episodes.close()


def test_a_session_of_an_episode_that_is_left_out_is_still_of_an_episode(tmp_path: Path) -> None:
    path = stored("csv", SESSIONS.iloc[:4], tmp_path)
    plan = audit_plan(source(file=path.name) | {"folder": str(tmp_path)}, start=date(2025, 2, 1))
    episodes = read_episodes(plan, episodes_alone())
    assert counted(episodes) == EXPECTED[1:]
    assert not [rule for rule in rules(episodes.findings) if "of no episode" in rule]
