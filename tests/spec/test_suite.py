"""What the suite runs: slow tests are left out, and `nox -s full` leaves none out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest, sizes

ROOT = Path(__file__).parents[2]


def item(name: str, folder: str, *marks: str) -> SimpleNamespace:
    path = ROOT / "tests" / folder / "test_it.py"
    mark = {name: SimpleNamespace(args=(2,)) for name in marks}
    return SimpleNamespace(name=name, nodeid=f"{folder}::{name}", path=path, get_closest_marker=mark.get)


def test_some_of_many_cases_are_run_and_spread_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [item(f"form[{k}]", "spec", "some") for k in range(6)] + [item("sum", "spec")]
    gone: list[SimpleNamespace] = []
    hook = SimpleNamespace(pytest_deselected=lambda items: gone.extend(items))
    config = SimpleNamespace(option=SimpleNamespace(markexpr=""), hook=hook)
    monkeypatch.setattr(conftest, "FULL", False)
    conftest.pytest_collection_modifyitems(config, items)
    assert [one.name for one in items] == ["form[0]", "form[3]", "sum"]
    assert len(gone) == 4


@pytest.mark.parametrize(
    ("full", "markers", "left", "out"),
    [
        (False, "", ["command", "sum"], ["refit"]),
        (True, "", ["command", "sum", "refit"], []),
        (False, "slow", ["command", "sum", "refit"], []),
    ],
)
def test_slow_tests_are_left_out_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, full: bool, markers: str, left: list[str], out: list[str]
) -> None:
    items = [item("sum", "spec"), item("refit", "spec", "slow"), item("command", "study")]
    gone: list[SimpleNamespace] = []
    hook = SimpleNamespace(pytest_deselected=lambda items: gone.extend(items))
    config = SimpleNamespace(option=SimpleNamespace(markexpr=markers), hook=hook)
    monkeypatch.setattr(conftest, "FULL", full)
    conftest.pytest_collection_modifyitems(config, items)
    assert ([one.name for one in items], [one.name for one in gone]) == (left, out)


@pytest.mark.parametrize(("full", "number"), [(False, 5), (True, 50)])
def test_all_examples_are_taken_where_everything_is_run(
    monkeypatch: pytest.MonkeyPatch, full: bool, number: int
) -> None:
    monkeypatch.setattr(sizes, "FULL", full)
    assert sizes.few(5, 50) == number


def test_the_session_asks_for_everything() -> None:
    session = (ROOT / "noxfile.py").read_text(encoding="utf-8").split("def full(")[1].split("@nox.session")[0]
    assert 'env={"COXA_TESTS": "full"}' in session
    assert '"-m"' not in session
