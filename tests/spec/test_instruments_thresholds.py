"""Thresholds belong to a population and a context; the reference page is what the files say."""

from pathlib import Path

import pytest

from coxa.errors import OptionError
from coxa.instruments import instruments_document, load_instrument, threshold, thresholds

PAGE = Path(__file__).parents[2] / "docs" / "instruments.md"


def test_one_that_fits_is_given_with_its_source():
    found = threshold("hoos", "mic")
    assert (found.value, found.low, found.high, found.unit) == (None, 6, 10, "points")
    assert (found.population, found.context) == ("hip_oa", "exercise_12_weeks")
    assert "randomised trial" in found.citation


def test_the_mcid_is_refused_where_there_are_several_and_all_are_listed():
    with pytest.raises(OptionError) as raised:
        threshold("ihot_12", "mcid")
    message = str(raised.value)
    assert "several thresholds fit mcid of ihot_12" in message
    assert "mcii 14, scale=total, population=nonarthritic_hip_pain, context=nonoperative_12_months" in message
    assert "mcid 13, scale=total, population=hip_arthroscopy_patients, context=arthroscopy" in message


def test_a_context_or_population_decides():
    assert threshold("ihot_12", "mcid", context="nonoperative_12_months").value == 14
    assert threshold("ihot_12", "pass", population="fai").value == 59.5
    assert threshold("mhhs", "mcid", context="arthroscopy_5_years").value == 8.3
    assert threshold("hoos", "mcii", scale="sport").value == 13


def test_scales_with_different_values_are_not_confused():
    with pytest.raises(OptionError, match="several thresholds fit mcid of hos"):
        threshold("hos", "mcid")
    assert threshold("hos", "mcid", scale="adl").value == 9
    # published for both scales together
    assert threshold("hos", "mdc", scale="sport").value == 3


def test_what_is_not_known_is_refused_with_what_is():
    with pytest.raises(OptionError, match=r"no threshold is known for pass of hoos for context exercise"):
        threshold("hoos", "pass", context="exercise")
    with pytest.raises(OptionError, match="no threshold is known for mcid of ohs, nor any other"):
        threshold("ohs", "mcid")
    with pytest.raises(OptionError, match="unknown threshold 'mcd'"):
        threshold("hoos", "mcd")
    with pytest.raises(OptionError, match="unknown scale of hoos"):
        threshold("hoos", "mic", scale="pains")


def test_all_thresholds_as_a_table():
    table = thresholds()
    assert (table["value"].notna() | table["low"].notna()).all()
    assert table[["population", "context", "method", "citation", "evidence"]].notna().all().all()
    assert not table.duplicated(["instrument", "kind", "scale", "population", "context"]).any()
    assert len(thresholds("hos")) == 3


def test_a_threshold_lies_within_its_scale():
    for one in thresholds().itertuples():
        instrument = load_instrument(one.instrument)
        scale = instrument.scale(one.scale if isinstance(one.scale, str) else next(iter(instrument.scales)))
        for value in (one.value, one.low, one.high):
            assert not value > scale.high - min(scale.low, 0)


def test_the_committed_page_is_what_the_files_say():
    assert PAGE.read_text(encoding="utf-8") == instruments_document(), (
        "write docs/instruments.md again from coxa.instruments.instruments_document()"
    )


def test_the_page_marks_what_is_unconfirmed():
    page = instruments_document()
    (womac,) = [line for line in page.splitlines() if line.startswith("| **womac**")]
    assert "**mean_substitution**" in womac
    assert "(unconfirmed:" in womac
