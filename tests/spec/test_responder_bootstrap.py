"""`interval: bootstrap` of `model: responder_mmrm`: the numbers of the function, the recorded call, and the words."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.rows import SimulatedRows
from coxa.errors import PlanError
from coxa.estimates import bootstrap_participants, marginal_means, responder_by_model
from coxa.models import fit_ancova
from tests.spec.test_methods_responder_mmrm import plan, rows, run

SAMPLES: dict[str, Any] = {"interval": "bootstrap", "replicates": 100, "seed": 3, "visits": ["week_12"]}
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]


@cache
def drawn() -> Any:
    return run(plan(**SAMPLES), rows())


def test_the_recorded_call_gives_the_numbers() -> None:
    study, data = plan(**SAMPLES), rows()
    fits, found = drawn()
    planned = study.planned("main")
    call = method_of(planned.analysis).recorded_call(planned, fits[0])
    again = eval(
        call,
        {
            "bootstrap_participants": bootstrap_participants,
            "responder_by_model": responder_by_model,
            "fit_ancova": fit_ancova,
            "data": data,
        },
    ).estimates()
    for term in ("risk_difference", "risk_ratio", "odds_ratio"):
        mine, theirs = (each.only(term=term, visit="week_12").frame.iloc[0] for each in (found, again))
        assert mine[NUMBERS].to_list() == theirs[NUMBERS].to_list()
    by_delta = run(plan(visits=["week_12"]), data)[1].only(term="risk_difference", visit="week_12").frame.iloc[0]
    mine = found.only(term="risk_difference", visit="week_12").frame.iloc[0]
    assert mine["estimate"] == by_delta["estimate"]
    # a standard deviation of 100 draws is within 3 / sqrt(200) of its own
    assert mine["std_error"] == pytest.approx(by_delta["std_error"], rel=0.25)
    assert "100 draws, seed 3" in mine["method"]


def test_rows_that_were_not_analysed_are_not_drawn() -> None:
    data = rows()
    fit = fit_ancova("change ~ arm + baseline", data, at_visit="week_12")
    here = data[(data["visit"] == "week_12") & data["change"].notna()]
    all_rows, analysed = (
        bootstrap_participants(fit, given, marginal_means, replicates=100, seed=1).draws for given in (data, here)
    )
    assert np.array_equal(all_rows, analysed)


def test_the_p_value_agrees_with_the_limits() -> None:
    frame = drawn()[1].only(term="odds_ratio").frame
    for row in frame.to_dict("records"):
        outside = row["conf_low"] > 1 or row["conf_high"] < 1
        assert (row["p_value"] < 0.05) == outside or row["p_value"] == pytest.approx(0.05, abs=2 / 101)


def test_the_methods_say_samples_seed_and_monte_carlo_error() -> None:
    study = plan(**SAMPLES)
    planned = study.planned("main")
    fits = tuple(method_of(planned.analysis).fits(planned, SimulatedRows(rows(), "responder")))
    said = " ".join(method_of(planned.analysis).sentences(Telling(planned, fits, lambda word: f"[{word}]", str)))
    assert "percentiles) and p-values are of 100 bootstrap samples of participants[bootstrap]" in said
    assert "(seed 3)" in said
    assert "the Monte Carlo error is 7.1% of a standard error" in said  # 1 / sqrt(2 * 99)


def test_options_that_do_not_go_with_a_bootstrap_are_refused() -> None:
    margin = {"type": "noninferiority", "value": 10}
    for options, match in (
        ({"margin": margin, **SAMPLES}, "`margin` is tested with `interval: delta`"),
        ({"covariates": "given", **SAMPLES}, "a bootstrap draws participants with their covariates"),
        ({"seed": 2}, "belong to `interval: bootstrap`"),
    ):
        with pytest.raises(PlanError, match=match):
            plan(**options)
