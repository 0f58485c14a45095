"""Scores of drawn answers, with the expected values written out."""

import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.instruments import items_from_wide, load_instrument, score, womac_from_hoos

EXACT = 1e-10  # closed forms


def answers(values, participant="a", visit="baseline"):
    """Return a long item table from {item: answer}."""
    return pd.DataFrame(
        {"participant_id": participant, "visit": visit, "item": list(values), "value": list(values.values())}
    )


def numbered(stem, *values):
    return {f"{stem}{k}": value for k, value in enumerate(values, start=1)}


def one(items, instrument, scale, **options):
    """Return the only row of a score."""
    (row,) = score(items, instrument, scales=scale, **options).itertuples()
    return row


@pytest.mark.parametrize("scale", ["pain", "symptoms", "adl", "sport", "qol"])
def test_hoos_all_answers_in_the_middle_is_fifty(scale):
    codes = load_instrument("hoos").scale(scale).items
    assert one(answers(dict.fromkeys(codes, 2)), "hoos", scale).value == 50.0


def test_hoos_pain_with_half_the_items_is_scored_and_with_fewer_is_not():
    five = one(answers(numbered("p", 1, 1, 1, 1, 1)), "hoos", "pain")
    assert (five.value, five.items_answered, five.items_expected) == (75.0, 5, 10)
    assert pd.isna(five.reason)
    four = one(answers(numbered("p", 1, 1, 1, 1)), "hoos", "pain")
    assert pd.isna(four.value)
    assert four.reason == "4 of 10 items answered; the rule needs 5"


def test_hoos_adl_with_nine_worst_answers_is_zero():
    assert one(answers(numbered("a", *[4] * 9)), "hoos", "adl").value == 0.0


def test_hoos_sport_with_two_of_four_answered():
    assert one(answers({"sp1": 0, "sp3": 4, "sp2": None}), "hoos", "sport").value == 50.0


@pytest.mark.parametrize(
    ("scale", "stem", "answered", "by_2013", "by_2003"),
    [
        ("pain", "p", 5, True, False),
        ("pain", "p", 8, True, True),
        ("adl", "a", 9, True, False),
        ("adl", "a", 14, True, False),
        ("adl", "a", 15, True, True),
        ("symptoms", "s", 3, True, True),
        ("symptoms", "s", 2, False, False),
        ("qol", "q", 2, True, True),
    ],
)
def test_hoos_rules_of_2013_and_2003(scale, stem, answered, by_2013, by_2003):
    items = answers(numbered(stem, *[1] * answered))
    assert (one(items, "hoos", scale, rule="2013").value == 75.0) is by_2013
    row = one(items, "hoos", scale, rule="2003")
    assert (row.value == 75.0) is by_2003
    assert row.rule == "2003"


def test_every_scale_is_scored_and_described():
    scored = score(answers(numbered("q", 0, 1, 1, 2)), "hoos")
    assert scored["scale"].tolist() == ["pain", "symptoms", "adl", "sport", "qol"]
    assert scored["value"].tolist()[-1] == 75.0
    assert scored["value"].isna().tolist() == [True] * 4 + [False]
    assert scored["items_answered"].tolist() == [0, 0, 0, 0, 4]
    assert set(scored["version"]) == {"lk_2.0"}
    assert set(scored["range_low"]) == {0.0}
    assert set(scored["range_high"]) == {100.0}
    assert scored["higher_is_better"].all()
    assert list(scored.columns) == [
        "participant_id",
        "visit",
        "instrument",
        "scale",
        "value",
        "items_answered",
        "items_expected",
        "rule",
        "version",
        "range_low",
        "range_high",
        "higher_is_better",
        "confirmed",
        "reason",
    ]


def test_hoos_12_summary_is_the_mean_of_three_scales_and_needs_all():
    all_three = {**numbered("p", 0, 0, 0, 0), **numbered("f", 2, 2, 2, 2), **numbered("q", 4, 4)}
    assert one(answers(all_three), "hoos_12", "summary").value == 50.0
    two = one(answers({**numbered("p", 0, 0, 0, 0), **numbered("q", 4, 4)}), "hoos_12", "summary")
    assert pd.isna(two.value)
    assert (two.reason, two.confirmed) == ("no score for function", False)


def test_mhhs_is_the_sum_of_points_times_one_point_one():
    best = dict.fromkeys(load_instrument("mhhs").items, 1)
    assert one(answers(best), "mhhs", "total").value == pytest.approx(100.1, abs=EXACT)
    # pain 20, limp 8, support 5, distance 5, stairs 2, shoes 2, sitting 3, transport 0 = 45 points
    drawn = {"pain": 4, "limp": 2, "support": 3, "distance": 3, "stairs": 2, "shoes_socks": 2, "sitting": 2}
    row = one(answers({**drawn, "transport": 2}), "mhhs", "total")
    assert row.value == pytest.approx(49.5, abs=EXACT)
    without = one(answers(drawn), "mhhs", "total")
    assert without.reason == "7 of 8 items answered; the rule needs 8"


