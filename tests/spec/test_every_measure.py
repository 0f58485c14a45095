"""Every clinical measure is an outcome: what is derived from its simulated rows is what was drawn."""

from __future__ import annotations

import numpy as np

from coxa.instruments.measures import Measure, load_measures
from coxa.study.comparative import ComparativeStudy
from tests.sourced import drawn_and_derived, sourced_plan


def outcome_of(measure: Measure) -> tuple[str, str]:
    """Return a measure as an outcome of a plan, and what is assumed of it."""
    better = "" if measure.higher_is_better is not None else ", higher_is_better: true"
    source = f"source: {{table: clinical_measures, measure: {measure.name}}}{better}"
    if measure.kind == "sign":
        return f"{measure.name}: {{kind: yes_no, {source}}}", f"{measure.name}: {{risk: 0.4}}"
    low, high = measure.soft or measure.hard
    if measure.kind == "grade":
        levels = ", ".join(f"{code}: Level {code}" for code in range(int(low), int(high) + 1))
        return f"{measure.name}: {{kind: ordered, levels: {{{levels}}}, {source}}}", f"{measure.name}: {{}}"
    middle, sd = (low + high) / 2, (high - low) / 8
    return f"{measure.name}: {{{source}}}", f"{measure.name}: {{baseline: {{mean: {middle:g}, sd: {sd:g}}}}}"


def every_measure() -> ComparativeStudy:
    """Return a plan with an outcome of every measure."""
    pairs = [outcome_of(measure) for measure in load_measures().values()]
    outcomes, assumed = ("\n".join(lines) for lines in zip(*pairs, strict=True))
    return sourced_plan(outcomes, assumed, first="hip_flexion")


def test_each_gives_back_what_was_drawn() -> None:
    study = every_measure()
    both = drawn_and_derived(study)
    assert set(both["outcome"]) == set(load_measures())
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=2e-4)


def test_each_has_the_unit_and_the_direction_of_the_dictionary() -> None:
    study = every_measure()
    for name, measure in load_measures().items():
        scale = study.scale(name)
        if measure.kind == "number":
            assert (scale.low, scale.high, scale.unit) == (*measure.hard, measure.unit)
        if measure.higher_is_better is not None:
            assert scale.higher_is_better is measure.higher_is_better
