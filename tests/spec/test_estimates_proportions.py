"""Risks, and what they differ by, against published and textbook numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.errors import DataError, FitError, OptionError
from coxa.estimates import Estimates, fit_proportions
from coxa.estimates.proportions import odds_ratio_limits, risk_ratio_limits


def table(a: int, n: int, c: int, m: int) -> pd.DataFrame:
    """Return a of n events in exercise, c of m in usual care."""
    return pd.DataFrame(
        {"arm": ["exercise"] * n + ["usual_care"] * m, "better": [1] * a + [0] * (n - a) + [1] * c + [0] * (m - c)}
    )


def one(estimates: Estimates, term: str) -> pd.Series:
    return estimates.only(term=term).frame.iloc[0]


def test_newcombes_own_example() -> None:
    """Newcombe 1998 (Statistics in Medicine 17:873-890), table II, 56/70 - 48/80, method 10: 0.0524 to 0.3339."""
    row = one(fit_proportions(table(56, 70, 48, 80), "better", against="usual_care"), "risk_difference")
    assert row["estimate"] == pytest.approx(0.2, abs=1e-12)
    assert (round(row["conf_low"], 4), round(row["conf_high"], 4)) == (0.0524, 0.3339)


def test_ratios_by_hand() -> None:
    result = fit_proportions(table(30, 50, 20, 50), "better", against="usual_care")
    ratio, odds = one(result, "risk_ratio"), one(result, "odds_ratio")
    assert ratio["estimate"] == pytest.approx(1.5)
    assert ratio["conf_high"] == pytest.approx(1.5 * np.exp(1.959963985 * np.sqrt(1 / 30 - 1 / 50 + 1 / 20 - 1 / 50)))
    assert odds["estimate"] == pytest.approx(30 * 30 / (20 * 20))
    assert odds["conf_low"] == pytest.approx(2.25 * np.exp(-1.959963985 * np.sqrt(2 / 30 + 2 / 20)))
    assert ratio["p_value"] == pytest.approx(0.0455002639)  # chi-squared of 4 on 1 df


def test_risks_carry_their_counts() -> None:
    risks = fit_proportions(table(30, 50, 20, 40), "better", against="usual_care").only(term="risk").frame
    assert risks["arm"].to_list() == ["exercise", "usual_care"]
    assert risks["estimate"].to_list() == [0.6, 0.5]
    assert risks["n_participants"].to_list() == [50, 40]
    assert risks["method"].to_list() == ["30 of 50; Wilson limits", "20 of 40; Wilson limits"]


def test_small_counts_take_fishers_test_and_an_empty_cell_score_limits() -> None:
    result = fit_proportions(table(3, 8, 0, 9), "better", against="usual_care")
    row = one(result, "odds_ratio")
    assert "Fisher's exact test" in row["method"]
    assert np.isinf(row["estimate"])
    assert np.isinf(row["conf_high"])
    assert "score limits" in row["method"]
    assert row["p_value"] == pytest.approx(56 / 680)  # both tables as extreme: C(8,3) of C(17,3)


def test_score_limits_are_the_published_ones() -> None:
    """Koopman 1984, 36/40 and 16/80; Fagerland, Lydersen & Laake 2017, chapter 4, as their R package contingencytables
    tests them: Perondi 2004 (7/34, 1/34), Ritland 2007 (0/16, 15/72), and a table of 10/10 and 0/30."""
    assert risk_ratio_limits((36, 40), (16, 80), 0.95) == pytest.approx((2.9396, 7.1522), abs=1e-4)
    assert risk_ratio_limits((7, 34), (1, 34), 0.95) == pytest.approx((1.2209, 42.5757), abs=1e-4)
    assert odds_ratio_limits((0, 16), (15, 72), 0.95) == pytest.approx((0.0, 0.9532), abs=1e-4)
    assert odds_ratio_limits((10, 10), (0, 30), 0.95) == (pytest.approx(81.6504, abs=1e-3), np.inf)


@pytest.mark.parametrize("n", [1, 5, 12, 80])
@pytest.mark.parametrize("m", [1, 7, 12, 250])
def test_score_limits_leave_out_one_where_pearsons_test_is_significant(n: int, m: int) -> None:
    for a, c in product({0, 1, n // 2, n - 1, n}, {0, 1, m // 2, m - 1, m}):
        if a + c in (0, n + m):
            continue
        test = stats.chi2_contingency([[a, n - a], [c, m - c]], correction=False)
        for limits in (risk_ratio_limits, odds_ratio_limits):
            low, high = limits((a, n), (c, m), 0.95)
            assert (low > 1 or high < 1) == (test.pvalue < 0.05)


def test_a_risk_ratio_without_variance_is_not_certain() -> None:
    """12 of 12 in both arms: the difference may be 24 points either way, and the ratio 0.76 to 1.32."""
    result = fit_proportions(table(12, 12, 12, 12), "better", against="usual_care")
    ratio, odds = one(result, "risk_ratio"), one(result, "odds_ratio")
    assert (ratio["conf_low"], ratio["conf_high"]) == pytest.approx((0.7575, 1.3201), abs=1e-4)
    assert np.isnan(odds[["estimate", "conf_low", "conf_high"]].astype(float)).all()
    assert odds["warning"] == "no odds ratio: both risks are 1"


def test_no_event_at_all() -> None:
    result = fit_proportions(table(0, 8, 0, 9), "better", against="usual_care")
    assert one(result, "risk_difference")["p_value"] == 1
    assert np.isnan(one(result, "risk_ratio")["estimate"])
    assert one(result, "risk_ratio")["warning"] == "no risk ratio: both risks are 0"


def test_a_table_whose_numbers_do_not_agree_says_so() -> None:
    said = fit_proportions(table(30, 50, 20, 50), "better", against="usual_care").frame["warning"]
    assert said.iloc[2:].unique().tolist() == [
        "at this level a difference is shown by p-value, risk difference, odds ratio, not by risk ratio; each rests on "
        "its own approximation"
    ]
    assert (fit_proportions(table(40, 50, 20, 50), "better", against="usual_care").frame["warning"] == "").all()


def test_rows_left_out_are_counted() -> None:
    data = table(3, 8, 2, 9).assign(better=lambda d: d["better"].where(d.index != 0))
    assert set(fit_proportions(data, "better", against="usual_care").frame["warning"]) == {
        "1 rows without better or arm left out"
    }


def test_what_is_refused() -> None:
    data = table(3, 8, 2, 9)
    with pytest.raises(FitError, match=r"has other values than 0 and 1: \[2.0\]"):
        fit_proportions(data.assign(better=2), "better", against="usual_care")
    with pytest.raises(OptionError, match=r'`against` is "usual".*did you mean usual_care'):
        fit_proportions(data, "better", against="usual")
    with pytest.raises(OptionError, match=r'no column "beter".*did you mean better'):
        fit_proportions(data, "beter", against="usual_care")
    with pytest.raises(FitError, match="Every row is of arm 'usual_care', so that there is nothing to compare"):
        fit_proportions(data[data["arm"] == "usual_care"], "better", against="usual_care")
    with pytest.raises(DataError, match="rows 2, 3 have the same participant_id"):
        fit_proportions(data.assign(participant_id=[1, 1, *range(2, 17)]), "better", against="usual_care")
