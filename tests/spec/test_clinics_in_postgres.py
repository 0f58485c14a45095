"""An audit asked of PostgreSQL is the one asked of DuckDB: one SQL for both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from coxa.clinics import audit_clinics
from coxa.clinics.measures.case_mix import case_mix
from coxa.clinics.measures.loss_weights import loss_weights
from coxa.clinics.measures.shares import shares
from coxa.episodes import Episodes, read_episodes
from coxa.simulate.registry.registry import simulate_registry
from coxa.study.audit.assumptions import RegistryAssumptions
from tests.spec.postgres_server import absent, server
from tests.spec.test_episodes_sources import in_postgres

SAME = 1e-7
"""Relative. The sums are added in another order."""


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Episodes, Episodes]]:
    if absent():
        pytest.skip(str(absent()))
    made = simulate_registry(RegistryAssumptions(), seed=3, episodes=2500)
    with server() as address:
        in_postgres(made.episodes, address, "episodes_of_care")
        source = made.plan.data.model_dump() | {
            "file": None, "database": address.format("postgres"), "table": "episodes_of_care",
        }  # fmt: skip
        plan = type(made.plan).model_validate(made.plan.model_dump() | {"data": source})
        there, here = read_episodes(plan), read_episodes(made.plan, made.episodes)
        yield here, there
        there.close()
        here.close()


def same(found: pd.DataFrame, expected: pd.DataFrame, **options: Any) -> None:
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=SAME, atol=1e-9, **options)


@pytest.mark.parametrize("outcome", ["pain", "function"])
def test_weights_and_case_mix(both: tuple[Episodes, Episodes], outcome: str) -> None:
    weights = [loss_weights(episodes, outcome) for episodes in both]
    same(weights[1].weights, weights[0].weights)
    same(weights[1].terms, weights[0].terms)
    here, there = (case_mix(episodes, outcome, own.weight) for episodes, own in zip(both, weights, strict=True))
    assert (there.n, there.n_clinics, there.n_therapists) == (here.n, here.n_clinics, here.n_therapists)
    assert there.clinics["weighted"].notna().all()
    assert there.method == here.method
    for name in ("coefficients", "variances", "calibration", "clinics", "therapists", "recovery"):
        same(getattr(there, name), getattr(here, name))


@pytest.mark.parametrize("outcome", ["pain", "function"])
def test_shares(both: tuple[Episodes, Episodes], outcome: str) -> None:
    here, there = (shares(episodes, outcome) for episodes in both)
    assert [one.kind for one in here] == [one.kind for one in there]
    for one, other in zip(here, there, strict=True):
        assert (one.events, one.n) == (other.events, other.n)
        assert one.clinics["expected"].notna().all()
        same(other.clinics, one.clinics)


def test_a_whole_audit(both: tuple[Episodes, Episodes]) -> None:
    here, there = (audit_clinics(episodes.plan, episodes) for episodes in both)
    assert there.n_patients == here.n_patients
    assert (there.first, there.last, dict(there.without)) == (here.first, here.last, dict(here.without))
    assert list(there.completeness.counts) == list(here.completeness.counts)
    for dimensions, table in here.completeness.counts.items():
        same(there.completeness.counts[dimensions], table)
    same(there.periods, here.periods)
    for name in ("series", "rates", "rare"):
        ours, theirs = getattr(here, name), getattr(there, name)
        assert [one.method for one in ours] == [one.method for one in theirs]
        for one, other in zip(ours, theirs, strict=True):
            same(*(each.clinics if name == "rates" else each.frame for each in (other, one)))
    assert len(here.series) == 65
    assert len(here.rare) > 1
