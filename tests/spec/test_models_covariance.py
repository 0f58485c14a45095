"""Each covariance structure on a table small enough to see, its words, and what is asked of the data for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.covariances import COVARIANCES
from coxa.errors import DataError, OptionError
from coxa.models import fit_mmrm
from coxa.models.covariance import STRUCTURES, structure_named
from coxa.study.models.mmrm import MMRM
from tests.reference.tolerances import CLOSED_FORM
from tests.reference.trial import trial

LABELS = ["week_6", "week_12", "week_26", "week_52"]
ORDER = np.arange(4.0)
SD = np.array([1.0, 2.0, 3.0, 4.0])

# a structure, its parameters as a reader names them, and its correlation
SHAPES = {
    "csh": ({"correlation": 0.5}, [[1, 0.5, 0.5, 0.5], [0.5, 1, 0.5, 0.5], [0.5, 0.5, 1, 0.5], [0.5, 0.5, 0.5, 1]]),
    "ar1h": (
        {"correlation[neighbouring visits]": 0.5},
        [[1, 0.5, 0.25, 0.125], [0.5, 1, 0.5, 0.25], [0.25, 0.5, 1, 0.5], [0.125, 0.25, 0.5, 1]],
    ),
    "toeph": (
        {"correlation[lag 1]": 0.6, "correlation[lag 2]": 0.3, "correlation[lag 3]": 0.1},
        [[1, 0.6, 0.3, 0.1], [0.6, 1, 0.6, 0.3], [0.3, 0.6, 1, 0.6], [0.1, 0.3, 0.6, 1]],
    ),
    "adh": (
        {
            "correlation[week_6, week_12]": 0.5,
            "correlation[week_12, week_26]": 0.8,
            "correlation[week_26, week_52]": 0.25,
        },
        [[1, 0.5, 0.4, 0.1], [0.5, 1, 0.8, 0.2], [0.4, 0.8, 1, 0.25], [0.1, 0.2, 0.25, 1]],
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_structure_with_a_standard_deviation_for_each_visit(name: str) -> None:
    structure, (named, shape) = STRUCTURES[name], SHAPES[name]
    wanted = np.outer(SD, SD) * shape
    theta = structure.start(wanted, ORDER)
    np.testing.assert_allclose(structure.matrix(theta, ORDER), wanted, rtol=CLOSED_FORM)
    sds = {f"sd[{label}]": sd for label, sd in zip(LABELS, SD, strict=True)}
    assert structure.parameters(theta, ORDER, LABELS) == pytest.approx({**sds, **named})
    assert structure.count(4) == len(theta) == len(sds) + len(named)


@pytest.mark.parametrize(("one", "each"), [("cs", "csh"), ("ar1", "ar1h"), ("toep", "toeph"), ("ad", "adh")])
def test_the_same_with_one_standard_deviation(one: str, each: str) -> None:
    structure, (named, shape) = STRUCTURES[one], SHAPES[each]
    wanted = 9 * np.array(shape)
    theta = structure.start(wanted, ORDER)
    np.testing.assert_allclose(structure.matrix(theta, ORDER), wanted, rtol=CLOSED_FORM)
    assert structure.parameters(theta, ORDER, LABELS) == pytest.approx({"sd": 3, **named})


def test_a_correlation_that_fades_with_time() -> None:
    structure, weeks = STRUCTURES["sp_exp"], np.array([6.0, 12, 26, 52])
    theta = np.array([np.log(9.0), np.log(0.9 / 0.1)])
    distance = np.array([[0, 6, 20, 46], [6, 0, 14, 40], [20, 14, 0, 26], [46, 40, 26, 0]])
    np.testing.assert_allclose(structure.matrix(theta, weeks), 9 * 0.9**distance, rtol=CLOSED_FORM)
    assert structure.parameters(theta, weeks, LABELS) == pytest.approx({"sd": 3, "correlation[distance 1]": 0.9})
    both = np.stack([weeks, 2 * weeks])
    np.testing.assert_allclose(structure.matrix(theta, both)[1], 9 * 0.81**distance, rtol=CLOSED_FORM)


def test_the_parameters_of_an_unstructured_matrix() -> None:
    structure, wanted = STRUCTURES["us"], np.array([[4.0, 3.0], [3.0, 9.0]])
    named = structure.parameters(structure.start(wanted, ORDER[:2]), ORDER[:2], LABELS[:2])
    assert named == pytest.approx({"sd[week_6]": 2, "sd[week_12]": 3, "correlation[week_6, week_12]": 0.5})


@pytest.mark.parametrize("name", sorted(STRUCTURES))
def test_a_start_is_positive_definite_whatever_the_moments(name: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        noise = rng.normal(size=(5, 5))
        moments = noise @ noise.T
        start = STRUCTURES[name].start(moments, np.arange(5.0))
        assert np.linalg.eigvalsh(STRUCTURES[name].matrix(start, np.arange(5.0)))[0] > 0


def test_words_of_sas_and_of_the_plan_are_understood() -> None:
    words = {"UN": "us", "cs": "cs", "CSH": "csh", "AR(1)": "ar1", "ARH(1)": "ar1h", "TOEP": "toep", "TOEPH": "toeph"}
    for word, name in {**words, "ANTE(1)": "adh", "SP(EXP)": "sp_exp", "Heterogeneous Toeplitz": "toeph"}.items():
        assert structure_named(word).name == name
    for name, known in COVARIANCES.items():
        assert structure_named(known.long_name) is structure_named(known.sas or name) is STRUCTURES[name]


def test_a_plan_asks_for_the_same() -> None:
    asked = {"estimand": "primary", "model": "mmrm", "covariance": ["UN", "ARH(1)"], "group": "arm"}
    plan = MMRM(**asked, vcov="CR2", ddf="between-within")
    assert (plan.covariance, plan.group, plan.vcov) == (("us", "ar1h"), "arm", "CR2")
    with pytest.raises(ValueError, match="Kenward-Roger adjusts the model's standard errors, not CR2; use `ddf: satt"):
        MMRM(**asked, vcov="CR2")


# -- what the data must have -------------------------------------------------------------------------------------------


def timed() -> pd.DataFrame:
    data = trial()
    weeks = {"week_6": 6.0, "week_12": 12.0, "week_26": 26.0, "week_52": 52.0}
    return data.assign(week=data["visit"].astype(str).map(weeks))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance": "sp_exp"}, "Covariance 'sp_exp' needs the times of the visits. Name the column: time='week'."),
        (
            {"covariance": ["us", "cs"], "time": "week"},
            "`time` is 'week', which only covariance 'sp_exp' and 'sp_exp_nugget' use, not us, cs",
        ),
        ({"covariance": "cs", "visits": ["week_6"]}, "Covariance 'cs' needs two visits or more. Use 'us' with one."),
        ({"group": "arms"}, 'no column "arms". Choose one of .*; did you mean arm'),
        ({"weights": "weigth"}, 'no column "weigth". Choose one of .*; did you mean weight'),
        ({"vcov": "CR1"}, '`vcov` is "CR1". Choose one of model, CR0, CR2, CR3'),
        ({"vcov": "CR2", "ddf": "kenward-roger"}, "adjusts the covariance of the model and does not go with vcov"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fit_mmrm("change ~ arm", timed(), **options)


def test_a_weight_that_is_not_above_zero_is_named_by_row() -> None:
    data = trial()
    data.loc[2, "weight"] = 0.0
    with pytest.raises(DataError, match=r"data, row 4, weight: the weight is not a number above 0 \(found '0.0'\)"):
        fit_mmrm("change ~ visit", data, weights="weight")


def test_a_participant_in_two_groups_is_named_by_row() -> None:
    data = trial()
    data.loc[1, "sex"] = {"male": "female", "female": "male"}[data.loc[0, "sex"]]
    with pytest.raises(DataError, match="row 3, sex: the covariance group differs between the rows of the participant"):
        fit_mmrm("change ~ visit", data, group="sex")


def test_two_rows_at_one_time_are_named_by_row() -> None:
    data = timed()
    data.loc[1, "week"] = 6.0
    with pytest.raises(DataError, match="row 3, week: the participant has another row at this time"):
        fit_mmrm("change ~ visit", data, covariance="sp_exp", time="week")


def test_a_row_without_a_weight_is_left_out_with_its_reason() -> None:
    data = trial()
    data.loc[0, "weight"] = np.nan
    fit = fit_mmrm("change ~ visit", data, weights="weight")
    assert fit.left_out.iloc[0][["row", "reason"]].to_list() == [0, "weight is missing"]


# -- closed forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance", ["us", "toep", "csh"])
def test_weights_that_are_all_alike_scale_the_covariance_alone(covariance: str) -> None:
    data = trial()
    plain = fit_mmrm("change ~ arm * visit", data, covariance=covariance)
    doubled = fit_mmrm("change ~ arm * visit", data.assign(weight=2.0), covariance=covariance, weights="weight")
    assert doubled.loglik == pytest.approx(plain.loglik, rel=CLOSED_FORM)
    np.testing.assert_allclose(doubled.covariance, 2 * plain.covariance, rtol=1e-8)
    np.testing.assert_allclose(doubled.std_error, plain.std_error, rtol=1e-8)
    np.testing.assert_allclose(doubled.df, plain.df, rtol=1e-8)


@pytest.mark.parametrize("covariance", ["us", "ar1h"])
def test_a_covariance_and_a_mean_for_each_group_is_two_fits(covariance: str) -> None:
    data = trial()
    data = data[data["arm"] != "manual_therapy"]
    together = fit_mmrm("change ~ arm * visit", data, covariance=covariance, group="arm", reml=False)
    apart = {
        arm: fit_mmrm("change ~ visit", data[data["arm"] == arm], covariance=covariance, reml=False)
        for arm in ("usual_care", "exercise")
    }
    assert together.loglik == pytest.approx(sum(fit.loglik for fit in apart.values()), rel=CLOSED_FORM)
    for arm, fit in apart.items():
        np.testing.assert_allclose(together.covariance.loc[arm], fit.covariance, rtol=1e-8)
        np.testing.assert_allclose(together.correlation.loc[arm], fit.correlation, rtol=1e-8)
        sd = fit.covariance_parameters["sd[week_12]"]
        assert together.covariance_parameters[f"{arm}: sd[week_12]"] == pytest.approx(sd, rel=1e-8)


def test_equally_spaced_times_are_autoregression() -> None:
    data = trial().assign(step=lambda d: 7 * d["visit"].cat.codes.astype(float))
    spatial = fit_mmrm("change ~ arm * visit", data, covariance="SP(EXP)", time="step", ddf="kenward-roger-linear")
    stepwise = fit_mmrm("change ~ arm * visit", data, covariance="AR(1)", ddf="kenward-roger-linear")
    assert spatial.loglik == pytest.approx(stepwise.loglik, rel=CLOSED_FORM)
    np.testing.assert_allclose(spatial.covariance, stepwise.covariance, rtol=1e-8)
    np.testing.assert_allclose(spatial.std_error, stepwise.std_error, rtol=1e-8)  # without R_ij parameters do not count
    np.testing.assert_allclose(spatial.df, stepwise.df, rtol=1e-8)


def test_times_do_not_change_a_structure_that_does_not_look_at_them() -> None:
    """On a ladder with sp_exp, participants are told apart by their times; the sums are split and add up again."""
    rng = np.random.default_rng(2)
    data = timed()
    data["week"] = (data["week"] + rng.uniform(-2, 2, len(data))).round(1)
    plain = fit_mmrm("change ~ arm * visit", data, covariance="toeph", ddf="kenward-roger", group="arm")
    split = fit_mmrm(
        "change ~ arm * visit",
        data,
        covariance=["toeph", "sp_exp"],
        time="week",
        ddf="kenward-roger",
        group="arm",
    )
    assert split.structure == "toeph"
    assert split.loglik == pytest.approx(plain.loglik, rel=CLOSED_FORM)
    np.testing.assert_allclose(split.std_error, plain.std_error, rtol=1e-9)
    np.testing.assert_allclose(split.df, plain.df, rtol=1e-8)


def test_a_covariance_of_times_is_shown_at_the_mean_time_of_each_visit() -> None:
    data = timed()
    late = data["participant_id"].isin(data["participant_id"].unique()[::2]) & (data["visit"] == "week_52")
    data["week"] = data["week"] + 4.0 * late
    fit = fit_mmrm("change ~ arm * visit", data, covariance="sp_exp", time="week")
    used = data.dropna(subset=["change"]).groupby("visit", observed=True)["week"].mean()
    sd, rho = fit.covariance_parameters
    np.testing.assert_allclose(
        fit.covariance.loc["week_6", "week_52"],
        sd**2 * rho ** (used["week_52"] - used["week_6"]),
        rtol=CLOSED_FORM,
    )
