"""Files are written whole, and those of a run together: what stops in the middle leaves what was there."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from coxa.errors import DataError
from coxa.files import COMPLETE, WRITING, is_empty, save, settle, undamaged, whole_file, whole_run
from coxa.runs.store import PieceStore, open_store

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX systems")

KILLED = """
import os, signal, sys
from pathlib import Path
from coxa.files import save, whole_run
folder, where = Path(sys.argv[1]), sys.argv[2]
moved = Path.replace
def replace(self, target):
    done = moved(self, target)
    if where == "moving" and Path(target) == folder / "a.txt":
        os.kill(os.getpid(), signal.SIGKILL)
    return done
Path.replace = replace
with whole_run(folder) as part:
    save(part / "a.txt", "new")
    if where == "writing":
        os.kill(os.getpid(), signal.SIGKILL)
    save(part / "sub" / "b.txt", "new")
"""


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_file_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with whole_file(path) as part:
        part.write_text("one")
        assert not path.exists()
    assert texts(tmp_path) == {"new/a.txt": "one"}


def test_an_error_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    path = save(tmp_path / "a.txt", "old")
    with pytest.raises(ValueError, match="stop"), whole_file(path) as part:  # noqa: PT012
        part.write_text("ne")
        raise ValueError("stop")
    assert texts(tmp_path) == {"a.txt": "old"}


def test_a_run_replaces_its_files_and_leaves_others(tmp_path: Path) -> None:
    save(tmp_path / "a.txt", "old")
    save(tmp_path / "other.txt", "other")
    with whole_run(tmp_path) as part:
        save(part / "a.txt", "new")
        save(part / "sub" / "b.txt", "new")
    assert texts(tmp_path) == {"a.txt": "new", "sub/b.txt": "new", "other.txt": "other"}


def test_a_run_that_fails_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), whole_run(tmp_path / "x" / "out") as part:  # noqa: PT012
        save(part / "a.txt", "new")
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_names_the_file_by_the_name_it_would_have(tmp_path: Path) -> None:
    save(tmp_path / "a.txt", "old")
    with pytest.raises(OSError, match=r"a\.txt") as raised, whole_run(tmp_path) as part, whole_file(part / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.filename == str(tmp_path / "a.txt")
    assert texts(tmp_path) == {"a.txt": "old"}


def test_a_full_disk_as_arrow_says_it_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"b\.parquet"), whole_file(tmp_path / "b.parquet"):
        raise OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device")


@POSIX
@pytest.mark.parametrize(
    ("where", "there"),
    [("writing", {"a.txt": "old", "sub/b.txt": "old"}), ("moving", {"a.txt": "new", "sub/b.txt": "new"})],
)
def test_a_killed_run_counts_as_a_whole_or_not_at_all(tmp_path: Path, where: str, there: dict[str, str]) -> None:
    save(tmp_path / "a.txt", "old")
    save(tmp_path / "sub" / "b.txt", "old")
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), where], check=False)
    assert run.returncode == -signal.SIGKILL
    settle(tmp_path)
    held = {name: text for name, text in texts(tmp_path).items() if not name.startswith(WRITING)}
    assert held == there
    with whole_run(tmp_path) as part:
        save(part / "c.txt", "next")
    assert texts(tmp_path) == {**there, "c.txt": "next"}
    assert not (tmp_path / COMPLETE).exists()


def test_a_folder_with_a_stopped_run_only_is_empty(tmp_path: Path) -> None:
    assert is_empty(tmp_path / "missing")
    (tmp_path / WRITING).mkdir()
    assert is_empty(tmp_path)
    save(tmp_path / "a.txt", "one")
    assert not is_empty(tmp_path)


@POSIX
def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        modes = {
            private: stat.S_IMODE(save(tmp_path / f"{private}.txt", "x", private).stat().st_mode)
            for private in (True, False)
        }
    finally:
        os.umask(before)
    assert modes == {True: 0o600, False: 0o644}


@POSIX
def test_a_device_is_written_to_and_not_replaced() -> None:
    assert save(Path("/dev/null"), "x") == Path("/dev/null")
    assert not Path("/dev/null").is_file()


def store(folder: Path) -> PieceStore:
    return open_store(folder, {"plan": "a", "seed": 1})


def test_a_damaged_piece_of_a_run_is_a_finding_that_names_it(tmp_path: Path) -> None:
    store(tmp_path).write("one", pd.DataFrame({"a": [1, 2]}))
    piece = store(tmp_path).path("one")
    piece.write_bytes(piece.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"one\.parquet cannot be read"):
        store(tmp_path).read("one")


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_damaged_record_of_a_run_is_a_finding(tmp_path: Path, text: str) -> None:
    store(tmp_path)
    (tmp_path / "pieces" / "run.json").write_text(text)
    with pytest.raises(DataError, match=r"run\.json"):
        store(tmp_path)


def test_an_error_of_the_system_is_not_taken_for_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), undamaged(tmp_path / "a", "Make it again."):
        (tmp_path / "a").read_text()
