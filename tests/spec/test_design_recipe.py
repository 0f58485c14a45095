"""Columns made as products are formulaic's, to the last bit and in its order; a transform is left to formulaic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix

from coxa.models.design.columns import Recipe, columns_of, direct
from coxa.models.design.matrix import design_matrix

N = 60
LEVELS = {
    "arm": ("usual", "exercise", "manual"),
    "visit": (1, 2, 3, 4),
    "dose": (0.5, 1.0),
    "smokes": (False, True),
    "code": (0, 1),
}
TERMS = [
    "1",
    "0 + arm",
    "arm",
    "age + arm",
    "baseline * visit + arm * visit + age",
    "arm:visit",
    "0 + arm:visit + baseline",
    "baseline + arm:visit",
    "baseline:visit + age:arm",
    "arm * visit * age",
    "age:baseline",
    "age:baseline:week:arm",
    "age * baseline * week",
    "dose * smokes + code",
    "smokes:code + week:dose",
    "arm - 1 + age:visit",
    "1 + week",
    "visit + age:visit - 1",
]


def frame(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    numbers = {name: rng.normal(0, 30, N) for name in ("age", "baseline", "week")}
    numbers["week"][:5] = [0.0, -0.0, 1e-300, 1e300, -7]
    factors = {name: pd.Categorical.from_codes(rng.integers(0, len(levels), N), pd.Index(levels))
               for name, levels in LEVELS.items()}  # fmt: skip
    return pd.DataFrame({**numbers, **factors}, index=rng.permutation(N))


def used(terms: str) -> tuple[pd.DataFrame, dict[str, tuple[object, ...]]]:
    rows = frame()
    rows = rows[[name for name in rows.columns if name in terms]]
    return rows, {name: levels for name, levels in LEVELS.items() if name in rows}


@pytest.mark.parametrize("terms", TERMS)
def test_products_are_formulaics_columns_to_the_last_bit(terms: str) -> None:
    rows, levels = used(terms)
    given = model_matrix(terms, rows, na_action="ignore", output="numpy")
    recipe = direct(terms, rows, levels)
    assert recipe is not None
    assert recipe.column_names == tuple(given.model_spec.column_names)
    assert dict(recipe.term_slices) == dict(given.model_spec.term_slices)
    x = recipe.get_model_matrix(rows)
    assert x.tobytes() == np.asarray(given, dtype=float).reshape(N, -1).tobytes()
    assert x.flags.c_contiguous


@pytest.mark.parametrize("terms", ["log(age)", "bs(age, df=4) + arm", "cr(week, df=3):arm", "C(visit)"])
def test_a_transform_is_left_to_formulaic(terms: str) -> None:
    rows, levels = used(terms)
    assert direct(terms, rows, levels) is None


def test_new_rows_are_made_as_the_analysed_ones() -> None:
    rows = frame()
    design = design_matrix("baseline ~ age * arm + visit", rows)
    assert isinstance(design.spec, Recipe)
    some = rows.iloc[[5, 0, 59]].astype({"arm": str})
    assert np.array_equal(design.rows(some), design.x[[5, 0, 59]])


def test_levels_that_are_equal_but_of_another_kind_keep_their_names() -> None:
    for levels in ((0, 1), (False, True), (0.0, 1.0)):
        rows = pd.DataFrame({"g": pd.Categorical.from_codes([0, 1, 1], pd.Index(levels))})
        _, spec = columns_of("g", rows, {"g": levels})
        assert spec.column_names == ("Intercept", f"g[T.{levels[1]}]")
