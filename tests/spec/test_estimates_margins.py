"""Non-inferiority, superiority by a margin and equivalence: the test and its limits say the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from coxa.errors import OptionError
from coxa.estimates import Estimates, adjust_multiplicity, contrast_rows, contrasts, margin_test
from coxa.estimates.margins import is_shown, simultaneous_margins
from coxa.models import fit_mmrm
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial


def difference(estimate: float, se: float = 1.0, df: float = 40.0) -> Estimates:
    return Estimates.of(
        [
            {
                "term": "difference",
                "arm": "exercise",
                "reference": "usual_care",
                "estimate": estimate,
                "std_error": se,
                "df": df,
                "method": "MMRM",
            }
        ]
    )


@pytest.mark.parametrize(
    ("kind", "estimate", "higher", "statistic"),
    [
        ("noninferiority", -1.0, True, 2.0),  # -1 is 2 above -3
        ("noninferiority", 1.0, False, 2.0),  # lower is better: 1 is 2 below 3
        ("noninferiority", 1.0, True, 4.0),
        ("superiority", 5.0, True, 2.0),
        ("superiority", -5.0, False, 2.0),
        ("superiority", 5.0, False, -8.0),
        ("equivalence", 1.0, True, 2.0),
        ("equivalence", -1.0, False, 2.0),
        ("equivalence", 4.0, True, -1.0),
    ],
)
def test_the_statistic_points_at_what_is_to_be_shown(
    kind: str, estimate: float, higher: bool, statistic: float
) -> None:
    row = margin_test(difference(estimate), 3.0, type=kind, higher_is_better=higher).frame.iloc[0]
    assert row["statistic"] == pytest.approx(statistic, rel=CLOSED_FORM)
    assert row["p_value"] == pytest.approx(stats.t.sf(statistic, 40), rel=CLOSED_FORM)
    assert (row["term"], row["estimate"]) == (kind, estimate)


def test_equivalence_is_two_one_sided_tests_and_a_90_percent_interval() -> None:
    row = margin_test(difference(1.2), 3.0, type="equivalence", higher_is_better=True).frame.iloc[0]
    above, below = stats.t.sf((1.2 + 3) / 1, 40), stats.t.cdf((1.2 - 3) / 1, 40)
    assert row["p_value"] == pytest.approx(max(above, below), rel=CLOSED_FORM)
    assert row["conf_level"] == pytest.approx(0.9)
    assert row["conf_high"] == pytest.approx(1.2 + stats.t.ppf(0.95, 40), rel=CLOSED_FORM)
    assert row["method"] == (
        "equivalence, shown: exercise and usual_care differ by less than 3 either way (higher is better; two one-sided "
        "t tests at 0.05, 90% limits); MMRM"
    )


def test_the_sentence_says_what_was_not_shown() -> None:
    row = margin_test(difference(2.5), 3.0, type="noninferiority", higher_is_better=False).frame.iloc[0]
    assert row["method"].startswith(
        "noninferiority, not shown: exercise is worse than usual_care by less than 3 (lower is"
    )
    assert row["conf_level"] == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("margin", "options", "message"),
    [
        (0.0, {"type": "noninferiority"}, "`margin` is 0.0. Give a number above 0"),
        (-2.0, {"type": "superiority"}, "`margin` is -2.0. Give a number above 0"),
        (3.0, {"type": "non-inferiority"}, "did you mean noninferiority"),
        (3.0, {"type": "equivalence", "alpha": 0.95}, "`alpha` is 0.95. Give a one-sided level"),
    ],
)
def test_what_is_no_margin_is_said(margin: float, options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        margin_test(difference(1.0), margin, higher_is_better=True, **options)


def test_only_differences_with_a_standard_error_are_tested() -> None:
    mean = Estimates.of([{"term": "marginal_mean", "estimate": 1.0}])
    with pytest.raises(OptionError, match="rows of a marginal_mean, which has no margin"):
        margin_test(mean, 3.0, type="superiority", higher_is_better=True)
    bare = Estimates.of([{"term": "difference", "estimate": 1.0}])
    with pytest.raises(OptionError, match="no standard error"):
        margin_test(bare, 3.0, type="superiority", higher_is_better=True)


def test_superiority_by_nothing_is_the_one_sided_test() -> None:
    row = margin_test(difference(2.0), 0.0, type="superiority", higher_is_better=True).frame.iloc[0]
    assert row["p_value"] == pytest.approx(stats.t.sf(2.0, 40), rel=CLOSED_FORM)


@pytest.mark.parametrize("method", ["holm", "bonferroni"])
def test_the_verdict_is_by_the_adjusted_p_value(method: str) -> None:
    """Statistics of 2.1 and 2.4 on 40 df: p 0.021 and 0.011, each below 0.025, the larger not after Holm at two."""
    both = difference(-0.9) + difference(-0.6)
    alone = margin_test(both, 3.0, type="noninferiority", higher_is_better=True)
    assert alone.frame["method"].str.startswith("noninferiority, shown: ").all()
    frame = adjust_multiplicity(alone, method, family=()).frame
    expected = {"holm": ["shown", "shown"], "bonferroni": ["not shown", "shown"]}[method]
    assert frame["method"].str.extract(r"noninferiority, (.*?): ")[0].to_list() == expected
    assert frame["method"].str.endswith(f"p by {method} over 2").all()


@pytest.mark.parametrize(
    ("kind", "margin", "adjust"),
    [
        ("noninferiority", 1.0, "dunnett"),
        ("equivalence", 4.0, "dunnett"),
        ("superiority", 0.5, "dunnett"),
        ("noninferiority", 1.0, "tukey"),
        pytest.param("equivalence", 4.0, "tukey", marks=pytest.mark.slow),
        pytest.param("superiority", 0.5, "tukey", marks=pytest.mark.slow),
    ],
)
def test_simultaneous_margin_tests_agree_with_their_limits(adjust: str, kind: str, margin: float) -> None:
    """Half the two-sided adjusted p-value; the limits are those of differences at one less twice the level."""
    fit = fit_mmrm("change ~ baseline * visit + arm * visit", trial())
    every = contrasts(fit)
    tested = margin_test(every, margin, type=kind, higher_is_better=True)
    found = simultaneous_margins(tested, fit, contrast_rows(fit), adjust).frame
    level = float(found["conf_level"].iloc[0])
    pairs = contrasts(
        fit, adjust=adjust, against="pairwise" if adjust == "tukey" else "usual_care", conf_level=level
    ).frame
    same = found.merge(pairs, on=["arm", "reference", "visit"], suffixes=("", "_of_pairs"), validate="1:1")
    assert len(same) == len(found)
    np.testing.assert_allclose(same["conf_low"], same["conf_low_of_pairs"], rtol=1e-9)
    kept = {
        "noninferiority": found["conf_low"] > -margin,
        "superiority": found["conf_low"] > margin,
        "equivalence": (found["conf_low"] > -margin) & (found["conf_high"] < margin),
    }[kind]
    assert kept.to_list() == [is_shown(row) for row in found.to_dict("records")]
    assert kept.to_list() == found["method"].str.contains(f"{kind}, shown: ", regex=False).to_list()
    assert (found["p_value"] >= tested.frame["p_value"]).all()
