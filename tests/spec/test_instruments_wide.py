"""Which columns are items: the prefix, the case, what is suggested and what is left out."""

import pandas as pd
import pytest

from coxa.errors import DataError
from coxa.instruments import items_from_wide, load_instrument
from coxa.instruments.wide import find_item_columns

HOOS = load_instrument("hoos").items


def prefixed(prefix, codes=HOOS):
    return [f"{prefix}{code}" for code in codes]


def said(found, severity="error"):
    return [f"{item.rule}. {item.remedy}" for item in found.findings.only(severity)]


@pytest.mark.parametrize(
    ("columns", "prefix", "expected"),
    [
        (prefixed("hoos_"), None, "hoos_"),
        (prefixed("hoos_"), "hoos", "hoos_"),  # the separator may be left out
        (prefixed("HOOS_"), "hoos_", "hoos_"),  # whatever the case
        ([name.upper() for name in prefixed("hoos_")], None, "hoos_"),
        (prefixed("HOOS"), None, "hoos"),
        (prefixed("pre-"), None, "pre-"),
        (prefixed(""), None, ""),
    ],
)
def test_the_prefix_is_found(columns, prefix, expected):
    found = find_item_columns([*columns, "age", "step1", "drop1"], "hoos", prefix)
    assert not found.findings.errors
    assert found.prefix == expected
    assert list(found.columns) == list(HOOS)
    assert list(found.columns.values()) == columns


def test_a_prefix_that_was_found_is_said():
    assert said(find_item_columns(prefixed("hoos_"), "hoos"), "note") == [
        "the prefix of the item columns is taken to be 'hoos_'. Give it if it is another."
    ]
    assert not find_item_columns(prefixed("hoos_"), "hoos", "hoos_").findings


def test_the_instruments_own_name_goes_before_other_prefixes():
    assert find_item_columns(["eq_pain", "nprs_pain"], "nprs").columns == {"pain": "nprs_pain"}


def test_several_prefixes_that_fit_are_named():
    assert said(find_item_columns(prefixed("pre_") + prefixed("post_"), "hoos")) == [
        "several prefixes fit the item columns. Give the prefix, one of post_, pre_."
    ]


def test_columns_with_the_prefix_that_are_no_items_are_left_out_with_a_note():
    found = find_item_columns([*prefixed("hoos_"), "hoos_total", "hoos_date"], "hoos", "hoos_")
    assert said(found) == []
    assert said(found, "note") == [
        "columns with the prefix that are no items of hoos are left out. Left out: hoos_total, hoos_date."
    ]


@pytest.mark.parametrize("written", ["hoos_p01", "HOOS_P01", "hoos_p_1", "hoosp1"])
def test_only_another_spelling_of_an_item_is_suggested(written):
    columns = [written, *(name for name in prefixed("hoos_") if name != "hoos_p1"), "hoos_pa"]
    found = find_item_columns(columns, "hoos", "hoos_")
    assert [item.field for item in found.findings] == [written]
    assert said(found) == ["the column is not named as an item of hoos. Rename it to 'hoos_p1'."]


def test_all_items_with_leading_zeros_are_answered_one_by_one():
    columns = [f"hoos_p{k:02}" for k in range(1, 6)]
    found = find_item_columns(columns, "hoos")
    assert [item.field for item in found.findings.errors] == columns


def test_an_item_with_two_columns_is_refused():
    assert said(find_item_columns([*prefixed("hoos_"), "HOOS_P1"], "hoos", "hoos_")) == [
        "an item has two columns. Keep one of hoos_p1, HOOS_P1."
    ]


@pytest.mark.parametrize(
    ("columns", "asked", "meant"),
    [
        (prefixed("hoos_"), "womac", "hoos"),  # p1 to p5 and s1, s2 are codes of both
        (prefixed("hoos_"), "lefs", "hoos"),
        (prefixed("x_"), "hagos", "hoos"),
        (prefixed("", load_instrument("ihot_33").items), "ihot_12", "ihot_33"),
        (prefixed("h_", load_instrument("hagos").items), "hoos", "hagos"),
    ],
)
def test_items_of_another_instrument_are_told(columns, asked, meant):
    ((told),) = said(find_item_columns(columns, asked))
    assert told.startswith(f"the item columns are not those of {asked}, and look like items of {meant}.")


def test_a_part_of_an_instrument_is_not_another():
    found = find_item_columns(prefixed("", HOOS[:20]), "hoos")
    assert said(found) == []
    assert said(found, "warning")[0].startswith("20 of the 40 items of hoos have no column")


def test_an_item_without_a_column_is_a_warning():
    found = find_item_columns([name for name in prefixed("hoos_") if name != "hoos_q4"], "hoos", "hoos_")
    assert said(found, "warning") == ["1 of the 40 items of hoos have no column. Taken as unanswered: q4."]


def test_a_table_without_items_or_keys_is_refused():
    wide = pd.DataFrame({"participant_id": ["a"], "age": [50]})
    with pytest.raises(DataError, match="no column is named after an item of hoos") as raised:
        items_from_wide(wide, "hoos")
    assert "visit: the table lacks this key" in str(raised.value)


def test_items_in_capitals_become_codes():
    wide = pd.DataFrame({"participant_id": ["a"], "visit": ["v"], "source_row": [2], "HOOS_Q1": [1], "HOOS_Q2": [3]})
    long = items_from_wide(wide, "hoos")
    assert long[["item", "value", "source_row"]].to_numpy().tolist() == [["q1", 1, 2], ["q2", 3, 2]]
