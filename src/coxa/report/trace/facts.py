"""What is behind a number, as names and texts, from the provenance of a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.tables.records import Record


def estimand_facts(told: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Yield an estimand with its line of the plan, and its attributes."""
    if plan := told["estimands"].get(name):
        yield "estimand", f"{name}: {plan['label']} ({plan_line(told, plan)})"
        yield from ((f"  {attribute.lower()}", text) for attribute, text in plan["attributes"])


def analysis_facts(told: dict[str, Any], row: Record) -> Iterator[tuple[str, str]]:
    """Yield the analysis, its model, and the rows that it used."""
    plan = told["analyses"].get(str(row["analysis"]).partition("[")[0])
    if plan is None:
        yield "analysis", f"{row['analysis']}: a description of the data; no model is behind it"
        return
    yield "analysis", f"{row['analysis']} ({plan_line(told, plan)})"
    if row["method"]:
        yield "method", str(row["method"])
    model = told["models"].get(str(row["model"]))
    if _known(row["n_participants"]):
        values = f"{row['n_observations']} values of " if _known(row["n_observations"]) else ""
        yield "behind this number", f"{values}{row['n_participants']} participants"
    if model is None:
        return
    yield "model", f"{row['model']}: {model['call']}"
    yield from model_facts(model)
    yield from (("warning", text) for text in dict.fromkeys((*model["warnings"], row["warning"])) if text)


def model_facts(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the rows that a model used, those that it left out, and what was tried before it."""
    if model["rows"] is not None:
        yield "rows used", f"{model['rows']} rows of {model['participants']} participants"
    yield from (("left out by the model", f"{part['rows']} rows: {part['reason']}") for part in model["left_out"])
    yield from (("tried before", text) for text in model["tried"])


def left_out_facts(told: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Yield how many values of an estimand were expected and analysed, and what was left out by which rule."""
    plan = told["estimands"].get(name)
    if plan and plan["participants"] is not None:
        values = plan["values"]
        yield (
            "values",
            (
                f"{values['expected']} expected of {plan['participants']} participants, {values['analysed']} analysed, "
                f"{values['empty']} not there"
            ),
        )
        for part in plan["left_out"]:
            at = f" at {part['visit']}" if part["visit"] else ""
            yield "left out", f"{part['n']} of {part['table']}{at}: {part['reason']} ({part['stage']})"


def _known(value: object) -> bool:
    return bool(pd.Series([value]).notna().all())


def plan_line(told: dict[str, Any], plan: dict[str, Any]) -> str:
    """Return the file of the plan, and the line of it where a part is."""
    line = plan["plan_line"]
    return told["plan"]["file"] + (f", line {line}" if line is not None else "")
