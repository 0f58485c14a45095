"""Responders three ways: what each of the ways gives, and what the gap between the model and the count is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from coxa import fit_mmrm
from coxa.estimates import compare_responders, fit_proportions, responder_by_model, standardised_risks
from coxa.estimates.reached import Responder
from coxa.estimates.responder_gap import PARTS, own_probabilities
from coxa.models import fit_ancova, fit_glm
from tests.spec.test_estimates_responder_model import FORMULA, VISITS, fitted, trial

LAST = "week_12"


def test_each_of_the_three_is_what_its_own_function_gives() -> None:
    found = compare_responders(fitted(), 8, higher_is_better=True, visits=[LAST]).estimates
    seen = trial().query("visit == @LAST").assign(responder=lambda d: (d["change"] >= 8).astype(int))
    model = responder_by_model(fitted(), 8, higher_is_better=True, visits=[LAST])
    adjusted = standardised_risks(fit_glm("responder ~ arm + baseline", seen), seen)
    counted = fit_proportions(seen, "responder", "arm", "usual_care")
    for name, wanted in (("model", model), ("adjusted", adjusted), ("counted", counted)):
        rows = found.only(analysis=name)
        assert set(rows.frame["visit"]) == {LAST}
        got, want = (e.only(term="risk_difference").frame.iloc[0] for e in (rows, wanted))
        for column in ("estimate", "conf_low", "conf_high"):
            assert got[column] == pytest.approx(want[column], rel=1e-9)


def test_the_parts_add_up_to_the_gap() -> None:
    parts = compare_responders(fitted(), 8, higher_is_better=True).parts
    assert parts["visit"].tolist() == [v for v in VISITS for _ in range(2)]
    assert (parts[list(PARTS)].sum(axis=1) - (parts["model"] - parts["counted"])).abs().max() < 1e-12


def test_the_chance_given_other_visits_is_by_the_conditional_normal() -> None:
    fit = fitted()
    found = own_probabilities(fit, Responder(8, True, "change", "change", "baseline"), LAST)
    r, who = fit.covariance, 3
    mine = trial().query("participant_id == @who").set_index("visit")
    mean = fit.predict(mine.reset_index()).set_index(mine.index)["estimate"]
    slope = r.loc["week_6", LAST] / r.loc["week_6", "week_6"]
    centre = mean[LAST] + slope * (mine.loc["week_6", "change"] - mean["week_6"])
    spread = r.loc[LAST, LAST] - slope * r.loc["week_6", LAST]
    assert found[who] == pytest.approx(norm.cdf((centre - 8) / np.sqrt(spread)), rel=1e-9)


def test_complete_data_has_nothing_from_missing_outcomes_and_no_covariates_nothing_from_them() -> None:
    data = trial().query("visit == 'week_6'")
    parts = compare_responders(fit_ancova("change ~ arm", data), 8, higher_is_better=True).parts
    assert parts[["missing", "covariates"]].abs().to_numpy().max() < 1e-12


def test_outcomes_lost_by_the_worse_come_as_missing_outcomes() -> None:
    """Whoever did badly at the first visit has no second: counted responders are too many, and the model knows."""
    data = trial(600, seed=9)
    low = data.query("visit == 'week_6' and change < 3")["participant_id"]
    kept = data[~((data["visit"] == LAST) & data["participant_id"].isin(low))]
    parts = compare_responders(fit_mmrm(FORMULA, kept), 8, higher_is_better=True, visits=[LAST]).parts
    assert (parts["missing"] < -0.05).all()
    whole = data.query("visit == @LAST").groupby("arm", observed=True)["change"].agg(lambda y: (y >= 8).mean())
    assert parts.set_index("arm")["model"].to_numpy() == pytest.approx(whole.to_numpy(), abs=0.06)
    assert (parts.set_index("arm")["counted"] - whole > 0.05).all()


def test_a_coarse_score_has_a_part_for_its_steps() -> None:
    data = trial(600, seed=9).assign(change=lambda d: 5 * np.round(d["change"] / 5))
    parts = compare_responders(fit_mmrm(FORMULA, data), 10, higher_is_better=True).parts
    assert parts["step"].tolist() == [5.0] * 4
    assert (parts["steps"] < -0.05).all()
    assert parts["shape"].abs().max() < 0.05


def test_the_sentence_has_the_numbers_of_the_table() -> None:
    found = compare_responders(fitted(), 8, higher_is_better=True, visits=[LAST])
    (sentence,) = found.sentences
    rows = found.parts.set_index("arm")
    missing = 100 * (rows.loc["exercise", "missing"] - rows.loc["usual_care", "missing"])
    assert sentence.startswith("exercise less usual_care at week_12: ")
    assert f"{missing:+.1f} come from missing outcomes (6 of 30 and 6 of 30)" in sentence


def test_a_separated_logistic_model_leaves_the_adjusted_row_out() -> None:
    values = [1.0, 2, 3, 4, 9, 11, 12, 13, 12, 14]
    data = pd.DataFrame({"participant_id": range(10), "arm": list("aaaaabbbbb"), "change": values})
    found = compare_responders(fit_ancova("change ~ arm", data), 10, higher_is_better=True)
    assert set(found.estimates.frame["analysis"]) == {"model", "counted"}
    assert "adjusted" not in found.sentences[0]
