"""Checks look only at tables that have rows."""

from __future__ import annotations

from datetime import date

import pandas as pd

import coxa
from coxa.cohort.checks.checked import Draft
from coxa.cohort.checks.run import run_checks
from coxa.cohort.contracts import contract
from coxa.cohort.mapping.mapped import complete, empty_table


def draft_of(**tables: pd.DataFrame) -> Draft:
    """Return the tables of a published trial before they are checked."""
    return Draft(coxa.preset("bennell-2014"), tables, {}, frozenset(), date(2030, 1, 1))


def test_only_tables_with_rows_are_looked_at() -> None:
    study = draft_of().study
    one = complete(pd.DataFrame({"source_row": [2], "outcome": ["pain"]}), contract(study, "assessments"), "a.csv")
    draft = draft_of(assessments=one, item_responses=empty_table(contract(study, "item_responses")))
    seen = draft.with_rows(("assessments", "item_responses", "clinical_measures"))
    assert [(name, len(frame)) for name, frame in seen] == [("assessments", 1)]


def test_a_completed_table_has_the_columns_of_its_contract_with_their_types() -> None:
    agreed = contract(draft_of().study, "assessments")
    frame = complete(pd.DataFrame({"source_row": [2, 3]}), agreed, "a.csv")
    assert list(frame) == [*agreed.fields, "source_file", "source_row", "source_column"]
    assert frame["value"].dtype == "float64"
    assert frame["assessment_date"].dtype == "datetime64[us]"
    assert frame["visit"].dtype == "str"
    assert frame["carried_forward"].dtype == "boolean"
    assert frame[list(agreed.fields)].isna().all(axis=None)


def test_tables_without_rows_have_nothing_to_find() -> None:
    study = draft_of().study
    names = ("item_responses", "clinical_measures", "adverse_events", "return_to_sport")
    assert run_checks(draft_of(**{name: empty_table(contract(study, name)) for name in names})) == run_checks(
        draft_of()
    )
