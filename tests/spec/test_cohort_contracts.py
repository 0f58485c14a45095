"""Breaches of a contract are those that pandera finds."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.errors import SchemaErrors

from coxa.cohort.contracts import NUMERIC, Contract, breaches
from coxa.cohort.dictionary import Field

FIELDS = {
    field.name: field
    for field in (
        Field("id", "text", "Who", required=True),
        Field("age", "integer", "Age", hard=(18, 90), soft=(30, 80), required=True),
        Field("pain", "number", "Pain", hard=(0.0, 10.0)),
        Field("sex", "category", "Sex", levels={"f": "Female", "m": "Male"}),
        Field("arm", "category", "Arm", levels={"a": "A", "b": "B"}, required=True),
        Field("note", "text", "Note"),
        Field("absent", "text", "Absent", required=True),
    )
}
AGREED = Contract("people", ("id",), (), FIELDS)


def table(rng: np.random.Generator, n: int = 40) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": pd.Series(rng.choice(["p1", "p2", None], n), dtype="str"),
            "age": pd.array(rng.integers(10, 100, n), dtype="Int64"),
            "pain": rng.choice([-1.0, 0.0, 4.2, 10.0, 10.1, np.nan], n),
            "sex": pd.Series(rng.choice(["f", "m", "x", None], n), dtype="str"),
            "arm": pd.Categorical(rng.choice(["a", "b", "c"], n)),
            "note": pd.Series(["", None] * (n // 2), dtype="str"),
        },
        index=rng.permutation(n) + 7,
    )
    frame.loc[frame.index[:3], ["age", "arm"]] = None
    return frame


def by_pandera(frame: pd.DataFrame, limits: Literal["hard", "soft"]) -> dict[tuple[str, str], list[int]]:
    columns = {}
    for name, field in FIELDS.items():
        span = field.hard if limits == "hard" else field.soft
        checks = [pa.Check.in_range(*span, error="limits")] if span and field.type in NUMERIC else []
        if limits == "hard" and field.levels:
            checks.append(pa.Check.isin(list(field.levels), error="levels"))
        columns[name] = pa.Column(checks=checks, nullable=limits == "soft" or not field.required, required=False)
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except SchemaErrors as error:
        found: dict[tuple[str, str], list[int]] = {}
        for case in error.failure_cases.itertuples():
            found.setdefault((case.column, case.check.replace("not_nullable", "required")), []).append(case.index)
        return found
    return {}


@pytest.mark.parametrize("limits", ["hard", "soft"])
@pytest.mark.parametrize("seed", range(5))
def test_breaches_are_those_of_pandera(limits: Literal["hard", "soft"], seed: int) -> None:
    frame = table(np.random.default_rng([20261201, seed]))
    found = {(one.field.name, one.broken): sorted(one.rows) for one in breaches(frame, AGREED, limits)}
    assert found == {key: sorted(rows) for key, rows in by_pandera(frame, limits).items()}
    assert set(found) == (
        {("age", "limits")}
        if limits == "soft"
        else {("id", "required"), ("age", "required"), ("age", "limits"), ("pain", "limits"), ("sex", "levels")}
        | {("arm", "required"), ("arm", "levels")}
    )


def test_a_table_that_keeps_its_contract_has_no_breach() -> None:
    frame = pd.DataFrame({"id": ["p1"], "age": [40], "pain": [np.nan], "sex": ["f"], "arm": ["a"]})
    assert breaches(frame, AGREED) == []
    assert breaches(frame, AGREED, "soft") == []
