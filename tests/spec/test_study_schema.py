"""The JSON Schema takes every plan that coxa reads: an editor that checks by it marks nothing that is right."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from coxa.study.describing.document import study_schema
from coxa.study.describing.pool_document import pool_schema

ROOT = Path(__file__).parents[2]
FOLDERS = ("analyses/*/*.yaml", "src/coxa/simulate/presets/*.yaml", "src/coxa/study/templates/*/*.yaml")
EVERY = [path for pattern in FOLDERS for path in sorted(ROOT.glob(pattern))]


def plain(value: Any) -> Any:
    """Return what a YAML file holds as an editor gives it to a schema: keys are text, and so are dates."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


@cache
def held(path: Path) -> dict[str, Any]:
    return dict(plain(YAML(typ="safe").load(path.read_text(encoding="utf-8"))))


STUDIES = [path for path in EVERY if "study" in held(path) and held(path).get("design") != "audit"]
POOLS = [path for path in EVERY if "pool" in held(path)]


def of_kind(plan: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Return what checks a plan of its kind."""
    schema = json.loads(study_schema())
    kind = schema["discriminator"]["mapping"][plan.get("design", "parallel")]
    return jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": kind})


def test_there_are_plans_of_every_design() -> None:
    designs = {held(path).get("design", "parallel") for path in STUDIES}
    assert {"parallel", "factorial", "cohort", "crossover", "stepped_wedge", "n_of_1"} <= designs
    assert POOLS


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_schema_takes_the_plan(path: Path) -> None:
    faults = [f"{list(one.absolute_path)}: {one.message[:200]}" for one in of_kind(held(path)).iter_errors(held(path))]
    assert faults == []


@pytest.mark.parametrize("path", POOLS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_schema_takes_the_meta_analysis(path: Path) -> None:
    jsonschema.validate(held(path), json.loads(pool_schema()))


def test_one_visit_and_one_arm_may_stand_by_themselves_and_none_may_not() -> None:
    plan = held(ROOT / "analyses/dose/study.yaml")
    for key, part in (("endpoint", {"outcome": "pain", "visit": []}), ("treatment", {"compare": [], "against": "a"})):
        wrong = {**plan["estimands"]["primary"], key: part}
        changed = {**plan, "estimands": {**plan["estimands"], "primary": wrong}}
        assert not of_kind(plan).is_valid(changed)


def test_only_n_of_1_trials_may_leave_the_visit_out() -> None:
    for name, allowed in (("n_of_1", True), ("crossover", False)):
        plan = held(ROOT / f"analyses/{name}/study.yaml")
        without = {**plan["estimands"]["pain"], "endpoint": {"outcome": "pain"}}
        assert of_kind(plan).is_valid({**plan, "estimands": {"pain": without}}) is allowed
