"""Covariates imputed by chained equations, without the arm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.imputation.mice import MICEData

from coxa.errors import FitError, OptionError
from coxa.impute import impute_covariates


def people(n: int = 300, seed: int = 1) -> pd.DataFrame:
    """Draw covariates that go together, of which the baseline is missing more often in those who are old."""
    rng = np.random.default_rng(seed)
    age = rng.normal(60, 10, n)
    side = np.where(rng.random(n) < 1 / (1 + np.exp(-(age - 60) / 5)), "both", "left")
    side[rng.random(n) < 0.2] = "right"
    baseline = 20 + 0.5 * age + 6 * (side == "both") + rng.normal(0, 4, n)
    d = pd.DataFrame({"arm": rng.choice(["a", "b"], n), "age": age, "side": side, "baseline": baseline})
    d["full"] = d["baseline"]
    d.loc[rng.random(n) < np.where(age > 60, 0.4, 0.05), "baseline"] = np.nan
    d.loc[rng.random(n) < 0.15, "side"] = None
    return d


COLUMNS = ["age", "side", "baseline"]


def test_what_was_observed_stays_and_what_is_imputed_occurs() -> None:
    d = people()
    done = impute_covariates(d, COLUMNS)
    assert done.data[COLUMNS].notna().all().all()
    for name in COLUMNS:
        seen = d[name].notna()
        assert (done.data.loc[seen, name] == d.loc[seen, name]).all()
        assert done.data[name].isin(d[name].dropna()).all()
        assert (done.where[name] == ~seen).all()
    assert d["baseline"].isna().any()


def test_the_mean_is_that_of_all_not_of_those_who_were_seen() -> None:
    d = people(1500)
    truth, seen = d["full"].mean(), d["baseline"].mean()
    imputed = np.mean([impute_covariates(d, COLUMNS, seed=seed).data["baseline"].mean() for seed in range(5)])
    assert abs(seen - truth) > 0.7
    assert imputed == pytest.approx(truth, abs=0.3)


def test_they_are_like_those_of_statsmodels() -> None:
    """A second engine on the same numbers: mean and spread of the imputed values over ten seeds."""
    d = people(800)[["age", "baseline"]]
    gone = d["baseline"].isna()
    ours = [impute_covariates(d, ["age", "baseline"], seed=s).data.loc[gone, "baseline"] for s in range(10)]
    theirs = []
    for seed in range(10):
        np.random.seed(seed)  # noqa: NPY002  # statsmodels draws from it
        chained = MICEData(d, k_pmm=5)
        chained.update_all(3)
        theirs.append(chained.data.loc[gone, "baseline"])
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.35)
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.1)


def test_a_category_goes_by_what_predicts_it() -> None:
    d = people(1200)
    gone = d["side"].isna()
    done = impute_covariates(d, COLUMNS).data[gone]
    old, young = done[done["age"] > 65], done[done["age"] < 55]
    assert (old["side"] == "both").mean() > (young["side"] == "both").mean() + 0.3


def test_the_arm_has_no_part_in_it() -> None:
    d = people()
    other = d.assign(arm=d["arm"].iloc[::-1].to_numpy())
    one, two = (impute_covariates(x, COLUMNS).data["baseline"] for x in (d, other))
    assert one.equals(two)
    with pytest.raises(OptionError, match="names the arm"):
        impute_covariates(d, [*COLUMNS, "arm"])


def test_what_was_imputed_is_listed() -> None:
    d = people()
    done = impute_covariates(d, COLUMNS)
    assert done.table["n_imputed"].tolist() == d[COLUMNS].isna().sum().tolist()
    assert done.table["kind"].tolist() == ["number", "category", "number"]
    assert f"baseline ({d['baseline'].isna().sum()})" in done.sentence
    assert impute_covariates(d, ["age"]).sentence == "No covariate was missing."


def test_types_stay() -> None:
    d = people().assign(
        side=lambda x: pd.Categorical(x["side"]),
        visits=pd.array([1, None, 3] * 100, dtype="Int64"),
    )
    done = impute_covariates(d, ["age", "side", "visits", "baseline"]).data
    assert done["side"].dtype == d["side"].dtype
    assert str(done["visits"].dtype) == "Int64"
    assert set(done["visits"]) == {1, 3}


def test_the_same_seed_gives_the_same() -> None:
    d = people()
    one, two, three = (impute_covariates(d, COLUMNS, seed=s).data["baseline"] for s in (1, 1, 2))
    assert one.equals(two)
    assert not one.equals(three)


def test_what_cannot_be_imputed_is_refused() -> None:
    d = people().assign(empty=np.nan)
    with pytest.raises(FitError, match="Column 'empty' has 0 values"):
        impute_covariates(d, ["age", "empty"])
    with pytest.raises(OptionError, match="bmi"):
        impute_covariates(d, ["age", "bmi"])
    with pytest.raises(OptionError, match="`donors` 0"):
        impute_covariates(d, COLUMNS, donors=0)
