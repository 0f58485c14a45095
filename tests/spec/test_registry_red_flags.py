"""Red flags of a simulated registry: planted shares come back, and other columns stay as they were."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from coxa.simulate import simulate_registry
from coxa.study import RegistryAssumptions

STEPS = {
    "asked": 0.7,
    "asked_from": {"start": date(2023, 1, 1), "asked": 0.95},
    "found": 0.3,
    "acted_on": 0.8,
    "referred": 0.5,
    "days": 5,
}
NEW = ["flag_found", "flag_acted_on", "flag_referred", "days_to_referral", "referred_in_7_days"]


@pytest.fixture(scope="module")
def episodes() -> pd.DataFrame:
    return simulate_registry(RegistryAssumptions(red_flags=STEPS), seed=1, episodes=8000).episodes


def test_each_share_comes_back(episodes: pd.DataFrame) -> None:
    after = pd.to_datetime(episodes["intake_date"]) >= pd.Timestamp("2023-01-01")
    asked, found, acted = (episodes[name] for name in ("red_flags_asked", "flag_found", "flag_acted_on"))
    assert asked[after].mean() - asked[~after].mean() == pytest.approx(0.25, abs=0.06)
    assert found[asked].mean() == pytest.approx(0.3, abs=0.02)
    assert acted[found].mean() == pytest.approx(0.8, abs=0.03)
    assert episodes.loc[acted, "flag_referred"].mean() == pytest.approx(0.5, abs=0.04)
    assert not found[~asked].any()
    assert not acted[~found].any()


def test_days_are_known_of_those_referred_alone(episodes: pd.DataFrame) -> None:
    referred = episodes["flag_referred"]
    assert episodes["days_to_referral"].notna().equals(referred)
    days, in_time = episodes.loc[referred, "days_to_referral"], episodes.loc[referred, "referred_in_7_days"]
    assert days.le(7).astype(bool).tolist() == in_time.tolist()


def test_without_steps_the_registry_is_as_before(episodes: pd.DataFrame) -> None:
    plain = simulate_registry(RegistryAssumptions(), seed=1, episodes=8000).episodes
    same = [name for name in plain if name != "red_flags_asked"]
    pd.testing.assert_frame_equal(episodes[same], plain[same])
    assert set(episodes) - set(plain) == set(NEW)