def test_hos_adl_scores_seventeen_of_nineteen_items():
    items = answers({**numbered("adl_", *[3] * 17), "adl_sitting": 0, "adl_socks_shoes": 0})
    row = one(items, "hos", "adl")
    assert (row.value, row.items_expected, row.confirmed) == (75.0, 17, True)


def test_hos_score_that_rests_on_an_unconfirmed_rule_says_so():
    row = one(answers(numbered("adl_", *[3] * 14)), "hos", "adl")
    assert (row.value, row.confirmed) == (75.0, False)
    assert pd.isna(one(answers(numbered("adl_", *[3] * 13)), "hos", "adl").value)
    assert pd.isna(one(answers(numbered("adl_", *[3] * 14)), "hos", "adl", rule="complete").value)


@pytest.mark.parametrize(("level", "total"), [(1, 5), (5, 25)])
def test_eq_5d_level_sum(level, total):
    dimensions = ["mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression"]
    row = one(answers(dict.fromkeys(dimensions, level)), "eq_5d_5l", "level_sum")
    assert (row.value, row.higher_is_better) == (total, False)


def test_sums_put_the_mean_of_the_answered_items_for_the_missing():
    row = one(answers(numbered("item_", *[3] * 10)), "ohs", "total")
    assert (row.value, row.items_answered, row.confirmed) == (36.0, 10, False)
    assert one(answers(numbered("item_", *[3] * 9)), "ohs", "total").reason.startswith("9 of 12")


def test_womac_total_is_the_sum_of_its_scales_in_the_version_named():
    items = {**numbered("p", *[1] * 4), **numbered("s", 2), **numbered("f", *[3] * 17)}
    scored = score(answers(items), "womac", version="lk").set_index("scale")
    # four pain items of mean 1 make 5; one stiffness item of 2 makes 4; function 3 x 17 = 51
    assert scored["value"].to_dict() == {"pain": 5.0, "stiffness": 4.0, "function": 51.0, "total": 60.0}
    assert scored["range_high"].to_dict() == {"pain": 20, "stiffness": 8, "function": 68, "total": 96}
    assert not scored["confirmed"]["total"]
    assert scored["confirmed"]["function"]
    with pytest.raises(OptionError, match="`version`, one of lk, vas, nrs"):
        score(answers(items), "womac")


def test_womac_from_hoos_gives_the_function_identity():
    codes = load_instrument("hoos").items
    hoos = answers({code: k % 4 for k, code in enumerate(codes)})
    adl = one(hoos, "hoos", "adl").value
    womac = womac_from_hoos(hoos)
    assert len(womac) == 24
    row = one(womac, "womac", "function", version="lk")
    assert row.value == pytest.approx(68 * (100 - adl) / 100, abs=EXACT)
    # pain is the sum of HOOS p4 to p8, stiffness that of s4 and s5
    given = dict(zip(hoos["item"], hoos["value"], strict=True))
    assert one(womac, "womac", "pain", version="lk").value == sum(given[f"p{k}"] for k in range(4, 9))
    assert one(womac, "womac", "stiffness", version="lk").value == given["s4"] + given["s5"]


def test_pcs_scales_and_total():
    scored = score(answers(numbered("item_", *range(4), *[1] * 9)), "pcs").set_index("scale")["value"]
    # items 1 to 4 are 0, 1, 2, 3 and the others 1; helplessness is 1-5 and 12
    assert scored.to_dict() == {"rumination": 4, "magnification": 3, "helplessness": 8, "total": 15}


def test_womac_scores_with_gaps_are_confirmed_only_for_function():
    full = {f"{stem}{k}": 1 for stem, n in (("p", 5), ("s", 2), ("f", 17)) for k in range(1, n + 1)}
    gaps = {item: answer for item, answer in full.items() if item not in ("p1", "s1", "f1")}
    scored = score(answers(gaps), "womac", version="lk").set_index("scale")
    assert scored["value"].to_dict() == {"pain": 5, "stiffness": 2, "function": 17, "total": 24}
    assert scored["confirmed"].to_dict() == {"pain": False, "stiffness": False, "function": True, "total": False}


def test_mhhs_is_unconfirmed_for_its_factor():
    best = dict.fromkeys(("pain", "limp", "support", "distance", "stairs", "shoes_socks", "sitting", "transport"), 1)
    row = one(answers(best), "mhhs", "total")
    assert (row.value, row.confirmed) == (pytest.approx(100.1), False)


def test_tsk_17_turns_four_items_round():
    row = one(answers(numbered("item_", *[1] * 17)), "tsk_17", "total")
    assert (row.value, row.confirmed) == (13 * 1 + 4 * 4, True)


@pytest.mark.parametrize(("version", "low"), [("7_point", -3), ("11_point", -5), ("15_point", -7)])
def test_groc_range_is_that_of_its_version(version, low):
    row = one(answers({"change": low}), "groc", "change", version=version)
    assert (row.value, row.range_low, row.range_high) == (low, low, -low)


