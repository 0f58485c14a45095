"""Power of clusters in periods: Hussey and Hughes's closed form, and printed powers of other software."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from coxa.design import power_stepped_wedge, stepped_wedge
from coxa.design.closed_form.clusters_in_periods import variance_of_treatment
from coxa.errors import OptionError

KNOWN = json.loads((Path(__file__).parent / "designs" / "stepped_wedge.json").read_text())


def closed_form(x: np.ndarray, of_mean: float, of_cluster: float) -> float:
    """Return Hussey and Hughes's variance (2007) of a complete schedule."""
    i, t = x.shape
    u, w, v = x.sum(), (x.sum(axis=0) ** 2).sum(), (x.sum(axis=1) ** 2).sum()
    below = (i * u - w) * of_mean + (u**2 + i * t * u - t * w - i * v) * of_cluster
    return i * of_mean * (of_mean + t * of_cluster) / below


@pytest.mark.parametrize("icc", [0.0, 0.01, 0.05, 0.1])
def test_power_of_four_steps(icc: float) -> None:
    found = power_stepped_wedge(schedule=stepped_wedge([3] * 4), difference=1, sd=2.5, icc=icc, cluster_size=10)
    known = KNOWN[f"own_12cl_4seq_n10_icc{icc}"]
    assert found.std_error**2 == pytest.approx(known["var"], rel=1e-10)
    assert found.power == pytest.approx(known["power"], abs=1e-10)
    assert found.n == (300, 300)


def test_variance_of_proportions_by_design() -> None:
    wedge = np.array(stepped_wedge([6] * 4), dtype=float)
    known = KNOWN["swPwr_ex1"]
    found = variance_of_treatment(wedge, known["sigma2"] / 120, known["tau2"])
    assert found == pytest.approx(known["var"], rel=1e-10)
    longer = np.column_stack([wedge, np.ones((24, 3))])
    known = KNOWN["swPwr_ex2_extend3"]
    assert variance_of_treatment(longer, known["sigma2"] / 120, known["tau2"]) == pytest.approx(known["var"], rel=1e-10)


def test_power_printed_by_steppedpower() -> None:
    # cran/SteppedPower@f4a7bf2 (0.3.4, MIT), inst/doc/Getting_Started.html: 10 and 10 parallel clusters over 5 periods
    parallel = np.array([[0.0] * 5] * 10 + [[1.0] * 5] * 10)
    for of_cluster, printed in ((0.0, 0.7054), (0.04, 0.4616)):
        z = 0.25 / variance_of_treatment(parallel, 0.25, of_cluster) ** 0.5
        assert norm.cdf(z - 1.959964) + norm.cdf(-z - 1.959964) == pytest.approx(printed, abs=5e-5)


def test_any_complete_schedule_agrees_with_the_closed_form() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        x = rng.integers(0, 2, (int(rng.integers(4, 9)), int(rng.integers(2, 6)))).astype(float)
        x[0], x[1] = 0, 1
        of_mean, of_cluster = rng.uniform(0.1, 2, 2)
        assert variance_of_treatment(x, of_mean, of_cluster) == pytest.approx(
            closed_form(x, of_mean, of_cluster), rel=1e-10
        )


def test_a_cell_that_is_not_measured_tells_nothing() -> None:
    wedge = np.array(stepped_wedge([2, 2]), dtype=float)
    gaps = wedge.copy()
    gaps[0, 0] = np.nan
    assert variance_of_treatment(gaps, 1.0, 0.5) > variance_of_treatment(wedge, 1.0, 0.5)


def test_an_autocorrelation_of_zero_makes_clusters_new_in_each_period() -> None:
    options = {"schedule": stepped_wedge([3] * 3), "difference": 1, "sd": 2, "icc": 0.1, "cluster_size": 20}
    found = power_stepped_wedge(**options, cluster_autocorrelation=0)
    of_mean = 0.4 + 3.6 / 20
    expected = variance_of_treatment(np.array(options["schedule"], dtype=float), of_mean, 0.0)
    assert found.std_error**2 == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schedule": [[0, 1], [0, 1]]}, "cannot tell treatment from period"),
        ({"schedule": [[0, 2]]}, "0, 1 or NaN"),
        ({"icc": 1}, "icc"),
        ({"cluster_autocorrelation": 2}, "cluster_autocorrelation"),
        ({"sides": 3}, "sides"),
    ],
)
def test_options_out_of_range(changed: dict, said: str) -> None:
    options = {"schedule": stepped_wedge([2, 2]), "difference": 1, "sd": 2, "icc": 0.1, "cluster_size": 20}
    with pytest.raises(OptionError, match=said):
        power_stepped_wedge(**(options | changed))
    with pytest.raises(OptionError, match="clusters"):
        stepped_wedge([])
