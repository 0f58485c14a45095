"""Generalised linear models: textbook numbers, separation decided by brute force, what is refused."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from coxa.errors import DataError, EmptyCellError, FitError, OptionError, RankDeficientError, SeparationError
from coxa.models import fit_glm
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.separation import separation


def trial(seed: int = 1, n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    baseline = rng.normal(50, 10, n)
    arm = np.arange(n) % 2
    return pd.DataFrame(
        {
            "participant_id": np.arange(n),
            "arm": np.where(arm == 1, "exercise", "usual_care"),
            "baseline": baseline,
            "better": (rng.random(n) < 1 / (1 + np.exp(-(0.05 * (baseline - 50) + 0.7 * arm - 0.5)))).astype(int),
            "falls": rng.poisson(np.exp(0.2 + 0.3 * arm)),
        }
    )


def test_one_factor_gives_the_log_odds_and_the_log_rates() -> None:
    rows = trial()
    share = rows.groupby("arm")["better"].mean()
    log_odds = np.log(share / (1 - share))
    fit = fit_glm("better ~ arm", rows)
    assert fit.params.to_numpy() == pytest.approx([log_odds["exercise"], log_odds["usual_care"] - log_odds["exercise"]])
    table = rows.groupby("arm")["better"].agg(["sum", "count"])
    woolf = (1 / table["sum"] + 1 / (table["count"] - table["sum"])).sum()
    assert fit.covariance.loc["arm[usual_care]", "arm[usual_care]"] == pytest.approx(woolf)
    rate = rows.groupby("arm")["falls"].mean()
    counts = fit_glm("falls ~ arm", rows, family="poisson")
    assert counts.params["arm[usual_care]"] == pytest.approx(np.log(rate["usual_care"] / rate["exercise"]))


def test_scale_and_origin_of_a_covariate_change_nothing_but_its_coefficient() -> None:
    rows = trial()
    fit = fit_glm("better ~ arm + baseline", rows)
    moved = fit_glm("better ~ arm + baseline", rows.assign(baseline=rows["baseline"] * 1e-6 + 1e3))
    assert moved.fitted == pytest.approx(fit.fitted, abs=1e-7)
    assert moved.loglik == pytest.approx(fit.loglik, rel=1e-9)


def test_the_score_is_zero() -> None:
    rows = trial()
    for outcome, family in (("better", "binomial"), ("falls", "poisson"), ("falls", "gaussian")):
        fit = fit_glm(f"{outcome} ~ arm * baseline", rows, family=family)  # type: ignore[arg-type]
        assert fit.design.x.T @ (fit.design.y - fit.fitted) == pytest.approx(0, abs=1e-6)


def directions(x: np.ndarray) -> np.ndarray:
    """Return the directions, in two columns, in which no row or one row of x is zero, and those between them."""
    angles = np.sort(np.concatenate([np.arctan2(-x[:, 0], x[:, 1]), np.arctan2(x[:, 0], -x[:, 1])]))
    between = (angles + np.roll(angles, -1)) / 2 + np.where(angles > np.roll(angles, -1), np.pi, 0)
    every = np.concatenate([angles, between])
    return np.column_stack([np.cos(every), np.sin(every)])


def separated_by_search(x: np.ndarray, y: np.ndarray, family: str) -> bool:
    gains = directions(x) @ x.T
    gains[np.abs(gains) < 1e-9] = 0
    if family == "binomial":
        gains = gains * np.where(y == 1, 1, -1)
        return bool(((gains >= 0).all(axis=1) & (gains > 0).any(axis=1)).any())
    kept = (gains[:, y > 0] == 0).all(axis=1) & (gains[:, y == 0] <= 0).all(axis=1)
    return bool((kept & (gains < 0).any(axis=1)).any())


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_separation_is_what_a_search_of_all_directions_finds(family: str) -> None:
    for values in ([1.0, 2, 3, 4, 5], [1.0, 1, 2, 2, 3], [0.0, 0, 0, 1, 1]):
        x = np.column_stack([np.ones(5), values])
        for outcome in product([0.0, 1.0], repeat=5):
            y = np.array(outcome)
            expected = separated_by_search(x, y, family)
            assert (separation(x, y, FAMILIES[family]) is not None) == expected, (values, outcome)
            frame = pd.DataFrame({"x": values, "y": y})
            if expected:
                with pytest.raises(SeparationError, match="infinite"):
                    fit_glm("y ~ x", frame, family=family)  # type: ignore[arg-type]
            else:
                assert np.isfinite(fit_glm("y ~ x", frame, family=family).params).all()  # type: ignore[arg-type]


def test_separation_names_the_column_and_the_rows() -> None:
    rows = trial().assign(centre=["north", "south"] * 38 + ["west"] * 4)
    rows.loc[rows["centre"] == "west", "better"] = 1
    with pytest.raises(
        SeparationError, match=r"4 of 80 rows are predicted without error by 'centre\[west\]'"
    ) as caught:
        fit_glm("better ~ centre + baseline", rows)
    assert "compare_proportions" in caught.value.remedies[1]


def test_an_outcome_that_all_or_none_have_is_separated() -> None:
    for value in (0, 1):
        with pytest.raises(SeparationError, match="80 of 80"):
            fit_glm("better ~ arm", trial().assign(better=value))


def test_booleans_are_zero_and_one_and_empty_rows_are_left_out() -> None:
    rows = trial()
    as_bool = rows.assign(better=(rows["better"] == 1).astype("boolean").mask(rows["participant_id"] < 3))
    fit = fit_glm("better ~ arm", as_bool)
    assert len(fit.design.y) == 77
    assert fit.params.to_numpy() == pytest.approx(fit_glm("better ~ arm", rows.iloc[3:]).params.to_numpy())
    assert rows["better"].dtype.kind == "i"


@pytest.mark.parametrize(
    ("change", "formula", "family", "error"),
    [
        ({"better": 2}, "better ~ arm", "binomial", FitError),
        ({"falls": -1}, "falls ~ arm", "poisson", FitError),
        ({"falls": 0.5}, "falls ~ arm", "poisson", FitError),
        ({"participant_id": 1}, "better ~ arm", "binomial", DataError),
        ({"falls": 3}, "falls ~ arm", "gaussian", FitError),
        ({}, "better ~ arm", "probit", OptionError),
        ({}, "better ~ arms", "binomial", OptionError),
    ],
)
def test_what_cannot_be_fitted_is_refused(change: dict, formula: str, family: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        fit_glm(formula, trial().assign(**change), family=family)  # type: ignore[arg-type]


def test_columns_that_repeat_each_other_and_empty_cells_are_named() -> None:
    rows = trial()
    with pytest.raises(RankDeficientError, match="again"):
        fit_glm("better ~ baseline + again", rows.assign(again=rows["baseline"] * 2))
    rows = rows.assign(sex=np.where((rows["arm"] == "exercise") | (rows["participant_id"] < 40), "f", "m"))
    with pytest.raises(EmptyCellError):
        fit_glm("better ~ arm * sex", rows)
