"""Weights for dropout: the models of who stays, and the estimates with them, plain and augmented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.errors import FitError, OptionError
from coxa.estimates import contrasts, marginal_means
from coxa.impute import analyse_augmented, analyse_weighted, fit_dropout
from coxa.models import fit_ancova
from tests.sizes import few
from tests.spec.impute_trial import VISITS, trial


def informative(n: int, seed: int, *, curved: bool = False) -> pd.DataFrame:
    """Draw a trial without an effect whose dropout goes by arm and the visit before; `curved` outcomes are no line."""
    rng = np.random.default_rng(seed)
    arm, base = np.arange(n) % 2, rng.normal(size=n)
    first = base + rng.normal(size=n)
    bent = first**2 if curved else first
    second = bent + rng.normal(size=n)
    slope = np.where(arm == 1, 0.7, -0.7)
    second[rng.random(n) < 1 / (1 + np.exp(-(slope * first - 0.7)))] = np.nan
    return pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 2),
            "visit": ["one", "two"] * n,
            "arm": np.repeat(np.where(arm, "b", "a"), 2),
            "base": np.repeat(base, 2),
            "y": np.column_stack([first, second]).ravel(),
        }
    )


def difference(frame: pd.DataFrame) -> pd.Series:
    return frame[frame["term"] == "difference"].iloc[0]


def test_each_model_of_staying_is_the_logistic_regression_of_statsmodels() -> None:
    d = informative(300, 1)
    fitted = fit_dropout(d, "y", ["base"])
    wide = d.pivot(index="participant_id", columns="visit", values="y")
    base = d.groupby("participant_id")["base"].first()
    for code in (0, 1):
        own = fitted.arm == code
        x = sm.add_constant(np.column_stack([base[own], wide["one"][own]]))
        logit = sm.Logit(wide["two"][own].notna().astype(float), x).fit(disp=0)
        assert fitted.probability[own, 1] == pytest.approx(logit.predict(x), rel=1e-7)


def test_the_table_tells_how_the_models_fit() -> None:
    d = informative(400, 2)
    table = fit_dropout(d, "y", ["base"]).table
    assert table["n_at_risk"].tolist() == [200] * 4
    assert table["n_left"].tolist()[::2] == [0, 0]
    assert (table["n_left"].iloc[[1, 3]] == [d[(d["arm"] == a) & d["y"].isna()].shape[0] for a in "ab"]).all()
    assert table["auc"].iloc[[1, 3]].between(0.65, 0.95).all()
    # Weights of those who stay add up to about all.
    staying = table["n_at_risk"] - table["n_left"]
    assert (table["mean_weight"] * staying).to_numpy() == pytest.approx(table["n_at_risk"].to_numpy(), rel=0.06)
    assert (table["effective_n"] <= staying).all()


def test_without_dropout_both_are_ancova_in_each_arm() -> None:
    d = trial(missing=0.0)
    fitted = fit_dropout(d, "change", ["baseline"], visits=VISITS)
    ancova = fit_ancova("change ~ baseline * arm", d, at_visit="week_26")
    expected = difference(contrasts(ancova, "arm", averaging="counterfactual").frame)["estimate"]
    means = marginal_means(ancova, "arm", averaging="counterfactual").frame["estimate"]
    for analysis in (analyse_weighted, analyse_augmented):
        frame = analysis(fitted).frame
        assert difference(frame)["estimate"] == pytest.approx(expected, rel=1e-9)
        assert frame["estimate"].iloc[:2].tolist() == pytest.approx(means.tolist(), rel=1e-9)


def test_the_augmented_mean_of_one_visit_is_its_formula() -> None:
    d = trial(200, missing=0.0)
    last = d[d["visit"] == "week_26"].reset_index(drop=True)
    rng = np.random.default_rng(3)
    last.loc[rng.random(len(last)) < 0.3, "change"] = np.nan
    fitted = fit_dropout(last, "change", ["baseline"], visits=["week_26"])
    for code, arm in enumerate(("usual", "exercise")):
        own = last[last["arm"] == arm]
        seen = own.dropna(subset="change")
        line = np.polynomial.polynomial.polyfit(seen["baseline"], seen["change"], 1)
        x = sm.add_constant(own["baseline"])
        chance = sm.Logit(own["change"].notna().astype(float), x).fit(disp=0).predict(x)
        every = line[0] + line[1] * last["baseline"]
        left = ((own["change"] - line[0] - line[1] * own["baseline"]) / chance).fillna(0)
        assert analyse_augmented(fitted).frame["estimate"].iloc[code] == pytest.approx(every.mean() + left.mean())


@pytest.mark.parametrize("curved", [False, True])
def test_dropout_by_what_was_seen_before_is_corrected(curved: bool) -> None:
    """The difference is 0: complete cases are far from it, weights are not, also where the outcome is not linear."""
    replicates = few(25, 400)
    found: dict[str, list[float]] = {"cases": [], "weighted": [], "augmented": []}
    errors: dict[str, list[float]] = {"weighted": [], "augmented": []}
    for seed in range(replicates):
        d = informative(300, 100 + seed, curved=curved)
        fitted = fit_dropout(d, "y", ["base"])
        cases = d[d["visit"] == "two"].groupby("arm")["y"].mean()
        found["cases"].append(cases["b"] - cases["a"])
        for name, analysis in (("weighted", analyse_weighted), ("augmented", analyse_augmented)):
            row = difference(analysis(fitted).frame)
            found[name].append(row["estimate"])
            errors[name].append(row["std_error"])
    assert curved or abs(np.mean(found["cases"])) > 0.4
    for name in ("weighted", "augmented"):
        spread = np.std(found[name])
        assert abs(np.mean(found[name])) < 3.5 * spread / np.sqrt(replicates)
        assert np.mean(errors[name]) == pytest.approx(spread, rel=0.45)


def test_few_who_leave_give_a_share_alone() -> None:
    d = trial(60, missing=0.0)
    d.loc[d.index[d["visit"] == "week_26"][:3], "change"] = np.nan
    table = fit_dropout(d, "change", ["baseline"]).table.set_index(["arm", "visit"])
    assert table.loc[("usual", "week_26"), "model"] == "share who stay"
    assert table["auc"].isna().all()
    assert table.loc[("usual", "week_12"), "model"] == "none left"


def test_a_gap_is_no_dropout() -> None:
    d = trial(60, missing=0.0)
    d.loc[1, "change"] = np.nan
    fitted = fit_dropout(d, "change", ["baseline"])
    assert fitted.table["n_left"].sum() == 0
    assert fit_dropout(d, "change", ["baseline"], at_visit="week_12").table["n_left"].sum() == 1


def test_what_cannot_be_weighted_is_refused() -> None:
    d = trial(60)
    fitted = fit_dropout(d, "change", ["baseline"])
    with pytest.raises(OptionError, match="no arm 'manual'"):
        analyse_weighted(fitted, reference="manual")
    with pytest.raises(FitError, match="baseline of 1 participants"):
        fit_dropout(d.assign(baseline=d["baseline"].where(d["participant_id"] != 4)), "change", ["baseline"])
    with pytest.raises(FitError, match="has 0 outcomes"):
        fit_dropout(d.assign(change=d["change"].where(d["visit"] != "week_26")), "change", ["baseline"])


def test_where_nobody_of_a_kind_left_the_table_says_that_the_share_is_used() -> None:
    rng = np.random.default_rng(4)
    who = np.repeat(np.arange(300), 2)
    d = pd.DataFrame({"participant_id": who, "visit": list("ab") * 300, "arm": np.where(who % 2, "new", "old")})
    d["sex"] = np.where(rng.random(300) < 0.5, "female", "male")[who]
    d["pain"] = rng.normal(size=600)
    leaves = (d["visit"] == "b") & (d["sex"] == "male") & (rng.random(600) < 0.3)
    table = fit_dropout(d.assign(pain=d["pain"].mask(leaves)), "pain", ["sex"]).table
    last = table[table["visit"] == "b"]
    assert last["model"].unique().tolist() == ["share who stay: all of some kind stayed"]
    assert last["auc"].isna().all()
    np.testing.assert_allclose(last["largest_weight"], last["mean_weight"])
