"""Figures of very many participants, of more arms than colours can tell apart, and of visits far from even."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd
import pytest

from coxa.derive import derive_dataset
from coxa.derive.dataset import AnalysisDataset
from coxa.derive.delivery import Delivered
from coxa.estimates import Estimates
from coxa.figures.figure import Figure
from coxa.figures.means import observed_means
from coxa.figures.profile import plot_profile
from coxa.figures.visit_axis import DODGE, EVEN, LETTER, axis_of_visits
from coxa.report.document import FigureBlock
from coxa.report.topics.analyses.main_results import main_results_section
from coxa.report.topics.delivery.attendance import plot_attendance
from coxa.report.topics.diagnostics.influence import plot_influence
from coxa.report.topics.diagnostics.residuals import DRAWN, FAR, TAIL, plot_qq, plot_residuals
from coxa.report.topics.harms.figures import plot_harms
from coxa.report.topics.missing.by_visit import plot_missingness
from coxa.report.topics.missing.dropout_profile import plot_dropout_profile
from coxa.report.topics.observed.trajectories import plot_trajectories
from coxa.report.topics.responders.curve import MOST as MOST_CUTS
from coxa.report.topics.responders.curve import plot_responder_curve, responder_curve
from coxa.report.topics.responders.tables import responses
from coxa.study import Study
from coxa.study.kinds import study_of
from tests.spec import small_trial

PAGE = 1_000_000
"""Bytes of a drawing; a page of a few MB holds some of these."""


def study(arms: int = 2, days: tuple[int, ...] = (0, 42, 84)) -> Study:
    """Return a plan with so many arms and visits on these days."""
    names = [f"arm_{index}" for index in range(arms)]
    visits = {"baseline" if not day else f"day_{day}": {"day": day, "label": f"Day {day}"} for day in days}
    return study_of(
        {
            "study": "many",
            "title": "Many",
            "arms": {name: {"label": f"Programme {name[-1]}", "reference": name == "arm_0"} for name in names},
            "visits": visits,
            "outcomes": {
                "pain": {
                    "label": "Pain",
                    "range": [0, 100],
                    "higher_is_better": True,
                    "responder": {"measure": "change", "at_least": 10},
                }
            },
            "estimands": {
                "primary": {
                    "treatment": {"compare": names[1:], "against": "arm_0"},
                    "endpoint": {"outcome": "pain", "measure": "change", "visit": list(visits)[-1]},
                }
            },
            "analyses": {"primary": {"estimand": "primary", "model": "mmrm"}},
        }
    )


def dataset(plan: Study, per_arm: int) -> AnalysisDataset:
    """Return values of so many participants of each arm; one in ten is missing from a visit."""
    rng = np.random.default_rng(11)
    n = per_arm * len(plan.arms)
    people = pd.DataFrame({"participant_id": [f"P{index:05d}" for index in range(n)]})
    people["arm"] = np.repeat(list(plan.arms), per_arm)
    people["baseline"] = rng.uniform(30, 60, n)
    visits = pd.DataFrame({"visit": list(plan.post_visits)})
    frame = people.merge(visits, how="cross")
    frame["value"] = frame["baseline"] + rng.normal(8, 10, len(frame))
    frame.loc[rng.random(len(frame)) < 0.1, "value"] = np.nan
    frame["change"] = frame["value"] - frame["baseline"]
    frame["handled"] = ""
    frame["arm"] = pd.Categorical(frame["arm"], categories=list(plan.arm_order))
    frame["visit"] = pd.Categorical(frame["visit"], categories=list(plan.post_visits))
    empty = small_trial.report().datasets["primary"]
    return AnalysisDataset("primary", frame, "change", empty.findings, empty.disposition)


def observed(plan: Study, per_arm: int = 20) -> Figure:
    means = observed_means(plan, dataset(plan, per_arm))
    return plot_profile(plan, means, "pain", quantity="Observed mean", figure_id="observed", title="Pain")


# -- visits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [(0, 30, 1826), (0, 1, 2, 365), (0, 7, 14, 21, 28, 365), (0, *range(7, 190, 7))])
@pytest.mark.parametrize("arms", [2, 6])
def test_visits_far_from_even_have_room_each_and_arms_stay_at_their_visit(days: tuple[int, ...], arms: int) -> None:
    plan = study(arms, days)
    means = observed_means(plan, dataset(plan, 12)).assign(n=1200)
    labelled = means.assign(
        arm_label=[plan.label("arms", arm) for arm in means["arm"]],
        visit_label=[plan.label("visits", visit) for visit in means["visit"]],
    )
    axis = axis_of_visits(labelled)
    assert not axis.to_scale
    pixels = axis.width / (1.12 * axis.span)
    places = [axis.place[day] for day in sorted(axis.place)]
    assert min(later - earlier for earlier, later in pairwise(places)) * pixels >= LETTER * len("1200")
    dodged = axis.dodged(labelled, [plan.label("arms", arm) for arm in plan.arm_order])
    reach = dodged.groupby("day")["x"].agg(["min", "max"])
    gaps = [later - earlier for earlier, later in zip(reach["max"], reach["min"].iloc[1:], strict=False)]
    assert min(gaps) > reach.eval("max - min").max()
    assert EVEN in plot_profile(plan, means, "pain", quantity="Mean", figure_id="p", title="P").svg()


def test_visits_with_room_stay_to_the_scale_of_time() -> None:
    plan = study(3, (0, 42, 84, 182, 364))
    labelled = observed_means(plan, dataset(plan, 12)).assign(visit_label="Week 12", arm_label="Programme 0")
    axis = axis_of_visits(labelled)
    assert axis.to_scale
    assert axis.place == {day: day for day in (0, 42, 84, 182, 364)}
    steps = axis.dodged(labelled, ["Programme 0", "Programme 1"])["x"] - labelled["day"]
    assert steps.to_numpy() == pytest.approx(-DODGE * 364 / 2)
    assert EVEN not in observed(plan).svg()


def test_numbers_of_who_was_last_seen_stand_below_the_axis_and_not_on_a_line() -> None:
    plan = study(2)
    chart = plot_dropout_profile(plan, dataset(plan, 60), figure_id="dropout", title="Dropout").chart.to_dict()
    for panel in chart["concat"]:
        lines, numbers = panel["vconcat"]
        assert all(layer["mark"]["type"] != "text" for layer in lines["layer"])
        assert numbers["mark"]["type"] == "text"


# -- arms ------------------------------------------------------------------------------------------------------------


def delivered(plan: Study) -> Delivered:
    """Return attendance of four participants of each arm."""
    people = pd.DataFrame({"arm": np.repeat(list(plan.arms), 4), "share": [0.0, 0.5, 0.75, 1.0] * len(plan.arms)})
    return Delivered(people, people.head(0), people.head(0), {})


def risks(plan: Study) -> pd.DataFrame:
    """Return one kind of harm in each arm."""
    rows = pd.DataFrame(
        {"arm": list(plan.arms), "term": "adverse_event", "label": "Adverse event", "n": 4, "total": 20}
    )
    compared = rows["arm"] != "arm_0"
    limits = {"difference": 0.0, "conf_low": -0.1, "conf_high": 0.1}
    return rows.assign(
        estimate=0.2, **{name: pd.Series(value, rows.index).where(compared) for name, value in limits.items()}
    )


@pytest.mark.parametrize("arms", [2, 7, *(pytest.param(arms, marks=pytest.mark.slow) for arms in (6, 12))])
def test_a_figure_of_any_number_of_arms_names_each_of_them(arms: int) -> None:
    plan = study(arms)
    data = dataset(plan, 20)
    response = responses(plan, {"primary": data}, {})[0]
    visit, named = plan.post_visits[-1], {"figure_id": "a", "title": "Pain"}
    figures = [
        observed(plan),
        plot_missingness(plan, data, **named),
        plot_dropout_profile(plan, data, **named),
        plot_trajectories(plan, data, **named),
        plot_responder_curve(plan, response, visit, [response.rule], **named),
        plot_attendance(plan, delivered(plan), **named),
        plot_harms(plan, risks(plan), **named),
    ]
    for figure in figures:
        drawn = figure.svg()
        assert [arm for arm in range(arms) if f">Programme {str(arm)[-1]}" not in drawn] == []
        assert len(drawn) < PAGE
    behind = [figure for figure in figures if "in grey: Programme 0" in figure.title]
    assert len(behind) == (3 if arms > 6 else 0)


# -- rows ------------------------------------------------------------------------------------------------------------


def scaled(n: int) -> pd.DataFrame:
    """Return residuals of n participants at four visits."""
    rng = np.random.default_rng(3)
    visits = pd.Categorical(np.tile(["a", "b", "c", "d"], n), categories=["a", "b", "c", "d"])
    return pd.DataFrame({"visit": visits, "fitted": rng.normal(size=4 * n), "studentised": rng.normal(size=4 * n)})


def test_residuals_of_a_large_trial_are_a_sample_that_the_caption_states() -> None:
    every = scaled(5000)
    figure = plot_residuals(every, figure_id="residuals", title="Residuals")
    far = every["studentised"].abs() > FAR
    assert DRAWN <= len(figure.data) <= DRAWN + far.sum()
    assert far[far].index.isin(figure.data.index).all()
    assert figure.title == (
        f"Residuals ({len(figure.data)} of 20000 drawn: evenly spaced in their order at each visit, and all beyond 3)"
    )
    shares = figure.data["visit"].value_counts(normalize=True)
    assert shares.between(0.23, 0.27).all()
    assert "20000 points" in figure.alt
    assert len(figure.svg()) + len(figure.spec()) < PAGE
    small = plot_residuals(scaled(200), figure_id="residuals", title="Residuals")
    assert (len(small.data), small.title) == (800, "Residuals")


def test_quantiles_of_a_large_trial_keep_both_ends() -> None:
    n = 20_000
    points = pd.DataFrame(
        {"theoretical": np.linspace(-4, 4, n), "sample": np.linspace(-4, 4, n), "low": -5.0, "high": 5.0}
    )
    figure = plot_qq(points, figure_id="qq", title="Quantiles")
    assert set(figure.data.index) >= {*range(TAIL), *range(n - TAIL, n)}
    assert len(figure.data) <= DRAWN + 2 * TAIL
    assert figure.title.startswith(f"Quantiles ({len(figure.data)} of 20000 drawn")
    assert len(figure.svg()) + len(figure.spec()) < PAGE


def test_cumulative_responders_of_a_large_trial_are_exact_at_each_cut_that_is_drawn() -> None:
    plan = study(3)
    data = dataset(plan, 3000)
    response, visit = responses(plan, {"primary": data}, {})[0], plan.post_visits[-1]
    curve = responder_curve(plan, response, visit, [response.rule])
    here = data.frame[data.frame["visit"] == visit].dropna(subset=["change"])
    assert curve["cut"].nunique() <= MOST_CUTS + 5
    for arm, rows in curve.groupby("arm"):
        changes = here.loc[here["arm"] == arm, "change"].to_numpy()
        expected = [(changes.round(9) >= cut).sum() for cut in rows["cut"]]
        assert rows["n"].tolist() == expected
        reaching = rows.loc[rows["cut"] >= 10, "n"].max()
        assert reaching == (changes >= 10).sum()
    figure = plot_responder_curve(plan, response, visit, [response.rule], figure_id="curve", title="Curve")
    assert f"drawn at {curve['cut'].nunique()} cuts" in figure.title
    assert len(figure.svg()) + len(figure.spec()) < PAGE


def test_the_most_influential_of_very_many_are_drawn() -> None:
    influence = pd.DataFrame({"cook_distance": np.linspace(0, 1, 8000)})
    figure = plot_influence(influence, figure_id="influence", title="Influence")
    assert figure.title == "Influence (the 500 most influential of 8000)"
    assert figure.data["value"].iloc[0] == 1.0


def test_a_chart_of_more_rows_than_altair_permits_is_drawn() -> None:
    rows = pd.DataFrame({"x": np.arange(6000) % 7})
    chart = alt.Chart(rows).mark_bar().encode(x="x:O", y="count()")
    assert Figure("bars", "Bars", chart, "Bars.", rows).svg().startswith("<svg")


# -- no figure twice -------------------------------------------------------------------------------------------------


def test_two_primary_estimands_of_one_endpoint_are_compared_in_one_figure() -> None:
    made = small_trial.report()
    raw = small_trial.plan().model_dump(exclude_unset=True)
    raw["estimands"]["policy"] = {
        **raw["estimands"]["primary"],
        "intercurrent_events": {"hip_surgery": "treatment_policy"},
    }
    raw["analyses"]["policy"] = {**raw["analyses"]["primary"], "estimand": "policy"}
    plan = study_of(raw)
    cohort = replace(made.cohort, study=plan)
    frame = made.estimates.frame
    again = frame[frame["analysis"] == "primary"].assign(analysis="policy", estimand="policy")
    both = replace(
        made,
        study=plan,
        cohort=cohort,
        datasets={**made.datasets, "policy": derive_dataset(cohort, "policy")},
        fits={**made.fits, "policy": made.fits["primary"]},
        estimates=Estimates(pd.concat([frame, again], ignore_index=True)),
    )
    drawn = [block.figure for block in main_results_section(both).blocks if isinstance(block, FigureBlock)]
    assert len(drawn) == 1
    assert {"primary", "policy"} <= set(drawn[0].data["analysis"])
