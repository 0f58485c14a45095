"""Standards of care over time: who was screened for red flags and who was referred, as run charts of all clinics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.clinics import Audit, audit_clinics, publish
from coxa.clinics.page.build import build_page
from coxa.simulate import simulate_registry
from coxa.study import RegistryAssumptions
from coxa.study.audit.plan import AuditPlan


@pytest.fixture(scope="module")
def made() -> tuple[Audit, pd.DataFrame]:
    registry = simulate_registry(RegistryAssumptions(clinics=3, outliers=[], better_from=None), seed=2, episodes=900)
    over_time = {"red_flags": "run_chart", "referral": "limits"}
    standards = {
        name: one.model_copy(update={"over_time": over_time[name]}) for name, one in registry.plan.standards.items()
    }
    plan = registry.plan.model_copy(update={"standards": standards, "data_cut": registry.plan.data_cut})
    return audit_clinics(plan, registry.episodes), registry.episodes


def test_a_point_is_the_share_of_the_period_by_which_the_standard_is_met(made: tuple[Audit, pd.DataFrame]) -> None:
    audit, episodes = made
    chart = next(one for one in audit.series if (one.measure, one.clinic) == ("red_flags", "all"))
    eligible = episodes[episodes["eligible"].astype(bool)]
    quarter = pd.to_datetime(eligible["intake_date"]).dt.to_period("Q").astype(str).str.replace("Q", " Q")
    share = eligible["red_flags_asked"].astype(bool).groupby(quarter).agg(["sum", "size"])
    frame = chart.frame.set_index("period")
    assert len(frame) > 10
    np.testing.assert_array_equal(frame["events"], share.loc[frame.index, "sum"])
    np.testing.assert_array_equal(frame["n"], share.loc[frame.index, "size"])
    assert (chart.run_chart, chart.target, chart.label) == (True, 0.95, "Red flags asked for")
    referral = next(one for one in audit.series if (one.measure, one.clinic) == ("referral", "all"))
    assert not referral.run_chart
    assert referral.frame["n"].sum() < 0.15 * frame["n"].sum()  # of those who needed one


def test_a_published_period_hides_small_counts_and_no_chart_of_a_clinic_leaves(
    made: tuple[Audit, pd.DataFrame],
) -> None:
    published = publish(made[0])
    charts = {one.measure: one for one in published.audit.series if one.clinic == "all"}
    assert {one.clinic for one in published.audit.series if one.measure in ("red_flags", "referral")} <= {"all"}
    frame = charts["red_flags"].frame
    shown = frame[frame["n"].notna() & frame["events"].notna()]
    assert len(shown) >= 2
    missed = shown["n"] - shown["events"]
    assert ((missed == 0) | (missed >= 5)).all()
    assert any(str(figure.words).find("Red flags asked for") >= 0 for figure in build_page(published).figures())


def test_a_standard_has_no_chart_unless_the_plan_asks_for_it() -> None:
    given = {"audit": "tiny", "title": "Tiny", "data": {"file": "a.csv"}, "outcomes": {"pain": {"instrument": "nprs"}}}
    plan = AuditPlan.model_validate({**given, "standards": {"red_flags": {"met": "asked"}}})
    rows = pd.DataFrame(
        {"patient": range(20), "clinic": "A", "intake_date": pd.date_range("2023-01-07", periods=20, freq="30D")}
    )
    rows = rows.assign(discharge_date=rows["intake_date"], pain_intake=5.0, pain_discharge=4.0, asked=True)
    audit = audit_clinics(plan, rows)
    assert "red_flags" not in {one.measure for one in audit.series}
