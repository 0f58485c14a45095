"""Truths of each strategy for an event: the closed form is what many participants give."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.simulate import trial_design
from coxa.simulate.from_plan.endpoints import after_switching
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.other_truths import exact_other_value, simulated_other_values
from coxa.simulate.from_plan.truths import exact_values, large_run
from coxa.study.assumptions.events import AssumedEvent
from tests.simulation.strategy_plans import SHARE, WORLDS, counts_plan, world_plan
from tests.sizes import few

MEANS = [(world, "change", "continuous") for world in WORLDS]
MEANS += [("j2r", "value", "bounded"), ("cr", "change", "bounded"), ("composite", "value", "bounded")]
MEANS += [("cir", "responder", "continuous"), ("composite", "responder", "continuous")]


@pytest.mark.parametrize(("world", "measure", "scale"), MEANS)
def test_the_closed_form_is_what_many_participants_give(world: str, measure: str, scale: str) -> None:
    summary = "risk_difference" if measure == "responder" else "difference_in_means"
    model = {"primary": {"estimand": "primary", "model": "proportions"}} if measure == "responder" else None
    design = trial_design(world_plan(world, model, measure=measure, scale=scale, summary=summary))
    exact = exact_values(design, design.study.estimands["primary"])
    simulated = large_run(design, ["primary"], few(20_000, 400_000), 7)
    for (arm, visit), value in exact.items():
        mean, error = simulated["primary", arm, visit]
        assert value is not None
        assert abs(value - mean) < 4 * error


def test_strategies_take_away_from_the_effect_in_their_order() -> None:
    exact = {}
    for world in ("mar", "cir", "cr", "j2r", "lmcf"):
        design = trial_design(world_plan(world))
        exact[world] = exact_values(design, design.study.estimands["primary"])["exercise", "w26"]
    assert exact["mar"] == 12
    assert exact["mar"] > exact["cir"] > exact["cr"] > exact["j2r"] == pytest.approx(12 * (1 - SHARE))


@pytest.mark.parametrize("world", ["mar", "j2r", "half", "composite", "while"])
def test_the_ratio_of_rates_is_what_many_participants_give(world: str) -> None:
    design = trial_design(counts_plan(world))
    plan = design.study.estimands["primary"]
    exact = exact_other_value(design, plan, "exercise", "w26")
    found = simulated_other_values(design, ["primary"], few(20_000, 200_000), 3, 20_000)["primary", "exercise", "w26"]
    assert exact is not None
    assert abs(exact - found[0]) < 4 * found[1]
    assert (abs(exact - 0.5) < 1e-12) == (world in ("mar", "while"))


def test_an_event_that_goes_by_values_has_no_closed_form() -> None:
    study = world_plan("j2r")
    content = study.model_dump(mode="json", exclude_unset=True)
    content["assumptions"]["events"]["stop"]["odds_ratio"] = 2
    design = trial_design(type(study).model_validate(content))
    assert set(exact_values(design, design.study.estimands["primary"]).values()) == {None}


@pytest.mark.parametrize(
    "given",
    [
        {"copies": True},
        {"copies": True, "switch_to": "a", "keeps": 0.5},
        {"stays": True, "switch_to": "a"},
        {"of_last_visit": True, "switch_to": "a"},
    ],
)
def test_two_ways_to_go_on_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"`copies` is of|`stays` and `switch_to`|`of_last_visit` is of"):
        AssumedEvent.model_validate({"probability": 0.2, **given})


def test_events_of_those_who_switch_are_as_variable_as_proneness_makes_them() -> None:
    """Counts of the switched arm are gamma mixed over their mean: variance mu + 0.6 mu^2, at one day of switching."""
    design = trial_design(counts_plan("j2r"))
    n = few(20_000, 100_000)
    drawn = follow(design, np.ones(n, dtype=np.intp), 5, world=Conditions(everything=True, population=True))
    count, when = after_switching(design, drawn, "injury").count(), drawn.events["stop"]
    early = when < 30
    mean = 1.2 * when[early] / 182 + 2.4 * (1 - when[early] / 182)
    assert count[early].mean() == pytest.approx(mean.mean(), rel=0.06)
    expected = mean.mean() + 0.6 * mean.mean() ** 2
    assert count[early].var() == pytest.approx(expected, rel=0.12)
