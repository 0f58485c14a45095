"""Compliers, doses and mediators in a plan: what is analysed, what is refused, and what a report shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import coxa
from coxa.causal import complier_effect, instrumental_effect, mediated_effects, received_at_least
from coxa.report.build import build_document
from coxa.report.document import Card, Document
from coxa.report.report import Report
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from coxa.simulate.from_plan.trial import SimulatedTrial
from coxa.study.kinds import study_of
from tests.spec.test_study_read import faults

DOSE = Path(__file__).parents[2] / "analyses" / "dose"
PEOPLE = 120


def content(name: str) -> dict[str, Any]:
    """Return one of the worked plans, of fewer participants."""
    plan: dict[str, Any] = yaml.safe_load((DOSE / f"{name}.yaml").read_text(encoding="utf-8"))
    plan["assumptions"]["participants"] = PEOPLE
    return plan


@cache
def simulated(name: str) -> SimulatedTrial:
    return coxa.simulate_study(study_of(content(name)), seed=3)


@cache
def reported(name: str) -> Report:
    return coxa.analyse(simulated(name))


@cache
def shown(name: str) -> Document:
    return build_document(reported(name))


def row(name: str, analysis: str, term: str) -> pd.Series:
    return reported(name).estimates.only(analysis=analysis, term=term).frame.iloc[0]


def rows_of(name: str, estimand: str) -> pd.DataFrame:
    rows = reported(name).datasets[estimand].analysed
    return rows[rows["visit"] == "week_13"]


# -- what is analysed --------------------------------------------------------------------------------------------------


def test_compliers_of_a_plan_are_those_of_the_library() -> None:
    d = rows_of("study", "compliers")
    got = received_at_least(d["sessions_attended"], 4, d["arm_received"] == "exercise")
    direct = complier_effect(d.assign(got=got), "change", "got", against="usual_care", adjust=["baseline", "age"])
    found = row("study", "cace", "complier_average_effect")
    assert found["estimate"] == pytest.approx(direct.effect.estimate)
    assert found["std_error"] == pytest.approx(direct.effect.std_error)
    assert 0.4 < direct.compliers < 0.95


def test_an_effect_per_session_of_a_plan_is_that_of_the_library() -> None:
    d = rows_of("study", "per_session")
    d = d.assign(
        z=(d["arm"] == "exercise") * 1.0, dose=d["sessions_attended"].where(d["arm_received"] == "exercise", 0)
    )
    direct = instrumental_effect(d, "change", "dose", "z", adjust=["baseline", "age"], vcov="HC3")
    assert row("study", "dose", "effect_per_dose")["estimate"] == pytest.approx(direct.estimate)
    assert row("study", "dose", "association_with_dose")["n_participants"] == (d["z"] == 1).sum()


def test_an_effect_per_minute_is_of_the_minutes() -> None:
    plan = content("study")
    plan["analyses"]["dose"]["dose"] = "minutes_attended"
    report = coxa.analyse(coxa.simulate_study(study_of(plan), seed=3))
    found = report.estimates.only(analysis="dose", term="effect_per_dose").frame.iloc[0]
    per_session = row("study", "dose", "effect_per_dose")
    assert found["estimate"] == pytest.approx(per_session["estimate"] / 45, rel=0.1)  # sessions of about 45 minutes
    assert any("effect per minute" in table.title for table in build_document(report).tables())


def test_mediation_of_a_plan_is_that_of_the_library() -> None:
    d = rows_of("mediation", "through_fear")
    adjust = ["baseline", "age", "fear_at_baseline"]
    direct = mediated_effects(d, "change", "fear_at_week_6", against="usual_care", adjust=adjust)
    for term in ("natural_indirect", "natural_direct", "total"):
        assert row("mediation", "mediation", f"{term}_effect")["estimate"] == pytest.approx(direct.of(term)["estimate"])


@pytest.mark.parametrize(("name", "estimand"), [("study", "compliers"), ("mediation", "through_fear")])
def test_what_is_derived_is_what_was_drawn(name: str, estimand: str) -> None:
    study = study_of(content(name))
    design = trial_design(study)
    drawn = estimand_frame(design, draw_outcomes(design, seed=3), estimand).set_index(["participant_id", "visit"])
    derived = rows_of(name, estimand).set_index(["participant_id", "visit"])
    columns = ["sessions_attended", "minutes_attended", "share_attended", "arm_received"]
    columns = [*columns, "fear_at_week_6", "fear_at_baseline"]
    checked = [column for column in columns if column in drawn]
    assert len(checked) == (4 if name == "study" else 2)
    for column in checked:
        mine, other = derived[column], drawn.loc[derived.index, column]
        if column == "arm_received":
            assert mine.astype(str).tolist() == other.astype(str).tolist()
        else:
            np.testing.assert_allclose(mine.astype(float), other.astype(float), atol=0.51)  # values are written rounded


def test_a_yes_or_no_is_in_percentage_points() -> None:
    planned = reported("mediation").study.planned("responders")
    assert (planned.effect.scale, planned.unit) == ("points", "percentage points")
    assert reported("mediation").study.planned("mediation").effect.scale == "units"


# -- truth -------------------------------------------------------------------------------------------------------------


def test_the_truth_of_compliers_is_that_of_allocation_over_their_share() -> None:
    """Sessions act alone: who attends none has no effect, so that effects add up."""
    truth = simulated("study").truth
    allocation = truth.value("primary", "exercise", "week_13").value
    compliers = truth.value("compliers", "exercise", "week_13").value
    per_session = truth.value("per_session", "exercise", "week_13").value
    assert compliers == pytest.approx(allocation / 0.75, rel=0.05)  # a quarter never starts
    assert per_session == pytest.approx(allocation / (0.75 * 12 * 0.8), rel=0.05)


def test_the_truth_of_an_indirect_effect_in_closed_form_is_that_of_participants_followed() -> None:
    from coxa.simulate.from_plan.causal_truths import simulated_causal_values

    design = trial_design(study_of(content("mediation")))
    found = simulated_causal_values(design, ["through_fear"], 20_000, 5, 20_000)
    value, error = found["through_fear", "exercise", "week_13"]
    assert value == pytest.approx(
        simulated("mediation").truth.value("through_fear", "exercise", "week_13").value, abs=4 * error + 0.02
    )


# -- the report --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["study", "mediation"])
def test_tables_and_figures_have_names_of_their_own(name: str) -> None:
    ids = [part.id for part in (*shown(name).tables(), *shown(name).figures())]
    assert sorted(ids) == sorted(set(ids))


def cards(name: str) -> Iterator[Card]:
    for section in shown(name).walk():
        yield from (block for block in section.blocks if isinstance(block, Card))


@pytest.mark.parametrize(
    ("name", "title", "assumption"),
    [
        ("study", "What the effect in compliers assumes", "Exclusion"),
        ("study", "What the effect per unit of dose assumes", "Through the dose alone"),
        ("mediation", "What natural effects assume", "No unmeasured common cause of mediator and outcome"),
    ],
)
def test_every_number_has_its_assumptions(name: str, title: str, assumption: str) -> None:
    (card, *_) = [card for card in cards(name) if card.title == title]
    assert assumption in dict(card.facts)


def test_the_curve_has_its_warning() -> None:
    texts = [
        str(block.text)
        for section in shown("study").walk()
        for block in section.blocks
        if getattr(block, "kind", "") == "warning"
    ]
    assert any(text.startswith("Participants chose how many sessions they came to.") for text in texts)


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "part", "change", "message"),
    [
        ("study", (), {"compliance": None}, "who complied is not defined"),
        ("study", ("compliance",), {"measure": "share_attended", "at_least": 4}, "a share of sessions is at most 1"),
        ("study", ("estimands", "compliers"), {"population": "per_protocol_set"}, "among all who were randomised"),
        ("study", ("analyses", "cace"), {"adjust": ["arm"]}, "the model has the arm by itself"),
        ("study", ("analyses", "cace"), {"estimand": "per_session"}, "does not estimate an effect per dose"),
        (
            "mediation",
            ("analyses", "mediation"),
            {"mediator": {"outcome": "fear", "visit": "week_13"}},
            "earlier visit",
        ),
        ("mediation", ("analyses", "mediation"), {"mediator": {"outcome": "fear"}}, "a mediator is an `outcome`"),
        ("mediation", ("analyses", "mediation"), {"mediator": {"dose": "minutes_attended"}}, "sessions_attended alone"),
        (
            "mediation",
            ("analyses", "mediation"),
            {"interval": "product", "interaction": True},
            "without an interaction",
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(
    name: str, part: tuple[str, ...], change: dict[str, Any], message: str
) -> None:
    plan = content(name)
    at = plan
    for word in part:
        at = at[word]
    at.update(change)
    found = faults(yaml.safe_dump({key: value for key, value in plan.items() if value is not None}))
    assert any(message in fault for _, _, fault in found), found
