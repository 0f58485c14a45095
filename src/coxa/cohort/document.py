"""The data dictionary as a document, generated from the files that the checks use."""

from __future__ import annotations

from coxa.cohort.dictionary import Field, Limits, TableDictionary, load_table
from coxa.instruments.measures import Measure, MeasurementError, load_measures
from coxa.study.conditions import conditions
from coxa.study.words import TABLES

LEVELS_FROM = {
    "arms": "arms of the plan",
    "visits": "visits of the plan",
    "outcomes": "outcomes of the plan",
    "treatments": "treatments of the periods of the plan",
    "intercurrent_events": "intercurrent events of the plan",
    "events": "events of the plan",
    "measures": "list of clinical measures",
    "conditions": "list of conditions",
}

INTRODUCTION = """# Data dictionary

Every table that a cohort can have, with the names, types, units and limits that its checks use. This page is
generated from `src/coxa/cohort/dictionary/`; only `participants`, and one of `assessments` and `item_responses`,
are required. A plan maps its files' columns and codes to these names, and its covariates are added to
`participants`.

*Hard* limits are errors, *soft* limits are warnings. A "working limit" is a screen for slips of the pen; it is not
a published reference value. A field in **bold** is required. In every table `source_file` and `source_row` say where
a row came from, and `source_column` where values stood side by side.

**Missing codes.** What a plan writes under `missing:` holds for measured values only: outcomes, items, measures and
descriptive fields. Identifiers, the key of a table, arms, visits, dates, study days and required fields never take a
number: a code of 99 would delete patient 099. A word without a digit (`NA`, as R writes it in every empty cell) is an
empty cell in them too, unless it is a level or a word of the value map. In a table, `missing: {pain: [99]}` declares
codes for one field, outcome, item or measure. A code that some measured column could have as a value is a warning.

**Corrections.** `corrections:` replaces a wrong value before anything is checked (`table`, `participant_id`, `visit`,
one of `field`, `outcome` and `item`, optionally `from` and `row`, `to`, `because`); `exclude_rows:` leaves out a row
(`table` or `file`, `row`, `because`). Each one is a note in the findings; one that matches nothing is an error.

**Age.** Where the plan has a covariate `age` and the file no column for it, it is computed in years with one decimal
as the days from `birth_date` to `randomisation_date` divided by 365.25.
"""


def dictionary_document() -> str:
    """Return the data dictionary as Markdown, the same bytes every time."""
    tables = [_table_section(load_table(name)) for name in TABLES]
    return "\n".join([INTRODUCTION, *tables, _condition_section(), _measure_section(list(load_measures().values()))])


def _table_section(table: TableDictionary) -> str:
    lines = [
        f"## {table.label} (`{table.name}`)",
        "",
        f"One row: {table.one_row}. Unique by {', '.join(f'`{name}`' for name in table.key)}.",
    ]
    if table.plan_adds:
        lines.append("The covariates of the plan are further fields, with the plan's type, levels and range.")
    lines += ["", "| field | type | unit | hard | soft | levels | meaning | limits from |", "|" + "---|" * 8]
    lines += [_field_row(field) for field in table.fields.values()]
    return "\n".join([*lines, ""])


def _field_row(field: Field) -> str:
    name = f"**`{field.name}`**" if field.required else f"`{field.name}`"
    levels = LEVELS_FROM[field.levels_from] if field.levels_from else ", ".join(field.levels)
    cells = [name, field.type, field.unit or "", _span(field.hard), _span(field.soft), levels]
    return _row([*cells, field.description, field.source or ""])


def _condition_section() -> str:
    lines = [
        "## List of conditions",
        "",
        "Levels of `condition` in table `conditions`, and of `main_condition` in table `participants`.",
        "",
        "| condition | label | family | meaning |",
        "|" + "---|" * 4,
    ]
    lines += [_row([f"`{code}`", one.label, one.family, one.meaning]) for code, one in conditions().items()]
    return "\n".join([*lines, ""])


def _measure_section(measures: list[Measure]) -> str:
    lines = [
        "## List of clinical measures",
        "",
        "Levels of `measure` in table `clinical_measures`; `value` has the unit and limits of its measure. A sign is 1",
        "(positive) or 0 (negative), a grade a level in order. *Both sides* are measured unless the measure is of the",
        "whole person. *Error* is how far two measurements of one person differ without a change: the standard error",
        "of measurement (SEM) and the minimal detectable change (MDC). Where it is empty, no figure was read in a",
        "source, and a plan gives its own (`report: measurement_error`).",
        "",
        "| measure | label | unit | better | both sides | hard | soft | limits from | error |",
        "|" + "---|" * 9,
    ]
    lines += [_measure_row(measure) for measure in measures]
    return "\n".join([*lines, ""])


def _measure_row(one: Measure) -> str:
    better = {True: "higher", False: "lower", None: ""}[one.higher_is_better]
    sides = "yes" if one.sided else ""
    limits = [_span(one.hard), _span(one.soft), one.source]
    return _row([f"`{one.name}`", one.label, one.unit, better, sides, *limits, _error(one.error)])


def _error(error: MeasurementError | None) -> str:
    """Return SEM and MDC with their source, and where only the SEM was published the MDC that follows from it."""
    if error is None:
        return ""
    sem = [] if error.sem is None else [f"SEM {error.sem:g}"]
    mdc = f"MDC {error.mdc:g}" if error.mdc is not None else f"MDC {error.detectable:.1f} (from the SEM)"
    return f"{', '.join([*sem, mdc])}: {error.source}"


def _span(limits: Limits | None) -> str:
    return f"{limits[0]:g} to {limits[1]:g}" if limits else ""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
