"""Rare events: expected by case mix, CUSUM patient by patient and by stretches of time, and run charts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from coxa.audit import risk_adjusted_cusum, run_chart
from coxa.audit.charts.cusum import cusum_path, stretches
from coxa.clinics.audit import Audit, Rare, Series
from coxa.clinics.measures.cusum import limit_of
from coxa.clinics.measures.few_points import with_enough_points
from coxa.clinics.measures.rare import rare_of
from coxa.clinics.page.build import build_answer, build_page
from coxa.clinics.page.letters import letters
from coxa.clinics.page.points import why_signal
from coxa.clinics.run import audit_clinics
from coxa.simulate import simulate_registry
from coxa.study import RegistryAssumptions
from coxa.study.audit.rare import CusumSettings
from tests.spec.test_clinics_over_time import charts, two_clinics
from tests.spec.test_clinics_page import paragraphs
from tests.spec.tiny_clinics import CUT, episodes_of, plan_of


@pytest.fixture(scope="module")
def audit() -> Audit:
    made = simulate_registry(RegistryAssumptions(), seed=4, episodes=2500)
    return audit_clinics(made.plan, made.episodes)


def of(audit: Audit, event: str, clinic: str) -> Rare:
    return next(one for one in audit.rare if (one.event, one.clinic) == (event, clinic))


def falls(happened: dict[int, bool], n: int = 60, **parts: Any) -> list[Rare]:
    """Return the charts of falls in a clinic with a patient each day, of whom some fall or are not recorded."""
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), "D")
    rows = pd.DataFrame({"clinic": "A", "intake_date": days, "discharge_date": days + pd.Timedelta(days=30)})
    rows = rows.assign(fell=[happened.get(at, False) for at in range(n)])
    plan = {"rare_events": {"fall": {"happened": "fell", "label": "Fall"}}, **parts}
    return [one for one in rare_of(episodes_of(rows, **plan)).charts if one.event == "fall"]


def test_the_cusum_of_a_clinic_is_that_of_its_patients_in_the_order_of_intake() -> None:
    every, clinic = falls({10: True, 12: True, 13: True, 50: True})
    outcomes = [float(at in (10, 12, 13, 50)) for at in range(60)]
    path = risk_adjusted_cusum(outcomes, np.full(60, 4 / 60), limit=clinic.limit)
    assert clinic.path["cusum"].tolist() == pytest.approx(path["cusum"].tolist())
    assert clinic.highest == pytest.approx(path["cusum"].max())
    assert (clinic.events, clinic.n, clinic.expected, clinic.signals) == (4, 60, pytest.approx(4), 0)
    assert every.highest == clinic.highest
    assert "the share of all" in clinic.method


def test_a_run_of_events_signals_and_the_plan_says_how_often_chance_may() -> None:
    together: dict[int, bool] = dict.fromkeys(range(30, 35), True)
    assert falls(together)[1].signals == 0
    assert falls(together, cusum={"chance": 0.2})[1].signals == 1


def test_whom_it_could_not_happen_to_and_who_is_not_recorded_do_not_count() -> None:
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(30), "D")
    rows = pd.DataFrame({"clinic": "A", "intake_date": days, "discharge_date": days})
    rows = rows.assign(fell=[True, False, None, True, *[False] * 26], walks=[True] * 28 + [False, None])
    plan = {"rare_events": {"fall": {"happened": "fell", "among": "walks"}}}
    one = next(one for one in rare_of(episodes_of(rows, **plan)).charts if one.event == "fall")
    assert (one.events, one.n) == (2, 27)


def test_a_standard_that_is_not_met_is_an_event(audit: Audit) -> None:
    met = next(one for one in audit.rates if one.name == "red_flags")
    one = of(audit, "red_flags_missed", "all")
    assert (one.events, one.n) == (met.n - met.events, met.n)


def test_what_is_expected_is_what_shares_expect_by_case_mix(audit: Audit) -> None:
    share = next(one for one in audit.shares if (one.outcome, one.kind) == ("pain", "worse"))
    for row in share.clinics.itertuples():
        assert of(audit, "worse", row.clinic).expected == pytest.approx(row.expected, rel=1e-9)
    every = of(audit, "worse", "all")
    assert every.expected == pytest.approx(share.events)
    assert every.path["expected"].nunique() > 100
    frame = audit.stretches["worse"]
    assert frame["n"].sum() == share.n
    scores = every.path["happened"] * np.log(2) - np.log1p(every.path["expected"])
    assert frame["score"].sum() == pytest.approx(scores.sum())


def test_charts_as_expected_signal_at_most_with_the_probability_of_the_plan() -> None:
    """2,000 charts of 300 patients of mixed risk; a share of 0.1 has an error of 0.007, and a chart begins at 0."""
    random = np.random.default_rng(8)
    chances = random.choice([0.02, 0.05, 0.15], (2000, 300))
    happened = random.random(chances.shape) < chances
    limit = limit_of(chances[0], 300, CusumSettings(chance=0.1))
    height, signalled = np.zeros(2000), np.zeros(2000, dtype=bool)
    for scores in (happened * np.log(2) - np.log1p(chances)).T:
        height = np.maximum(0, height + scores)
        signalled |= height >= limit
    assert 0.05 < signalled.mean() < 0.1 + 3 * 0.007


def test_stretches_have_enough_with_and_without_and_stretches_of_one_patient_are_the_chart_of_patients() -> None:
    random = np.random.default_rng(5)
    for least in (2, 5, 9):
        n = random.integers(5, 60, 40)
        events = random.binomial(n, 0.05)
        place = stretches(events, n, least)
        assert (np.diff(place) >= 0).all()
        sums = pd.DataFrame({"events": events, "rest": n - events}).groupby(place).sum()
        assert (sums >= least).all(axis=None)
    assert stretches([1, 0, 1], [9, 9, 9], 5).tolist() == [0, 0, 0]
    outcomes, chances = random.random(200) < 0.3, np.full(200, 0.1)
    path = risk_adjusted_cusum(outcomes.astype(float), chances, limit=3.0)
    assert path["cusum"].tolist() == pytest.approx(cusum_path(path["score"], 3.0).tolist())
    assert path["signal"].sum() > 3


def test_the_page_has_rare_events_of_clinics_and_the_letter_its_own_patients(audit: Audit) -> None:
    page = build_page(audit)
    table = next(one for one in page.tables() if one.id == "rare")
    assert [group.label for group in table.groups] == ["Worse pain", "Red flags not asked for"]
    assert {row.label for row in table.groups[0].rows} == {
        "All clinics",
        *audit.completeness.counts["clinic",]["clinic"],
    }
    answer = " ".join(paragraphs(build_answer(audit)))
    assert "Of rare events (worse pain, red flags not asked for), " in answer
    letter = letters(audit)["clinic-clinic-09"]
    assert {"cusum-worse", "cusum-red-flags-missed"} <= {one.id for one in letter.figures()}
    assert "CUSUM" not in str([one.title for one in letters(audit)["therapist-clinic-09-c09-t1"].figures()])


def drawn(**parts: Any) -> dict[tuple[str, str], Series]:
    found, _ = charts(two_clinics(), CUT, **parts)
    return {key: with_enough_points(one) for key, one in found.items()}


def test_a_run_chart_is_about_its_median_with_the_rules_of_runs() -> None:
    """Clinic A improves by 1 for twelve months and by 4 for the next twelve: one run of twelve on each side."""
    run = drawn(run_charts=["change"])
    one = run["change", "A"]
    chart = run_chart([1.0] * 12 + [4.0] * 12)
    assert (one.variation, one.assurance, chart.signal) == ("run_signal", None, True)
    assert one.frame["centre"].unique().tolist() == [chart.median] == [2.5]
    assert one.frame[["low", "high"]].isna().all(axis=None)
    assert one.frame["kind"].tolist() == ["concern"] * 12 + ["improvement"] * 12
    assert one.frame["rule"].unique().tolist() == ["run about the median"]
    assert "run chart about the median" in one.method
    assert run["change", "B"].variation == "run_none"  # all on the median
    assert run["complete", "A"].frame["low"].notna().all()


def test_a_series_that_crosses_its_median_too_seldom_marks_its_last_run_and_says_since_when() -> None:
    """Seven low and seven high values: no run is longer than chance makes it (7), one crossing is fewer than 4."""
    values = [0.84, 0.85, 0.79, 0.85, 0.86, 0.85, 0.83, 0.97, 0.96, 0.98, 0.95, 0.93, 0.95, 0.93]
    periods = [f"{2021 + k // 4} Q{k % 4 + 1}" for k in range(14)]
    points = {"period": periods, "part": 0, "value": values, "centre": 0.9, "low": 0.8, "high": 1.0, "n": 300}
    frame = pd.DataFrame(points).assign(rule="common cause", direction=0, kind="common cause")
    one = with_enough_points(Series("asked", "all", frame, "", None, None, "increase", "", run_chart=True))
    chart = run_chart(values)
    assert (chart.longest_run, chart.longest_chance, chart.crossings, chart.fewest_chance) == (7, 7, 1, 4)
    assert one.frame["kind"].tolist() == ["common cause"] * 7 + ["improvement"] * 7
    assert set(one.frame["rule"]) == {"common cause", "few crossings of the median"}
    assert why_signal(one) == ", above the median since 2022 Q4"
    assert why_signal(replace(one, variation="run_none")) == ""


def test_parts_of_few_points_are_run_charts_as_well() -> None:
    anew = [{"measure": ["change"], "start": "2024-10-01", "because": "a new team"}]
    one = drawn(recalculate=anew)["change", "A"]
    assert one.variation == "few_points"
    assert one.frame["centre"].tolist()[-3:] == [4.0] * 3
    assert one.frame["low"].notna().tolist() == [True] * 21 + [False] * 3


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"label": "Fall"}, "write `happened` or `standard`"),
        ({"happened": "fell", "standard": "flags"}, "write `happened` or `standard`"),
        ({"standard": "flags", "among": "x"}, "remove `among`"),
    ],
)
def test_an_event_is_a_column_or_a_standard(event: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plan_of(standards={"flags": {"met": "asked_for"}}, rare_events={"one": event})


@pytest.mark.parametrize(
    ("name", "event", "words"),
    [
        ("worse", {"happened": "fell"}, "choose another name"),
        ("one", {"standard": "flag"}, "Choose flags."),
        ("flags", {"happened": "fell"}, "is the name of two parts"),
    ],
)
def test_names_of_events_are_their_own_and_standards_are_known(name: str, event: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        plan_of(standards={"flags": {"met": "asked_for"}}, rare_events={name: event})
    assert words in str(refused.value.errors()[0]["ctx"]["problems"])
