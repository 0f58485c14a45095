"""A PostgreSQL server of its own for tests: on a socket in a folder that is removed, never as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
ACCOUNT = "postgres"
PORT = 54329


def absent() -> str | None:
    """Return why there can be no server, or None."""
    if not BINARIES and shutil.which("initdb") is None:
        return "the binaries of PostgreSQL (initdb, pg_ctl) are not installed"
    if os.getuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL does not run as root, and there is no runuser"
    return None


def _run(*words: str) -> None:
    as_account = ["runuser", "-u", ACCOUNT, "--"] if os.getuid() == 0 else []
    program = str(BINARIES[-1] / words[0]) if BINARIES else words[0]
    done = subprocess.run([*as_account, program, *words[1:]], capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def server() -> Iterator[str]:
    """Start a server; yield its address without the name of a database, `{}` in its place."""
    folder = Path(tempfile.mkdtemp(prefix="coxa-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, ACCOUNT)
        data, log = str(folder / "data"), str(folder / "log")
        _run("initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-k {folder} -p {PORT} -c listen_addresses='' -c fsync=off"
        _run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield f"postgresql://owner@/{{}}?host={folder}&port={PORT}"
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
