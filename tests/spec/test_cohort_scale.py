"""What keeps a large study small: answers as categories, a form looked at once, long lists looked up in one pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.checks.keys import all_different
from coxa.cohort.checks.labels import perhaps_alike
from coxa.cohort.form_rows import one_row_per_form
from coxa.cohort.mapping.codes import code_texts, parse_numbers
from coxa.cohort.mapping.mapped import compact
from coxa.cohort.mapping.words import folded
from coxa.frames import among
from coxa.study.source import code_text


def answers() -> pd.DataFrame:
    """Return two items of two participants at two visits, one row of the file for each form."""
    return pd.DataFrame(
        {
            "participant_id": ["a", "a", "b", "b"] * 2,
            "visit": ["baseline", "week_12"] * 4,
            "instrument": "hoos",
            "item": ["p1"] * 4 + ["p2"] * 4,
            "source_file": "items.csv",
            "source_row": [2, 3, 4, 5] * 2,
        }
    )


def test_a_form_has_one_row_that_of_its_first_answer() -> None:
    assert one_row_per_form(answers()).index.tolist() == [0, 1, 2, 3]
    assert one_row_per_form(compact(answers())).index.tolist() == [0, 1, 2, 3]


def test_a_table_without_items_keeps_its_rows() -> None:
    people = pd.DataFrame({"participant_id": ["a", "a"]})
    assert one_row_per_form(people) is people


def test_compact_answers_have_the_same_texts_in_fewer_bytes() -> None:
    long = pd.concat([answers()] * 500, ignore_index=True)
    small = compact(long)
    assert small.astype(object).equals(long.astype(object))
    assert small.memory_usage(deep=True).sum() < long.memory_usage(deep=True).sum() / 5


@pytest.mark.parametrize(("again", "different"), [([], True), ([3], False)])
def test_repeated_keys_are_seen_without_a_search(again: list[int], different: bool) -> None:
    frame = compact(answers())
    frame = pd.concat([frame, frame.iloc[again]], ignore_index=True)
    assert all_different(frame, ["participant_id", "visit", "instrument", "item"]) is different


@pytest.mark.parametrize("dtype", ["str", "category", object])
def test_a_long_list_is_looked_up_as_isin_does(dtype: object) -> None:
    column = pd.Series(["a", None, "b", "c"], index=[4, 3, 2, 1], dtype=dtype)
    for listed in (["c", "a", None], ["x"], ["b"]):
        words = pd.Series(listed, dtype="str")
        pd.testing.assert_series_equal(among(column, words), column.isin(words))


def test_texts_are_written_once_each_and_as_their_code() -> None:
    texts = ["1", "1.0", "1,0", " high ", "", None, "10", "P0010", "u\u0308", "0", ".0", "1"]
    expected = [None if text is None else code_text(text) or None for text in texts]
    found = code_texts(pd.Series(texts, dtype="str"))
    assert [None if pd.isna(text) else text for text in found] == expected


def test_numbers_are_read_as_those_of_each_cell() -> None:
    texts = pd.Series(["1", "2,5", "", None, "x", "2,5", " 3 ", "inf"], dtype="str")
    numbers, bad = parse_numbers(texts, ",")
    np.testing.assert_array_equal(numbers, [1, 2.5, np.nan, np.nan, np.nan, 2.5, 3, np.nan])
    assert bad.tolist() == [False, False, False, False, True, False, False, True]


def test_labels_that_fold_alike_are_never_passed_over() -> None:
    parts = ["T", "t", "0", "03", "3", "30", "-", " ", ".", "_", "1", "\u00fc"]
    labels = pd.Series([a + b + c for a in parts for b in parts for c in parts]).drop_duplicates()
    for some in (labels, labels[labels.str.isascii()]):
        kept = set(perhaps_alike(some))
        groups = some.groupby(some.map(folded)).agg(list)
        assert all(set(group) <= kept for group in groups if len(group) > 1)
