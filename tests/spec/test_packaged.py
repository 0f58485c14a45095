"""YAML files that ship read the same by the fast parser of YAML 1.1 and by the parser of plans, which takes 1.2."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

import coxa
from coxa.packaged import packaged_yaml

HOME = Path(coxa.__file__).parent
SHIPPED = sorted(
    path.relative_to(HOME)
    for room in ("instruments", "cohort", "study/delivery", "report", "exchange")
    for path in (HOME / room).rglob("*.yaml")
)


@pytest.mark.parametrize("path", SHIPPED, ids=str)
def test_a_shipped_file_reads_as_yaml_1_2(path: Path) -> None:
    text = (HOME / path).read_text(encoding="utf-8")
    assert repr(packaged_yaml("coxa", path.as_posix())) == repr(YAML(typ="safe", pure=True).load(text))


def test_there_are_shipped_files() -> None:
    assert len(SHIPPED) > 40