def test_ihot_leaves_out_items_that_do_not_apply():
    row = one(answers(numbered("item_", *[80.5] * 6, *[None] * 6)), "ihot_12", "total")
    assert (row.value, row.items_answered, row.confirmed) == (80.5, 6, False)


def test_psfs_is_the_mean_of_the_activities_the_participant_chose():
    items = pd.concat(
        [
            answers(numbered("activity_", 2, 3, 4)),
            answers(numbered("activity_", 6, 7, 8), visit="week_12"),
            answers(numbered("activity_", 6, None, 8), visit="week_24"),
            answers(numbered("activity_", 5), participant="b"),
        ]
    )
    scored = score(items, "psfs")
    assert scored["value"].tolist()[:2] == [3.0, 7.0]
    assert scored["items_expected"].tolist() == [3, 3, 3, 1]
    assert scored["reason"].tolist()[2] == "2 of 3 items answered; the rule needs 3"
    assert scored["value"].tolist()[3] == 5.0


def test_psfs_places_never_filled_in_are_not_activities():
    wide = pd.DataFrame(
        {
            "participant_id": ["a", "a"],
            "visit": ["baseline", "week_12"],
            "psfs_activity_1": [2, 6],
            "psfs_activity_2": [4, 8],
            "psfs_activity_3": [None, None],
        }
    )
    scored = score(items_from_wide(wide, "psfs", prefix="psfs_"), "psfs")
    assert scored["value"].tolist() == [3.0, 7.0]
    assert scored["items_expected"].tolist() == [2, 2]


def test_wide_and_long_score_alike():
    wide = pd.DataFrame({"participant_id": ["a", "b"], "visit": "baseline", "age": [50, 60]})
    wide = wide.assign(**{f"hoos_q{k}": [1, k] for k in range(1, 5)})
    long = items_from_wide(wide, "hoos", prefix="hoos_")
    assert long["item"].tolist() == ["q1", "q2", "q3", "q4"] * 2
    assert score(long, "hoos", scales="qol")["value"].tolist() == [75.0, 100 - 100 * 2.5 / 4]


def test_the_frame_that_comes_in_is_left_alone_and_other_columns_stay_out():
    items = answers(numbered("q", 1, 1, 1, 1)).assign(note="kept out")
    before = items.copy()
    scored = score(items, "hoos")
    pd.testing.assert_frame_equal(items, before)
    assert "note" not in scored


def test_other_keys_and_their_order():
    items = answers(numbered("q", 1, 1), visit="w2").rename(columns={"visit": "week"}).assign(study_id="s")
    earlier = items.assign(week="w1", value=2)
    scored = score(pd.concat([items, earlier]), "hoos", scales="qol", keys=("study_id", "participant_id", "week"))
    assert scored["week"].tolist() == ["w2", "w1"]
    assert scored["value"].tolist() == [75.0, 50.0]


def test_an_empty_table_has_no_scores():
    assert score(answers(numbered("q", 1)).iloc[:0], "hoos").empty


def test_an_unknown_rule_is_refused_with_the_list():
    with pytest.raises(OptionError, match=r'no missing rule of hoos "2012". Choose one of 2013, 2003'):
        score(answers(numbered("q", 1)), "hoos", rule="2012")


def test_self_efficacy_in_pain_is_a_sum_and_in_arthritis_a_mean():
    assert one(answers(numbered("item_", *[4] * 10)), "pseq", "total").value == 40.0
    nine = answers(numbered("item_", *[4] * 9))
    assert one(nine, "pseq", "total").reason == "9 of 10 items answered; the rule needs 10"
    assert one(nine, "pseq", "total", rule="nine_of_ten").value == 40.0
    six = one(answers(numbered("item_", 5, 6, 5, 6, 5, 6)), "ases_8", "total")
    assert (six.value, six.items_answered, six.confirmed) == (5.5, 6, True)
    assert pd.isna(one(answers(numbered("item_", 5, 6, 5, 6, 5)), "ases_8", "total").value)


def test_readiness_for_sport_needs_the_marks_of_its_form_and_is_marked_as_not_confirmed():
    form = answers(numbered("item_", 5, 6, 7, 8, 9, 10))
    with pytest.raises(OptionError, match="several versions"):
        score(form, "hip_rsi")
    marked = one(form, "hip_rsi", "total", version="0_10")
    assert marked.value == pytest.approx(75.0, abs=EXACT)
    assert one(form, "hip_rsi", "total", version="0_100").value == pytest.approx(7.5, abs=EXACT)
    assert not marked.confirmed


def test_sport_anxiety_is_three_sums_and_their_sum():
    form = answers({**numbered("so", *[1] * 5), **numbered("w", *[2] * 5), **numbered("c", *[4] * 5)})
    assert score(form, "sas_2")["value"].tolist() == [5.0, 10.0, 20.0, 35.0]
