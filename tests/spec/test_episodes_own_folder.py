"""The folder for temporary files: locked while its run lives, and removed by the next run where it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coxa.episodes.own_folder import OwnFolder, own_folder, remove_left

pytest.importorskip("fcntl")

KILLED = """
import os, sys
from coxa.episodes.duck import open_duck
duck = open_duck()
open(os.path.join(duck.spill.name, "episodes.parquet"), "wb").write(b"patients")
print(duck.spill.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_a_killed_run_leaves_a_folder_that_the_next_run_removes_and_not_while_it_lives(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        place = Path(run.stdout.readline().strip())
        assert place.parent == folder
        assert remove_left(folder) == []
        assert (place / "episodes.parquet").is_file()
        run.send_signal(signal.SIGKILL)
    assert place.is_dir()
    with own_folder() as own:
        assert [path.name for path in folder.iterdir()] == [Path(own).name]
    assert list(folder.iterdir()) == []


def test_what_is_not_surely_of_a_dead_run_is_left_alone(folder: Path) -> None:
    (folder / "coxa-audit-beginning").mkdir()  # its lock has no name yet
    (folder / "coxa-audit-file").write_text("no folder")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "alive").touch()
    (folder / "coxa-audit-link").symlink_to(elsewhere)
    assert remove_left(folder) == []
    assert (elsewhere / "alive").is_file()


def test_an_own_folder_can_be_read_by_its_owner_alone_and_is_removed(folder: Path) -> None:
    own = OwnFolder()
    assert Path(own.name).stat().st_mode & 0o077 == 0
    own.cleanup()
    assert list(folder.iterdir()) == []
