"""Reliability, agreement, important and reliable change against numbers computed elsewhere (`measurement.json`)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import pytest

from coxa.measurement import (
    bland_altman,
    clinical_cutoffs,
    cronbach_alpha,
    important_change,
    intraclass_correlation,
    reliable_change,
)
from coxa.measurement.reliability import _agreement, _consistency, _one_way

EXPECTED = json.loads((Path(__file__).parent / "measurement.json").read_text(encoding="utf-8"))
TABLE = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
"""Shrout & Fleiss 1979, table 2."""
CLOSE = 1e-9
"""Both sides are closed forms in double precision; the reference has 12 digits."""
FORMS = {"ICC1": "ICC(1,1)", "ICC2": "ICC(2,1)", "ICC3": "ICC(3,1)",
         "ICC1k": "ICC(1,k)", "ICC2k": "ICC(2,k)", "ICC3k": "ICC(3,k)"}  # fmt: skip


@pytest.mark.parametrize(("key", "form"), FORMS.items())
def test_intraclass_correlations_of_shrout_and_fleiss(key, form):
    row = intraclass_correlation(TABLE).frame.set_index("form").loc[form]
    assert row[["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
        EXPECTED["shrout_fleiss"][key], abs=CLOSE
    )


def test_measurement_error_of_shrout_and_fleiss():
    found, expected = intraclass_correlation(TABLE), EXPECTED["shrout_fleiss"]
    assert found.sem_agreement == pytest.approx(expected["SEM_agreement"], abs=CLOSE)
    assert found.sem_consistency == pytest.approx(expected["SEM_consistency"], abs=CLOSE)
    assert found.sdc_agreement == pytest.approx(expected["SDC95_agreement"], abs=CLOSE)
    assert found.sdc_consistency == pytest.approx(expected["SDC95_consistency"], abs=CLOSE)


def test_a_column_variance_below_zero_is_not_truncated():
    """Weir 2005, set A, by its mean squares: agreement is above consistency."""
    weir = EXPECTED["weir_A"]
    rows, columns, error, n, k = weir["MSR"], weir["MSC"], weir["MSE"], 8, 2
    within = (columns * (k - 1) + error * (n - 1) * (k - 1)) / (n * (k - 1))
    for made, key in (
        (_one_way(rows, within, n, k, 0.95)[0], "ICC1"),
        (_agreement(rows, columns, error, n, k, 0.95)[0], "ICC2"),
        (_consistency(rows, error, n, k, 0.95)[0], "ICC3"),
    ):
        assert [made["estimate"], made["conf_low"], made["conf_high"]] == pytest.approx(weir[key], abs=CLOSE)
    assert np.sqrt(error + (columns - error) / n) == pytest.approx(weir["SEM_agreement"], abs=CLOSE)


def test_pingouin_gives_the_same_coefficients():
    long = pd.DataFrame(TABLE).melt(ignore_index=False, var_name="rater", value_name="score").reset_index()
    theirs = pingouin.intraclass_corr(long, targets="index", raters="rater", ratings="score").set_index("Type")["ICC"]
    ours = intraclass_correlation(TABLE).frame["estimate"].to_numpy()
    np.testing.assert_allclose(ours, theirs.to_numpy(), atol=1e-8)


def test_alpha_is_the_consistency_of_the_mean_with_its_limits():
    found, row = cronbach_alpha(TABLE), intraclass_correlation(TABLE).frame.set_index("form").loc["ICC(3,k)"]
    assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(
        (row["estimate"], row["conf_low"], row["conf_high"]), abs=CLOSE
    )


def pairs():
    data = EXPECTED["agreement"]
    return data["x"], data["y"], data["id"]


def test_agreement_of_a_constant_true_value():
    x, y, whose = pairs()
    found, expected = bland_altman(x, y, participant=whose), EXPECTED["agreement"]["constant_true"]
    assert (found.bias, found.sd) == pytest.approx((expected["bias"], expected["sd"]), abs=CLOSE)
    assert (found.lower, found.upper) == pytest.approx(expected["loa"], abs=CLOSE)
    assert found.upper_limits == pytest.approx(expected["upper_ci"], abs=1e-8)
    assert found.lower_limits == pytest.approx(expected["lower_ci"], abs=1e-8)


def test_agreement_of_a_varying_true_value():
    x, y, whose = pairs()
    found = bland_altman(x, y, participant=whose, repeated="varying")
    expected = EXPECTED["agreement"]["varying_true_anova"]
    assert (found.bias, found.sd) == pytest.approx((expected["bias_obs"], expected["sd"]), abs=CLOSE)
    assert (found.lower, found.upper) == pytest.approx(expected["loa"], abs=CLOSE)


def test_reml_of_a_varying_true_value_is_that_of_a_mixed_model():
    from statsmodels.regression.mixed_linear_model import MixedLM

    x, y, whose = pairs()
    d = np.array(x) - np.array(y)
    found = bland_altman(x, y, participant=whose, repeated="varying_reml")
    fit = MixedLM(d, np.ones((len(d), 1)), groups=whose).fit(reml=True)
    assert found.bias == pytest.approx(float(fit.params[0]), abs=1e-5)
    assert found.sd**2 == pytest.approx(float(fit.scale + fit.cov_re[0, 0]), rel=1e-4)


def test_important_change_of_the_reference():
    data = EXPECTED["mic"]
    expected, roc = data["predictive"], data["roc"]
    for reliability, adjusted in expected["mic_iadj_2022"].items():
        found = important_change(data["change"], data["improved"], anchor_reliability=float(reliability))
        assert found.estimate("adjusted_2022") == pytest.approx(adjusted, abs=1e-8)
    assert found.estimate("predictive") == pytest.approx(expected["mic_pred"], abs=1e-8)
    assert found.estimate("adjusted_2017") == pytest.approx(expected["mic_adj_2017"], abs=1e-8)
    assert found.estimate("mean_change") == pytest.approx(data["groups"]["imp"], abs=CLOSE)
    assert found.estimate("roc") == roc["cut_youden"][0]
    assert (found.auc, found.auc_std_error) == pytest.approx((roc["auc"], roc["auc_delong_se"]), abs=CLOSE)
    assert (found.sensitivity, found.specificity) == pytest.approx((roc["sens"][0], roc["spec"][0]), abs=CLOSE)
    assert (found.improved, found.correlation) == pytest.approx((expected["prop"], expected["cor"]), abs=CLOSE)


def test_reliable_change_of_jacobson_and_truax():
    known = EXPECTED["change"]["jacobson_truax"]
    found = reliable_change([known["pre"]], [known["post"]], sd=known["s_dys"], reliability=known["rxx"],
                            higher_is_better=True, cutoff=known["c"])  # fmt: skip
    assert found.std_error == pytest.approx(known["Sdiff"], abs=CLOSE)
    assert found.frame["index"].iloc[0] == pytest.approx(known["RC"], abs=CLOSE)
    assert found.threshold == pytest.approx(known["threshold_exact"], abs=CLOSE)
    cutoffs = clinical_cutoffs(known["M_dys"], known["s_dys"], known["M_norm"], known["s_norm"], higher_is_better=True)
    assert cutoffs == {name: known[name] for name in "abc"}


def test_cutoffs_of_unequal_spreads():
    known = EXPECTED["change"]["jacobson_truax_unequal"]
    cutoffs = clinical_cutoffs(known["M_dys"], known["s_dys"], known["M_norm"], known["s_norm"], higher_is_better=True)
    assert cutoffs == pytest.approx({name: known[name] for name in "abc"}, abs=CLOSE)
