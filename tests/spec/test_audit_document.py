"""The page and the schema of audit files: every key, what it means, and nothing that coxa would not read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.episodes.columns import column_types
from coxa.errors import PlanError
from coxa.study.audit.plan import BIRTH_DATE, AuditPlan
from coxa.study.audit.read import read_audit
from coxa.study.describing.audit_document import MEANINGS, audit_document, audit_schema
from coxa.study.describing.document import walk

ROOT = Path(__file__).parents[2]
PLANS = (ROOT / "analyses/clinic_registry/audit.yaml", ROOT / "src/coxa/study/templates/audit/audit.yaml")


def as_json(path: Path) -> Any:
    """Return a plan as an editor hands it to a schema: dates are texts."""
    return json.loads(json.dumps(YAML(typ="safe").load(path.read_text(encoding="utf-8")), default=str))


def test_the_page_in_docs_and_the_schema_that_ships_are_those_of_the_models() -> None:
    assert (ROOT / "docs/audit-file.md").read_text(encoding="utf-8") == audit_document()
    assert (ROOT / "src/coxa/study/audit.schema.json").read_text(encoding="utf-8") == audit_schema()


def test_every_key_says_what_it_means_and_has_a_row() -> None:
    page = audit_document()
    for path, part in walk((), AuditPlan):
        section = page.split(f"\n## `{'.'.join(path)}`\n" if path else "\n## The plan\n")[1].split("\n## ")[0]
        for key, field in part.model_fields.items():
            assert field.description, (path, key)
            assert re.search(rf"^\| (\*\*)?`{field.alias or key}`", section, flags=re.M), (path, key)


def test_every_column_of_an_episode_is_in_the_table() -> None:
    plan = AuditPlan.model_validate(
        {"audit": "a", "title": "A", "data": {"file": "a.csv"}, "outcomes": {"pain": {"instrument": "nprs"}}}
    )
    scores = {"pain_intake", "pain_discharge", "pain_date"}
    assert set(MEANINGS) == set(column_types(plan)) - scores - {"source_row"} | {BIRTH_DATE}
    assert [name for name in MEANINGS if f"| `{name}` |" not in audit_document()] == []


@pytest.mark.parametrize("path", PLANS, ids=["worked", "template"])
def test_the_plans_that_ship_satisfy_the_schema(path: Path) -> None:
    jsonschema.validate(as_json(path), json.loads(audit_schema()))


def test_the_schema_refuses_what_the_reader_refuses(tmp_path: Path) -> None:
    """Keys of a trial are no keys of an audit, and a short form of a part is allowed in both."""
    schema, plan = json.loads(audit_schema()), as_json(PLANS[1])
    for outcome in (
        {"instrument": "nprs", "responder": {"measure": "change", "at_least": 2}},
        {"instrument": "nprs", "important_difference": {"value": 1, "source": "a paper"}},
    ):
        wrong = {**plan, "outcomes": {"pain": outcome, "function": plan["outcomes"]["function"]}}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
        (tmp_path / "audit.yaml").write_text(json.dumps(wrong), encoding="utf-8")
        with pytest.raises(PlanError, match=r"outcomes\.pain\.(responder|important_difference)"):
            read_audit(tmp_path / "audit.yaml")
    jsonschema.validate({**plan, "small_cells": 8}, schema)
    jsonschema.validate({**plan, "small_cells": {"k": 8}}, schema)


def test_a_published_threshold_needs_an_instrument(tmp_path: Path) -> None:
    plan = as_json(PLANS[1])
    plan["outcomes"]["pain"] = {"range": [0, 100], "higher_is_better": False, "important": "published"}
    (tmp_path / "audit.yaml").write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(PlanError, match=r"of no instrument\. Write `important: \{value: , source: \}`"):
        read_audit(tmp_path / "audit.yaml")


def test_the_command_prints_the_schema() -> None:
    printed = CliRunner().invoke(app, ["schema", "audit"])
    assert printed.stdout == audit_schema()
    wrong = CliRunner().invoke(app, ["schema", "audit", "hoos"])
    assert wrong.exit_code == 2
    assert "one schema for all audit files" in wrong.output
