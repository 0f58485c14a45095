"""The engine of interactive figures is bundled once per machine, and what is kept is what would be bundled."""

from __future__ import annotations

from pathlib import Path

import pytest

from coxa.report.output.interaction import bundled, engine
from coxa.report.output.kept_engine import kept_script


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "coxa"


def refuse() -> str:
    raise AssertionError("bundled again")


def test_a_script_is_bundled_once(cache: Path) -> None:
    assert kept_script("a-1.js", lambda: "é\r\n1;\n") == "é\r\n1;\n"
    assert kept_script("a-1.js", refuse) == "é\r\n1;\n"
    assert kept_script("a-2.js", lambda: "2;") == "2;"
    assert sorted(path.name for path in cache.iterdir()) == ["a-1.js", "a-2.js"]


def test_a_kept_script_that_was_changed_is_bundled_again(cache: Path) -> None:
    kept_script("a.js", lambda: "1;")
    file = cache / "a.js"
    for damaged in (file.read_bytes()[:-1], file.read_bytes() + b"2;", b"\xff", b""):
        file.write_bytes(damaged)
        assert kept_script("a.js", lambda: "1;") == "1;"
        assert kept_script("a.js", refuse) == "1;"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kept_script("a.js", lambda: "1;") == "1;"


def test_the_kept_engine_is_the_bundle(cache: Path) -> None:
    engine.cache_clear()
    first = engine()
    engine.cache_clear()
    again = engine()
    engine.cache_clear()
    assert first == again
    assert first.endswith(bundled())
    assert len(list(cache.iterdir())) == 1
