"""What holds for any answers to any instrument."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from coxa.instruments import instrument_names, load_instrument, score
from tests.sizes import few

FLOAT_NOISE = 1e-9  # means of up to 33 answers, scaled to 100
FALLING_FORMULAS = ("mean_to_percent_reversed", "points")  # the worst answer has the highest code
EXAMPLES = settings(max_examples=few(18, 60), deadline=None)


@st.composite
def answered(draw, missing=True):
    """Draw an instrument, a version and one participant's answers to it, some left out."""
    instrument = load_instrument(draw(st.sampled_from(instrument_names())))
    version = draw(st.sampled_from(tuple(instrument.versions)))
    spans = [instrument.item_range(code, version) for code in instrument.items]
    values = [
        float(draw(st.integers(int(span.low), int(span.high))))
        if span.integer
        else draw(st.floats(span.low, span.high))
        for span in spans
    ]
    kept = draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))) if missing else []
    values = [value if keep else np.nan for value, keep in zip(values, kept or [True] * len(values), strict=True)]
    items = pd.DataFrame({"participant_id": "a", "visit": "v", "item": instrument.items, "value": values})
    return instrument, version, items


@EXAMPLES
@given(answered())
def test_a_score_lies_in_its_range_or_has_a_reason(drawn):
    instrument, version, items = drawn
    scored = score(items, instrument, version=version)
    has = scored["value"].notna()
    assert (scored["reason"].isna() == has).all()
    assert (scored["value"][has] >= scored["range_low"][has] - FLOAT_NOISE).all()
    assert (scored["value"][has] <= scored["range_high"][has] + FLOAT_NOISE).all()


@EXAMPLES
@given(answered(), st.randoms(use_true_random=False))
def test_a_score_does_not_depend_on_the_order_of_rows(drawn, random):
    instrument, version, items = drawn
    order = list(range(len(items)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(
        score(items, instrument, version=version), score(items.iloc[order], instrument, version=version)
    )


@EXAMPLES
@given(answered())
def test_leaving_an_answer_empty_is_leaving_its_row_out(drawn):
    instrument, version, items = drawn
    answers = items.dropna(subset="value")
    if len(answers):
        pd.testing.assert_frame_equal(
            score(items, instrument, version=version), score(answers, instrument, version=version)
        )


@EXAMPLES
@given(answered(), st.data())
def test_losing_an_answer_never_makes_a_score(drawn, data):
    instrument, version, items = drawn
    before = score(items, instrument, version=version)
    lost = data.draw(st.integers(0, len(items) - 1))
    fewer = items.assign(value=items["value"].where(np.arange(len(items)) != lost))
    after = score(fewer, instrument, version=version)
    if not instrument.chosen_by_participant:  # there an activity never answered is not on the list
        assert not (before["value"].isna() & after["value"].notna()).any()
    assert not after["value"][after["items_answered"] == 0].notna().any()


@EXAMPLES
@given(answered(missing=False), st.data())
def test_a_score_follows_each_item_in_the_stated_direction(drawn, data):
    instrument, version, items = drawn
    code = data.draw(st.sampled_from(instrument.items))
    span = instrument.item_range(code, version)
    ends = {end: items.assign(value=items["value"].where(items["item"] != code, end)) for end in (span.low, span.high)}
    low, high = (score(frame, instrument, version=version).set_index("scale") for frame in ends.values())
    for name, scale in instrument.scales.items():
        inner = next((instrument.scales[part] for part in scale.of if code in instrument.scale_items(part)), scale)
        rise = high["value"][name] - low["value"][name]
        if code not in instrument.scale_items(name):
            assert rise == 0
        elif (inner.formula in FALLING_FORMULAS) != (code in inner.reversed):
            assert rise < 0
        else:
            assert rise > 0
