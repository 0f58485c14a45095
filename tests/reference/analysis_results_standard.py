"""The JSON Schema of the CDISC analysis results standard 1.0, of the classes that coxa writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

READ = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
PLAIN = {"text": {"type": "string"}, "integer": {"type": "integer"}, "boolean": {"type": "boolean"}}


def schema() -> dict[str, Any]:
    """Return a schema of a reporting event; `reference/analysis_results_standard.yaml` says where it was read."""
    classes = {name: _class(properties) for name, properties in READ["classes"].items()}
    terms = {name: {"type": "string", "enum": listed} for name, listed in READ["terms"].items()}
    return {"$ref": "#/$defs/ReportingEvent", "$defs": {**classes, **terms}}


def _class(properties: dict[str, Any]) -> dict[str, Any]:
    required = [name for name, kind in properties.items() if str(kind).rstrip("]'").endswith("!")]
    typed = {name: _kind(kind) for name, kind in properties.items()}
    return {"type": "object", "additionalProperties": False, "required": required, "properties": typed}


def _kind(kind: Any) -> dict[str, Any]:
    if isinstance(kind, list):
        return {"type": "array", "items": _kind(kind[0])}
    names = kind.rstrip("!").split(" or ")
    found = [PLAIN.get(name, {"$ref": f"#/$defs/{name}"}) for name in names]
    return found[0] if len(found) == 1 else {"anyOf": found}
