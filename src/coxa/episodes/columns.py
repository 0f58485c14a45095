"""The columns of episodes, and what follows from them, as SQL that DuckDB and PostgreSQL both understand."""

from __future__ import annotations

from coxa.study.audit.plan import BIRTH_DATE, COUNTS, DATES, FLAGS, TEXTS, AuditPlan

SQL_TYPES = {"text": "VARCHAR", "date": "DATE", "number": "DOUBLE PRECISION", "flag": "BOOLEAN"}


def column_types(plan: AuditPlan) -> dict[str, str]:
    """Return column -> kind (text, date, number or flag) of every column that a row of episodes has.

    Beside those of `AuditPlan.columns` these are, of each outcome, `NAME_intake`, `NAME_discharge`, `NAME_date`, and
    `source_row`.
    """
    kinds = dict.fromkeys(TEXTS, "text") | dict.fromkeys(DATES, "date") | dict.fromkeys(COUNTS, "number")
    kinds |= dict.fromkeys(FLAGS, "flag")
    kinds |= {name: "number" if one.type == "number" else "text" for name, one in plan.descriptors.items()}
    kinds |= dict.fromkeys(plan.flags, "flag")
    for name in plan.outcomes:
        kinds |= {f"{name}_intake": "number", f"{name}_discharge": "number", f"{name}_date": "date"}
    return kinds | {"source_row": "number"}


def ready_types(plan: AuditPlan) -> dict[str, str]:
    """Return column -> type of SQL of the columns of `episodes_sql`, in their order."""
    kinds = column_types(plan) | {"period": "text"} | dict.fromkeys(("intake", "due", "done", "late"), "flag")
    return {name: SQL_TYPES[kind] for name, kind in kinds.items()}


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def age_sql(plan: AuditPlan) -> str:
    """Return the age at intake in whole years, from the day of birth of a relation that has it.

    Nobody is born after an intake: where the file has years of two digits, such a day is of the century before.
    """
    year, day = ("EXTRACT(year FROM {0})", "EXTRACT(month FROM {0}) * 100 + EXTRACT(day FROM {0})")
    years = f"{year.format('intake_date')} - {year.format(BIRTH_DATE)}"
    before = f"CASE WHEN {day.format('intake_date')} < {day.format(BIRTH_DATE)} THEN 1 ELSE 0 END"
    age = f"CAST({years} - {before} AS DOUBLE PRECISION)"
    formats = plan.data.date_format or ()
    return f"{age} + CASE WHEN {age} < 0 THEN 100 ELSE 0 END" if any("%y" in each for each in formats) else age


PERIODS = {
    "month": "CAST(EXTRACT(year FROM {day}) AS INTEGER) || '-' || "
    "LPAD(CAST(CAST(EXTRACT(month FROM {day}) AS INTEGER) AS VARCHAR), 2, '0')",
    "quarter": "CAST(EXTRACT(year FROM {day}) AS INTEGER) || ' Q' || CAST(EXTRACT(quarter FROM {day}) AS INTEGER)",
    "year": "CAST(CAST(EXTRACT(year FROM {day}) AS INTEGER) AS VARCHAR)",
}
"""What a point of a chart is -> its name by a day: 2024-03, 2024 Q1, 2024. In the order of time they are sorted."""


def episodes_sql(plan: AuditPlan, source: str) -> str:
    """Return the SELECT of episodes from the relation `source`, which has the columns of `column_types`.

    Of the parameters `data_cut` is the day of the export. Added are the columns

    period    : of the day of intake, in the plan's unit of time
    intake    : whether the main outcome has a value at intake
    due       : whether the discharge questionnaire was due and its window is over
    done      : whether the main outcome has a value at discharge, in its window
    late      : whether it has one outside its window
    """
    main, follow_up = plan.main, plan.follow_up
    low, high = follow_up.window
    start = "discharge_date" if follow_up.after == "discharge" else "intake_date"
    if follow_up.longest is not None:
        start = f"COALESCE(discharge_date, intake_date + {follow_up.longest})"
    due_day = f"({start} + {follow_up.days})"
    value, day = quoted(f"{main}_discharge"), f"COALESCE({quoted(f'{main}_date')}, discharge_date)"
    in_time = f"{value} IS NOT NULL AND {day} BETWEEN {due_day} + ({low}) AND {due_day} + {high}"
    period = PERIODS[plan.time].format(day="intake_date")
    return (
        f"SELECT *, {period} AS period, {quoted(f'{main}_intake')} IS NOT NULL AS intake, "
        f"COALESCE({due_day} + {high} <= CAST(:data_cut AS DATE), FALSE) AS due, "
        f"COALESCE({in_time}, FALSE) AS done, "
        f"{value} IS NOT NULL AND NOT COALESCE({in_time}, FALSE) AS late FROM {source}"
    )
