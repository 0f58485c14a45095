"""A PostgreSQL server of its own for a benchmark, with a simulated registry in it; in a folder that is removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.simulate import registry_blocks
from coxa.study import RegistryAssumptions

ACCOUNT, PORT, TABLE = "postgres", 54988, "episodes_of_care"
"""PostgreSQL does not run as root; its own account does where this process is root."""

KINDS = {"b": "boolean", "i": "double precision", "f": "double precision", "M": "date"}
"""Kind of a column of the frame -> type of the column of the server; others are text."""


def _run(*words: str) -> None:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    program = str(binaries[-1] / words[0]) if binaries else words[0]
    as_account = ["runuser", "-u", ACCOUNT, "--"] if os.getuid() == 0 else []
    subprocess.run([*as_account, program, *words[1:]], check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server in a new folder, with the settings that PostgreSQL comes with; yield its address."""
    place = folder / "server"
    place.mkdir()
    if os.getuid() == 0:
        folder.chmod(0o755)
        shutil.chown(place, ACCOUNT)
    data = str(place / "data")
    _run("initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-k {place} -p {PORT} -c listen_addresses='' -c fsync=off"
    _run("pg_ctl", "-D", data, "-l", str(place / "log"), "-o", options, "-w", "start")
    try:
        yield f"postgresql://owner@/postgres?host={place}&port={PORT}"
    finally:
        _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def load_registry(address: str, episodes: int, seed: int) -> int:
    """Copy a simulated registry into the table of the server, block by block; return the bytes of the table."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        for number, frame in enumerate(registry_blocks(RegistryAssumptions(), seed=seed, episodes=episodes)):
            if number == 0:
                columns = ", ".join(f'"{name}" {_type(frame[name])}' for name in frame)
                connection.execute(f"CREATE TABLE {TABLE} ({columns})")
            _copy(connection, frame)
        connection.execute(f"ANALYZE {TABLE}")
        size = connection.execute(f"SELECT pg_table_size('{TABLE}')").fetchone()
    assert size is not None
    return int(size[0])


def _type(column: pd.Series) -> str:
    return KINDS.get(column.dtype.kind, "text")


def _copy(connection: Any, frame: pd.DataFrame) -> None:
    text = StringIO()
    frame.to_csv(text, index=False, header=False)
    with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} FROM STDIN (FORMAT csv)") as copy:
        copy.write(text.getvalue())
