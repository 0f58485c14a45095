"""Attendance and standards by clinic, rare events, and published changes: by hand and from printed tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.audit import funnel_proportions, g_chart
from coxa.clinics.audit import Rates
from coxa.clinics.measures.literature import literature_of
from coxa.clinics.measures.periods import periods_of
from coxa.clinics.measures.rare import rare_of
from coxa.clinics.measures.rates import rates_of
from coxa.errors import OptionError
from tests.spec.tiny_clinics import episodes_in, episodes_of, rows_of

STANDARDS = {"flags": {"met": "asked_for", "target": 0.95}, "referral": {"met": "referred", "among": "needed"}}


def rates(rows: pd.DataFrame | list[Mapping[str, Any]], **parts: Any) -> tuple[dict[str, Rates], Mapping[str, str]]:
    found, without = rates_of(episodes_of(rows, **parts))
    return {one.name: one for one in found}, without


def standard(met: Mapping[str, tuple[int, int]]) -> pd.DataFrame:
    """Return episodes by clinic of which some meet the standard: clinic -> (met, all)."""
    rows = [(name, at < events) for name, (events, n) in met.items() for at in range(n)]
    return rows_of(("clinic", "asked_for"), rows)


def test_limits_of_a_standard_are_the_printed_ones() -> None:
    """Spiegelhalter 2005, appendix: limits of a proportion of 0.4 in 20 and 50 patients."""
    found, _ = rates(standard({"A": (8, 20), "B": (20, 50)}), standards=STANDARDS)
    flags = found["flags"]
    assert (flags.events, flags.n, flags.target, flags.of) == (28, 70, 0.95, "episodes")
    table = flags.clinics.set_index("clinic")
    assert table.loc["A", ["low_99.8", "low_95", "high_95", "high_99.8"]].tolist() == pytest.approx(
        [0.0577, 0.1629, 0.5944, 0.7236], abs=5e-5
    )
    assert table.loc["B", ["low_95", "high_95"]].tolist() == pytest.approx([0.2559, 0.5283], abs=5e-5)
    assert table["position"].tolist() == ["within", "within"]
    assert flags.method == "exact binomial limits, inverted with interpolation"


def test_a_clinic_outside_the_wider_limits_is_named() -> None:
    found, _ = rates(standard({"A": (10, 40), "B": (90, 100), "C": (95, 100)}), standards=STANDARDS)
    assert found["flags"].clinics["position"].tolist() == ["low", "within", "high"]


def test_over_dispersion_of_ten_clinics_widens_the_limits_and_is_said() -> None:
    events = [60, 95, 70, 99, 80, 90, 65, 97, 75, 85]
    found, _ = rates(standard({f"{at:02d}": (one, 100) for at, one in enumerate(events)}), standards=STANDARDS)
    expected = funnel_proportions(events, [100] * 10, adjust="additive").frame
    table = found["flags"].clinics
    assert table["low_99.8"].tolist() == pytest.approx(expected["low_99_8"].tolist())
    assert table["position"].unique().tolist() == ["within"]
    assert "additive over-dispersion" in found["flags"].method
    nine, _ = rates(standard({f"{at:02d}": (one, 100) for at, one in enumerate(events[:9])}), standards=STANDARDS)
    assert "exact binomial" in nine["flags"].method


def test_a_standard_counts_those_it_applies_to_and_that_have_an_entry() -> None:
    rows = [("A", True, True), ("A", True, False), ("A", True, None), ("A", False, True), ("A", None, True)]
    found, without = rates(rows_of(("clinic", "needed", "referred"), rows), standards=STANDARDS)
    assert (found["referral"].events, found["referral"].n) == (1, 2)
    assert without["flags"] == "No episode to which it applies has an entry for “Flags”."


def test_only_eligible_episodes_count() -> None:
    rows = [("A", 10, 8, 1, True), ("A", 10, 0, 10, False)]
    found, _ = rates(rows_of(("clinic", "booked", "attended", "missed", "eligible"), rows), targets={"attended": 0.9})
    assert found["attended"].clinics[["events", "n", "share", "episodes"]].values.tolist() == [[8, 10, 0.8, 1]]
    assert (found["attended"].target, found["missed"].target) == (0.9, None)
    assert (found["missed"].events, found["missed"].of) == (1, "sessions")


def test_a_clinic_without_sessions_is_in_the_table_without_a_share() -> None:
    rows = [("A", 10, 8), ("B", None, None), ("C", 10, 11)]
    found, without = rates(rows_of(("clinic", "booked", "attended"), rows))
    table = found["attended"].clinics.set_index("clinic")
    assert table["n"].tolist() == [10, 0, 0]
    assert table.loc[["B", "C"], ["share", "low_95"]].isna().all(axis=None)
    assert table["position"].tolist() == ["within", "", ""]
    assert "one clinic alone has none to compare with" in found["attended"].method
    assert without["missed"] == "No episode has both its sessions booked and its sessions missed."


def test_patients_between_those_who_are_worse_are_a_g_chart() -> None:
    """In 60 episodes of a clinic the 11th, the 32nd and the 40th are worse by 2 or more."""
    worse = {10, 31, 39}
    rows = []
    for at in range(60):
        day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=at)
        change = -2.0 if at in worse else (-1.0 if at == 20 else 1.0)
        common = {"clinic": "A", "intake_date": day, "discharge_date": day + pd.Timedelta(days=30)}
        rows.append(common | {"pain_intake": 5.0, "pain_discharge": 5.0 - change})
    rows += episodes_in("B", "2024-02", [1.0] * 5)
    found = rare_of(episodes_of(rows))
    assert found.without == {}
    every, clinic, other = found.charts
    assert (other.clinic, other.events, other.n, len(other.frame), other.variation) == ("B", 0, 5, 0, "few_points")
    assert (clinic.clinic, clinic.events, clinic.n) == ("A", 3, 60)
    assert clinic.frame["value"].tolist() == [10, 20, 7]
    expected = g_chart([10, 20, 7]).frame
    assert clinic.frame[list(expected)].equals(expected)
    assert clinic.frame["period"].tolist() == ["2024 Q1"] * 3
    # the five of B on 5 February come before the 37th and later ones of A
    assert (every.clinic, every.events, every.n, every.frame["value"].tolist()) == ("all", 3, 65, [10, 20, 12])
    assert "by 2 or more" in clinic.method


def test_a_frequent_event_has_no_chart_of_rare_events() -> None:
    found = rare_of(episodes_of(episodes_in("A", "2024-02", [-3.0, -3.0, 1.0, 1.0])))
    assert found.without["worse"] == "Worse pain: too few or too many for charts of a rare event."
    assert found.charts == ()


HOOS = {"pain": {"label": "HOOS pain", "instrument": "hoos", "scale": "pain"}}


def test_published_changes_are_on_the_same_scale_with_trial_treatment_time_and_paper() -> None:
    episodes = episodes_of(episodes_in("A", "2024-02", [-10.0, -20.0, None], 50.0), outcomes=HOOS)
    table, without = literature_of(episodes.plan, periods_of(episodes))
    assert without == {}
    assert set(table["preset"]) == {"harris-hayes-2016", "kjeldsen-2024"}
    one = table[table["preset"] == "kjeldsen-2024"].set_index("arm").loc["Progressive resistance training"]
    assert one["change"] == 8.6  # Kjeldsen 2024, as printed
    assert one["weeks"] == 12.0
    assert one["source"] == "Kjeldsen 2024; Annals of Internal Medicine 2024;177:573"
    assert "hip osteoarthritis" in one["title"]
    assert (one["own_n"], one["own_change"]) == (2, 15.0)
    assert np.isnan(one["n"])


def test_changes_of_the_pain_scale_are_those_that_a_trial_of_the_hip_prints_of_its_arms() -> None:
    """Harris-Hayes 2020, average pain: -2.9 (n = 22) and -2.5 (n = 20) at 13 weeks; an improvement is positive."""
    episodes = episodes_of(episodes_in("A", "2024-02", [1.0, 2.0]))
    table, without = literature_of(episodes.plan, periods_of(episodes))
    assert without == {}
    assert table[["preset", "arm", "change", "n", "weeks", "own_change"]].values.tolist() == [
        ["harris-hayes-2020", "Movement-pattern training", 2.9, 22.0, 13.0, 1.5],
        ["harris-hayes-2020", "Strength and flexibility", 2.5, 20.0, 13.0, 1.5],
    ]


def test_the_plan_chooses_the_trials() -> None:
    episodes = episodes_of(episodes_in("A", "2024-02", [-10.0], 50.0), outcomes=HOOS, literature=["harris-hayes-2016"])
    table, _ = literature_of(episodes.plan, periods_of(episodes))
    assert table["change"].tolist() == [3.3, 1.9]
    wrong = episodes_of(episodes_in("A", "2024-02", [1.0]), literature="harris-hayes-2061")
    with pytest.raises(OptionError, match="harris-hayes-2016"):
        literature_of(wrong.plan, periods_of(wrong))


def test_figures_that_were_not_read_in_the_paper_are_not_compared_with() -> None:
    """Bennell 2014 has changes on the VAS from a secondary source alone."""
    vas = {"pain": {"instrument": "vas"}}
    episodes = episodes_of(episodes_in("A", "2024-02", [1.0], 60.0), outcomes=vas)
    table, without = literature_of(episodes.plan, periods_of(episodes))
    assert not len(table)
    assert without["literature"].startswith("No published trial that coxa knows")
