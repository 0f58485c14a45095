"""A wrong kind of argument is a named error that says what is right, not a fault of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.estimates import contrasts, fit_proportions, joint_test, marginal_means
from coxa.estimates.rates import fit_rates
from coxa.models import Fit, fit_ancova, fit_batch, fit_clda, fit_lmm, fit_mmrm, fit_trials
from tests.reference.trial import trial

FRAME = "`data` is .*, not a pandas DataFrame with a row for each observation, or a frame of polars or pyarrow"
VERBS: dict[str, Callable[[Any], Any]] = {
    "fit_mmrm": lambda data: fit_mmrm("change ~ visit", data),
    "fit_lmm": lambda data: fit_lmm("change ~ visit + (1 | participant_id)", data),
    "fit_ancova": lambda data: fit_ancova("change ~ arm", data),
    "fit_clda": lambda data: fit_clda(data),
    "fit_batch": lambda data: fit_batch("change ~ visit", data, np.zeros((1, 2)), [{"Intercept": 1}]),
    "fit_trials": lambda data: fit_trials("change ~ visit", data, [{"Intercept": 1}]),
    "fit_proportions": lambda data: fit_proportions(data, "change", against="usual_care"),
    "fit_rates": lambda data: fit_rates(data, "events", "years", against="usual_care"),
}


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_mmrm("change ~ arm * visit", trial(), covariance="cs")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "data", [{"change": [1, 2]}, pd.Series([1.0]), "file.csv", 3, None], ids=lambda data: str(type(data))
)
def test_data_that_are_no_frame(verb: str, data: Any) -> None:
    with pytest.raises(OptionError, match=FRAME):
        VERBS[verb](data)


def test_chunks_that_are_no_frames() -> None:
    with pytest.raises(OptionError, match=r"The first chunk of data is .*, not a pandas DataFrame"):
        fit_mmrm("change ~ visit", [{"change": 1}])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formula": 3}, "Give text, such as "),
        ({"formula": ["change", "visit"]}, "Give text, such as "),
        ({"covariance": ["us", "bad"]}, 'no covariance structure "bad"'),
        ({"covariance": ["us", 3]}, "no covariance structure 3"),
        ({"covariance": []}, r"`covariance` is \[\]. Give a structure, such as 'us', or a list"),
        (
            {"covariance": 3},
            "`covariance` is 3. Give a structure, such as 'us', or a list of structures that are tried in order",
        ),
        ({"reml": "yes"}, r"`reml` is 'yes' \(str\), not True or False"),
        ({"group": ["arm"]}, r"`group` is \['arm'\] \(list\), not the name of a column"),
        ({"weights": 2.0}, r"`weights` is 2.0 \(float\), not the name of a column"),
        ({"visits": "week_6"}, r"`visits` is 'week_6' \(str\), not a list. Give for example visits=\['week_6'\]"),
        ({"partially_nested": "arm"}, "`partially_nested` is 'arm' .*, not a mapping, such as {'therapist': 'arm'}"),
        ({"ddf": 3}, "`ddf` is 3. Choose one of satterthwaite"),
    ],
)
def test_options_of_a_wrong_kind(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fit_mmrm(**{"formula": "change ~ visit", "data": trial(), **options})


def test_a_term_in_place_of_weights(fit: Fit) -> None:
    with pytest.raises(OptionError, match=r"use coxa.joint_test\(fit, 'arm'\)"):
        fit.joint_test("arm")
    with pytest.raises(OptionError, match="Give weights of the coefficients"):
        fit.test("arm")
    with pytest.raises(OptionError, match="Give weights of the coefficients, as numbers"):
        fit.test([["a", "b"]])


def test_estimates_of_what_is_no_fit(fit: Fit) -> None:
    for verb in (marginal_means, contrasts):
        with pytest.raises(OptionError, match=r"`fit` is .*, not a fitted model, such as fit_mmrm\(\.\.\.\)"):
            verb(trial())
        with pytest.raises(OptionError, match=r"`factor` is .*, not the name of a column of the model"):
            verb(fit, ["arm"])
        with pytest.raises(OptionError, match=r"`conf_level` is '95%' \(str\), not a number between 0 and 1"):
            verb(fit, conf_level="95%")
    with pytest.raises(OptionError, match=r"`term` is .*, not the name of a term, such as 'arm:visit'"):
        joint_test(fit, ["arm"])


# -- levels of several kinds -------------------------------------------------------------------------------------------


def mixed_visits() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [(f"s{k}", visit, 1.0, "ab"[k % 2], rng.normal()) for k in range(20) for visit in (1, 2, "12a")]
    return pd.DataFrame(rows, columns=["participant_id", "visit", "baseline", "arm", "value"])


KINDS = (
    r"Column '{}' has values of several kinds, which have no order: 1 \(int\), '\w+' \(str\). Write all of them as text"
)


def test_visits_of_several_kinds_are_named() -> None:
    data = mixed_visits()
    named = KINDS.format("visit")
    with pytest.raises(OptionError, match=named):
        fit_mmrm("value ~ visit", data)
    with pytest.raises(OptionError, match=named):
        fit_mmrm("value ~ visit", [data.iloc[:30], data.iloc[30:]])
    with pytest.raises(OptionError, match=named):
        fit_lmm("value ~ arm + (1 | participant_id)", data, covariance="ar1")
    with pytest.raises(OptionError, match=named):
        fit_clda(data)
    assert fit_mmrm("value ~ visit", data.astype({"visit": str})).sample.visits == ("1", "12a", "2")


def test_other_factors_of_several_kinds_are_named() -> None:
    data = mixed_visits().astype({"visit": str})
    data["site"] = [1 if arm == "a" else "north" for arm in data["arm"]]
    with pytest.raises(OptionError, match=KINDS.format("site")):
        fit_mmrm("value ~ visit + site", data)
    with pytest.raises(OptionError, match=KINDS.format("site")):
        fit_mmrm("value ~ visit", data, group="site")
    with pytest.raises(OptionError, match=KINDS.format("site")):
        fit_clda(data.assign(arm=data["site"]), arm="site")


# -- visits that are not one step apart --------------------------------------------------------------------------------


def never_seen() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [(f"s{k}", visit, rng.normal()) for k in range(40) for visit in "abd"]
    data = pd.DataFrame(rows, columns=["participant_id", "visit", "y"])
    return data.assign(visit=pd.Categorical(data["visit"], list("abcdef")))


@pytest.mark.parametrize("covariance", ["ar1", "ar1h", "toep", "toeph", "ad", "adh"])
def test_a_visit_that_was_never_seen_is_warned_about_where_steps_count(covariance: str) -> None:
    (warning,) = [
        text for text in fit_mmrm("y ~ visit", never_seen(), covariance=covariance).warnings if "step" in text
    ]
    assert warning.startswith("visit: no row is of c, between 'b' and 'd'; ")
    assert "counts neighbours as one step apart all the same. Use 'sp_exp'" in warning


@pytest.mark.parametrize("covariance", ["us", "cs", "csh"])
def test_a_visit_that_was_never_seen_does_not_matter_where_no_steps_count(covariance: str) -> None:
    assert not fit_mmrm("y ~ visit", never_seen(), covariance=covariance).warnings


def test_numbers_that_are_not_equally_far_apart_are_warned_about() -> None:
    data = never_seen().assign(visit=lambda frame: frame["visit"].map({"a": 6, "b": 12, "d": 26}).astype(int))
    (warning,) = fit_mmrm("y ~ visit", data, covariance="ar1").warnings
    assert warning.startswith("visit: 6, 12, 26 are not equally far apart; first-order autoregressive covariance")
    even = data.assign(visit=data["visit"].map({6: 1, 12: 2, 26: 3}))
    assert not fit_mmrm("y ~ visit", even, covariance="ar1").warnings


def test_the_residual_of_a_linear_mixed_model_counts_steps_too() -> None:
    rng = np.random.default_rng(2)
    data = never_seen().assign(clinic=lambda frame: frame["participant_id"].str[1:].astype(int) % 12)
    data["y"] += rng.normal(size=12)[data["clinic"]] + rng.normal(size=40).repeat(3)
    for formula, verb in (("y ~ visit + (1 | clinic)", fit_mmrm), ("y ~ visit + (1 | clinic)", fit_lmm)):
        option = {"covariance": "ar1"} if verb is fit_mmrm else {"covariance": "ar1", "participant": "participant_id"}
        warnings = verb(formula, data, **option).warnings
        assert [text for text in warnings if text.startswith("visit: no row is of c, between 'b' and 'd'")]
