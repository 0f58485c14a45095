"""The examples of every docstring give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "coxa"
EXAMPLES = sorted(
    path for path in SOURCE.rglob("*.py") if "_demo" not in path.parts and ">>> " in path.read_text(encoding="utf-8")
)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 80


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_examples(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an example may write a file
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
    report: list[str] = []
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__):
        runner.run(test, out=report.append)
    assert not runner.summarize(verbose=False).failed, "".join(report)
