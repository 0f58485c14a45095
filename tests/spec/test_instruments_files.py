"""Every instrument file agrees with itself, and a malformed one says which key is wrong."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.instruments import InstrumentError, instrument_names, load_instrument, parse_instrument, score

FLOAT_NOISE = 1e-9  # decimal ends (100.1) against binary sums

# What the instruments are, written down apart from their files: (items, scales).
EXPECTED = {
    "ases_8": (8, ("total",)),
    "ears": (6, ("total",)),
    "eq_5d_5l": (6, ("level_sum", "vas")),
    "groc": (1, ("change",)),
    "hagos": (37, ("symptoms", "pain", "adl", "sport", "participation", "qol")),
    "hip_rsi": (6, ("total",)),
    "hoos": (40, ("pain", "symptoms", "adl", "sport", "qol")),
    "hoos_12": (12, ("pain", "function", "qol", "summary")),
    "hos": (28, ("adl", "sport")),
    "ihot_12": (12, ("total",)),
    "ihot_33": (33, ("total",)),
    "lefs": (20, ("total",)),
    "mhhs": (8, ("total",)),
    "nprs": (1, ("pain",)),
    "ohs": (12, ("total",)),
    "pcs": (13, ("rumination", "magnification", "helplessness", "total")),
    "pseq": (10, ("total",)),
    "psfs": (5, ("mean",)),
    "sas_2": (15, ("somatic", "worry", "concentration", "total")),
    "tsk_11": (11, ("total",)),
    "tsk_17": (17, ("total",)),
    "ucla": (1, ("activity",)),
    "vas": (1, ("pain",)),
    "womac": (24, ("pain", "stiffness", "function", "total")),
}

LOWER_IS_BETTER = {
    ("eq_5d_5l", "level_sum"),
    ("nprs", "pain"),
    ("vas", "pain"),
    ("tsk_11", "total"),
    ("tsk_17", "total"),
    *(("sas_2", scale) for scale in EXPECTED["sas_2"][1]),
    *(("pcs", scale) for scale in EXPECTED["pcs"][1]),
    *(("womac", scale) for scale in EXPECTED["womac"][1]),
}

MINIMAL = """
name: drawn
label: A drawn instrument
numbering: x1 to x3
licence: {holder: nobody, terms: none, confirmed: true, source: drawn for this test}
sources: [drawn for this test]
versions:
  only: {label: the only one}
items:
  x: {count: 3, range: [0, 4]}
scales:
  total: {label: Total, items: [x], formula: sum, range: [0, 12], higher_is_better: true}
default_rule: complete
missing_rules:
  complete: {label: every item, least: all, citation: drawn for this test, confirmed: true}
