"""Clusters in periods through a plan, against lme4 with pbkrtest's Kenward and Roger; permutation by brute force."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.causal import permute_clusters
from coxa.design import power_stepped_wedge
from coxa.design.closed_form.clusters_in_periods import variance_of_treatment
from tests.spec.wedge_trial import TWICE, analysed

FOLDER = Path(__file__).parent / "designs"
KNOWN = json.loads((FOLDER / "wedge_r.json").read_text())

CLOSE = 1e-6
"""Relative. Two optimisers of one likelihood; what is left is where each stopped."""

CASES: dict[str, dict[str, Any]] = {
    "nested": {},
    "exchangeable": {"correlation": "exchangeable"},
    "adjusted": {"adjust": ["age"]},
    "by_exposure_time": {"effect": "by_exposure_time"},
}


def rows_of(name: str) -> pd.DataFrame:
    """Return the rows of a drawn trial."""
    return pd.read_csv(FOLDER / f"wedge_{name}.csv")


def numbers(name: str, **options: Any) -> pd.DataFrame:
    """Return what the plan of a drawn trial finds."""
    sequences = TWICE if name == "crossover" else None
    return analysed(rows_of(name), cohort=name == "cohort", sequences=sequences, few_clusters="accept", **options)


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in KNOWN if name != "meta" for case in KNOWN[name] if case in CASES]
)
def test_treatment_agrees_with_r(name: str, case: str) -> None:
    found, known = numbers(name, **CASES[case]), KNOWN[name][case]
    row = found[found["term"] == "difference"].iloc[0]
    for column in ("estimate", "std_error", "df"):
        assert row[column] == pytest.approx(known[column], rel=CLOSE), column


@pytest.mark.parametrize("name", ["cross_sectional", "cohort"])
def test_effect_after_the_longest_time_agrees_with_r(name: str) -> None:
    found = numbers(name, effect="by_exposure_time")
    row = found[found["analysis"] == "main[since=4]"].iloc[0]
    assert row["term"] == "difference_by_exposure_time"
    for column in ("estimate", "std_error", "df"):
        assert row[column] == pytest.approx(KNOWN[name]["last"][column], rel=CLOSE), column


def test_permutation_is_that_of_least_squares_over_every_allocation() -> None:
    rows = rows_of("cross_sectional")
    rows = rows[rows["site_id"].isin(["c0", "c1", "c2", "c4", "c6"])]
    steps = {f"s{k}": [float(p > k) for p in range(1, 6)] for k in (1, 2, 3, 4)}
    between, within, passing = 20.0, 60.0, 3.0
    where = {"outcome": "value", "cluster": "site_id", "period": "period", "sequence": "arm"}
    found = permute_clusters(rows, steps, **where, between=between, within=within, passing=passing)
    sites = sorted(set(rows["site_id"]))
    own = [str(rows.loc[rows["site_id"] == site, "arm"].iloc[0]) for site in sites]
    period = pd.Categorical(rows["period"]).codes
    cluster = pd.Categorical(rows["site_id"], categories=sites).codes
    same, both = cluster[:, None] == cluster, (cluster[:, None] == cluster) & (period[:, None] == period)
    inverse = np.linalg.inv(within * np.eye(len(rows)) + between * same + passing * both)
    y = rows["value"].to_numpy()

    def statistic(allocation: tuple[str, ...]) -> tuple[float, float]:
        x = np.array([steps[allocation[c]][p] for c, p in zip(cluster, period, strict=True)])
        design = np.column_stack([x, np.eye(5)[period]])
        covariance = np.linalg.inv(design.T @ inverse @ design)
        effect = (covariance @ design.T @ inverse @ y)[0]
        return effect, abs(effect) / np.sqrt(covariance[0, 0])

    every = sorted(set(permutations(own)))
    observed = statistic(tuple(own))
    assert found.estimate == pytest.approx(observed[0], rel=1e-10)
    assert (found.possible, found.every) == (len(every), True)
    extreme = [statistic(one)[1] >= observed[1] * (1 - 1e-9) for one in every]
    assert found.p_value == pytest.approx(np.mean(extreme), abs=1e-12)


def test_power_of_a_closed_cohort_is_the_printed_one_and_that_of_least_squares() -> None:
    wedge = np.repeat([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]], 2, axis=0).astype(float)
    icc, cac, person, m, sd = 0.05, 0.8, 0.4, 7, 3.0
    found = power_stepped_wedge(
        schedule=wedge, difference=1, sd=sd, icc=icc, cluster_autocorrelation=cac, cluster_size=m,
        individual_autocorrelation=person,
    )  # fmt: skip
    assert found.std_error**2 == pytest.approx(dense_variance(wedge, m, sd, icc, cac, person), rel=1e-9)
    decaying = power_stepped_wedge(
        schedule=wedge, difference=1, sd=sd, icc=icc, cluster_autocorrelation=cac, cluster_size=m, decay=True
    )
    assert decaying.std_error**2 == pytest.approx(dense_variance(wedge, m, sd, icc, cac, None), rel=1e-9)


def dense_variance(wedge: np.ndarray, m: int, sd: float, icc: float, cac: float, person: float | None) -> float:
    """Return the variance of the effect by least squares of single values; without a cohort effects decay."""
    clusters, periods = wedge.shape
    place = [(c, p, k) for c in range(clusters) for p in range(periods) for k in range(m)]
    c, p, k = (np.array(part) for part in zip(*place, strict=True))
    same, apart = c[:, None] == c, np.abs(p[:, None] - p)
    share = cac**apart if person is None else np.where(apart == 0, 1.0, cac)
    covariance = same * icc * share
    alike = same & (k[:, None] == k)
    covariance = covariance + (1 - icc) * (
        np.eye(len(c)) if person is None else alike * np.where(apart == 0, 1.0, person)
    )
    design = np.column_stack([wedge[c, p], np.eye(periods)[p]])
    return float(np.linalg.inv(design.T @ np.linalg.solve(sd**2 * covariance, design))[0, 0])


def test_variance_of_means_takes_a_correlation_over_periods() -> None:
    wedge = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    assert variance_of_treatment(wedge, 2.0, 1.0) == pytest.approx(
        variance_of_treatment(wedge, 2.0, 1.0, over_periods=np.ones((3, 3))), rel=1e-12
    )
