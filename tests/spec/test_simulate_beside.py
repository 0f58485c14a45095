"""Fidelity, soreness and co-interventions of a simulated trial: as assumed, and nothing else moves."""

from __future__ import annotations

import pandas as pd
import pytest

import coxa
from coxa.errors import PlanError
from coxa.simulate import simulate_study
from coxa.simulate.from_plan.treatment import RATED
from tests.spec.assumed_trial import ASSUMED, assumed

PLAIN = "  sessions: {attendance: 0.8}\n  adverse_events: 0.5\n"
MORE = """\
  sessions: {attendance: 0.8, fidelity: {exercise: 0.7}}
  adverse_events: 0.5
  soreness: {exercise: 0.25}
  co_interventions: {usual_care: 1.5, exercise: 0.5}
"""
LARGE = ASSUMED.replace("{usual_care: 60, exercise: 60}", "{usual_care: 400, exercise: 400}")


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    plain, more = (simulate_study(assumed(LARGE, more=text), seed=5, truth_size=200).tables for text in (PLAIN, MORE))
    return dict(plain), dict(more)


def test_nothing_else_moves(both: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]) -> None:
    plain, more = both
    assert set(more) - set(plain) == {"co_interventions"}
    for name in ("participants", "assessments"):
        pd.testing.assert_frame_equal(plain[name], more[name])
    columns = list(plain["treatment_sessions"].columns)
    pd.testing.assert_frame_equal(plain["treatment_sessions"], more["treatment_sessions"][columns])
    others = more["adverse_events"].query("kind != 'soreness'").drop(columns=["event_number", "expected"])
    pd.testing.assert_frame_equal(
        plain["adverse_events"].drop(columns="event_number").sort_values(["participant_id", "start_date", "term"],
                                                                        ignore_index=True),
        others.sort_values(["participant_id", "start_date", "term"], ignore_index=True),
    )  # fmt: skip


def test_soreness_comes_after_sessions_that_were_attended(
    both: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]],
) -> None:
    _, more = both
    events, sessions = more["adverse_events"], more["treatment_sessions"]
    sore, came = events[events["kind"] == "soreness"], sessions[sessions["attended"] == "yes"]
    days = set(zip(came["participant_id"], came["session_date"], strict=True))
    assert set(zip(sore["participant_id"], sore["start_date"], strict=True)) <= days
    error = (0.25 * 0.75 / len(came)) ** 0.5
    assert len(sore) / len(came) == pytest.approx(0.25, abs=4 * error)
    assert not events.duplicated(["participant_id", "event_number"]).any()


def test_fidelity_has_its_mean_and_is_rated_in_some_sessions_attended(
    both: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]],
) -> None:
    _, more = both
    sessions = more["treatment_sessions"]
    rated = sessions[sessions["fidelity"].notna()]
    assert set(rated["attended"]) == {"yes"}
    assert len(rated) / (sessions["attended"] == "yes").sum() == pytest.approx(RATED, abs=0.03)
    assert float(rated["fidelity"].astype(float).mean()) == pytest.approx(70, abs=4 * 10 / len(rated) ** 0.5)


def test_co_interventions_have_their_rates(both: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]) -> None:
    """Rates vary between participants, so that counts are overdispersed: variance 1.5 + 1.5^2 / 2."""
    _, more = both
    arms = more["participants"].set_index("participant_id")["arm_received"]
    counts = more["co_interventions"]["participant_id"].map(arms).value_counts() / arms.value_counts()
    assert counts["usual_care"] == pytest.approx(1.5, abs=4 * ((1.5 + 1.5**2 / 2) / 400) ** 0.5)
    assert counts["exercise"] == pytest.approx(0.5, abs=4 * ((0.5 + 0.5**2 / 2) / 400) ** 0.5)


def test_soreness_needs_sessions_and_known_arms() -> None:
    with pytest.raises(PlanError) as found:
        assumed(more="  soreness: 0.1\n  co_interventions: {exercize: 1}\n")
    said = found.value.findings.as_text()
    assert "Add for example `sessions: {attendance: 0.85}`" in said
    assert "did you mean exercise" in said


def test_a_factorial_plan_has_the_truth_of_its_interaction() -> None:
    design = coxa.simulate.trial_design(coxa.preset("moa-2013"), 40)
    values = coxa.simulate.true_values(design, n=2000).values
    of = {(item.term, item.arm): item.value for item in values}
    apart = of["", "both"] - of["", "manual_therapy"] - of["", "exercise"]
    assert of["interaction", "manual_therapy with exercise_therapy"] == pytest.approx(apart)
    assert of["main_effect", "exercise_therapy"] == pytest.approx(of["", "exercise"] + apart / 2)


def test_the_value_of_an_arm_is_not_the_main_effect_of_a_factor_of_its_name() -> None:
    study = coxa.preset("moa-2013")
    arms = {name: arm.model_copy(update={"factors": tuple(factor.replace("exercise_therapy", "exercise")
            for factor in arm.factors or ())}) for name, arm in study.arms.items()}  # fmt: skip
    truth = coxa.simulate.true_values(coxa.simulate.trial_design(study.model_copy(update={"arms": arms}), 40), n=2000)
    assert truth.value("primary", "exercise").term == ""