"""


def test_the_instruments_that_ship_are_these():
    assert instrument_names() == tuple(sorted(EXPECTED))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_items_and_scales_of(name):
    instrument = load_instrument(name)
    assert instrument.name == name
    assert (len(instrument.items), tuple(instrument.scales)) == EXPECTED[name]
    assert len(set(instrument.items)) == len(instrument.items)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_scales_of_items_share_no_item_and_leave_out_only_the_unscored(name):
    instrument = load_instrument(name)
    used = [
        code for scale, written in instrument.scales.items() if written.items for code in instrument.scale_items(scale)
    ]
    assert sorted((*used, *instrument.unscored)) == sorted(instrument.items)
    for scale, written in instrument.scales.items():
        assert set(written.reversed) <= set(instrument.scale_items(scale))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_direction_and_source_of(name):
    instrument = load_instrument(name)
    for scale, written in instrument.scales.items():
        assert written.higher_is_better is ((name, scale) not in LOWER_IS_BETTER)
    assert all(instrument.sources)
    assert all(rule.citation for rule in instrument.missing_rules.values())
    assert all(rule.note for rule in instrument.missing_rules.values() if not rule.confirmed)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_range_is_what_scoring_gives_at_the_extremes_of(name):
    instrument = load_instrument(name)
    for version in instrument.versions:
        for scale in instrument.scales:
            ranges = {code: instrument.item_range(code, version) for code in instrument.items}
            turned = {code for written in instrument.scales.values() for code in written.reversed}
            rows = [
                ("a", end, code, getattr(span, other if code in turned else end))
                for code, span in ranges.items()
                for end, other in (("low", "high"), ("high", "low"))
            ]
            items = pd.DataFrame(rows, columns=["participant_id", "visit", "item", "value"])
            found = score(items, instrument, version=version, scales=scale)
            ends = found["range_low"].iloc[0], found["range_high"].iloc[0]
            np.testing.assert_allclose(sorted(found["value"]), ends, atol=FLOAT_NOISE)


def test_no_file_holds_a_question():
    for name in instrument_names():
        text = files("coxa.instruments").joinpath("data").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        assert "?" not in text, name


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(OptionError, match="did you mean ihot_12"):
        load_instrument("ihot12")
    with pytest.raises(OptionError, match=r'no scale of hoos "pian".*did you mean pain'):
        load_instrument("hoos").scale("pian")


def test_several_versions_are_not_guessed_between():
    with pytest.raises(OptionError, match="`version`, one of lk, vas, nrs"):
        load_instrument("womac").scale("pain")
    assert load_instrument("womac").scale("pain", "vas").high == 500


def test_scale_carries_what_a_table_or_a_plot_needs():
    scale = load_instrument("hoos").scale("pain")
    assert (scale.label, scale.low, scale.high, scale.unit) == ("Pain", 0, 100, "points")
    assert scale.items == tuple(f"p{k}" for k in range(1, 11))
    assert (scale.higher_is_better, scale.default_rule, scale.confirmed) == (True, "2013", True)


def test_a_new_instrument_is_one_document():
    drawn = parse_instrument(MINIMAL, "drawn.yaml")
    items = pd.DataFrame({"participant_id": "a", "visit": "v", "item": ["x1", "x2", "x3"], "value": [1, 2, 4]})
    assert score(items, drawn)["value"].tolist() == [7.0]


@pytest.mark.parametrize(
    ("written", "instead", "key", "message"),
    [
        ("label: A drawn instrument", "", "label", "Field required"),
        ("numbering:", "colour: red\nnumbering:", "colour", "Extra inputs are not permitted"),
        ("formula: sum", "formula: median", "scales.total.formula", "Input should be"),
        ("formula: sum", "formula: sum_of_scales", "scales.total.formula", "There is no formula of this kind"),
        ("items: [x]", "items: [y]", "scales.total.items", 'no item or stem "y"'),
        ("items: [x]", "items: [x1, x2]", "scales", "item 'x3' belongs to one scale"),
        ("range: [0, 12]", "range: [0, 10]", "scales.total.range", "the formula gives 0 to 12"),
        ("range: [0, 4]", "range: [4, 4]", "items.x.range", "from low to high"),
        ("formula: sum", "formula: sum, reversed: [x4]", "scales.total.reversed", "There is no item of the scale"),
        ("formula: sum", "formula: points", "scales.total.points", "every item of the scale has a table"),
        ("default_rule: complete", "default_rule: half", "default_rule", 'no missing rule "half"'),
        ("least: all", "least: {total: 4}", "missing_rules.complete.least.total", "between 1 and the 3 items"),
        ("least: all", "least: {sum: 1}", "missing_rules.complete.least", "one number for each scale"),
    ],
)
def test_a_malformed_file_names_itself_and_the_key(written, instead, key, message):
    assert written in MINIMAL
    with pytest.raises(InstrumentError) as raised:
        parse_instrument(MINIMAL.replace(written, instead), "drawn.yaml")
    findings = list(raised.value.findings)
    assert key in [finding.field for finding in findings]
    assert "drawn.yaml" in str(raised.value)
    assert message in str(raised.value)


def test_text_that_is_not_yaml_names_the_line():
    text = MINIMAL + "name: twice\n"
    with pytest.raises(InstrumentError, match=r"drawn\.yaml is not valid YAML") as raised:
        parse_instrument(text, "drawn.yaml")
    (finding,) = raised.value.findings
    assert finding.row == len(text.splitlines())
    assert "duplicate key" in finding.rule
