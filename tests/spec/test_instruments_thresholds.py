"""Thresholds belong to a population and a context; the reference page is what the files say."""

from pathlib import Path

import pytest

from coxa.errors import OptionError
from coxa.instruments import load_instrument, threshold, thresholds
from coxa.instruments.document import instruments_document

PAGE = Path(__file__).parents[2] / "docs" / "instruments.md"


def test_one_that_fits_is_given_with_its_source():
    found = threshold("hoos", "mic", population="hip_oa")
    assert (found.value, found.low, found.high, found.unit) == (None, 6, 10, "points")
    assert (found.population, found.context) == ("hip_oa", "exercise_12_weeks")
    assert "randomised trial" in found.citation


def test_the_mcid_is_refused_where_there_are_several_and_all_are_listed():
    with pytest.raises(OptionError) as raised:
        threshold("ihot_12", "mcid")
    message = str(raised.value)
    assert "The mcid of ihot_12 differs between populations" in message
    assert "Name the population (nonarthritic_hip_pain, fai) or the context" in message
    assert "mcii 14, scale=total, population=nonarthritic_hip_pain, context=nonoperative_12_months" in message
    assert "mcid 13, scale=total, population=fai, context=arthroscopy_1_year" in message


def test_the_population_is_asked_for_though_only_one_is_known():
    with pytest.raises(OptionError) as raised:
        threshold("hoos", "pass", scale="pain")
    message = str(raised.value)
    assert "The pass of hoos for scale pain differs between populations" in message
    assert "Name the population (hip_replacement_patients) or the context" in message
    assert "pass 91, scale=pain, population=hip_replacement_patients" in message
    assert threshold("hoos", "pass", scale="pain", population="hip_replacement_patients").value == 91


def test_a_context_or_population_decides():
    assert threshold("ihot_12", "mcid", context="nonoperative_12_months").value == 14
    assert threshold("ihot_12", "pass", context="arthroscopy_2_years_uk").value == 59.5
    assert threshold("ihot_33", "pass", population="fai").value == 50
    assert threshold("mhhs", "mcid", context="arthroscopy_5_years").value == 8.3
    assert threshold("hoos", "mcii", scale="sport", population="nonarthritic_hip_pain").value == 13


def test_scales_with_different_values_are_not_confused():
    population = "hip_arthroscopy_patients"
    with pytest.raises(OptionError, match="Several thresholds fit mcid of hos"):
        threshold("hos", "mcid", population=population)
    assert threshold("hos", "mcid", scale="adl", population=population).value == 9
    # published for both scales together
    assert threshold("hos", "mdc", scale="sport", population=population).value == 3


def test_what_is_not_known_is_refused_with_what_is():
    with pytest.raises(OptionError, match=r"There is no threshold for pass of hoos for context exercise"):
        threshold("hoos", "pass", context="exercise")
    with pytest.raises(OptionError, match="There is no threshold for mcid of ucla, nor any other"):
        threshold("ucla", "mcid")
    with pytest.raises(OptionError, match='no threshold "mcd"'):
        threshold("hoos", "mcd")
    with pytest.raises(OptionError, match="There is no scale of hoos"):
        threshold("hoos", "mic", scale="pains")


def test_all_thresholds_as_a_table():
    table = thresholds()
    assert (table["value"].notna() | table["low"].notna()).all()
    assert table[["population", "context", "method", "citation", "evidence"]].notna().all().all()
    assert not table.duplicated(["instrument", "kind", "scale", "population", "context"]).any()
    assert len(thresholds("hos")) == 4


def test_a_threshold_lies_within_its_scale():
    for one in thresholds().itertuples():
        instrument = load_instrument(one.instrument)
        name = one.scale if isinstance(one.scale, str) else next(iter(instrument.scales))
        scale = instrument.scale(name, next(iter(instrument.versions)))
        for value in (one.value, one.low, one.high):
            assert not value > scale.high - min(scale.low, 0)


def test_the_committed_page_is_what_the_files_say():
    assert PAGE.read_text(encoding="utf-8") == instruments_document(), (
        "write docs/instruments.md again from coxa.instruments.document.instruments_document()"
    )


def test_the_page_marks_what_is_unconfirmed():
    page = instruments_document()
    (womac,) = [line for line in page.splitlines() if line.startswith("| **womac**")]
    assert "**mean_substitution**" in womac
    assert "(unconfirmed for pain, stiffness, total:" in womac
    (mhhs,) = [line for line in page.splitlines() if line.startswith("| **mhhs**")]
    assert "total (unconfirmed: no primary source was found for the factor 1.1" in mhhs
