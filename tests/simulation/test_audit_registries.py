"""Equal clinics are outside the limits of an audit as often as the limits claim, and planted ones are found."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.simulation.audit_registries import (
    HOW,
    LIMITS,
    SETTINGS,
    audited,
    bias,
    bias_table,
    follows,
    found_outliers,
    found_table,
    outside,
    outside_table,
)
from tests.sizes import few

REGISTRIES = few(6, 60)
CLINICS = 12
MONTE_CARLO = 4.0
"""Standard errors allowed."""


@cache
def rows(setting: int) -> pd.DataFrame:
    name = list(SETTINGS)[setting]
    return pd.concat([audited(seed, name) for seed in range(1, REGISTRIES + 1)], ignore_index=True)


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW[1:])
def test_equal_clinics_are_outside_as_often_as_the_limits_claim(how: str) -> None:
    shares = outside(rows(0)).set_index(["how", "limits", "level"])["outside"]
    error = np.sqrt(0.05 * 0.95 / (REGISTRIES * CLINICS))
    assert abs(shares[how, LIMITS["none"], 0.95] - 0.05) < MONTE_CARLO * error
    assert shares[how, LIMITS["none"], 0.998] < 0.002 + MONTE_CARLO * np.sqrt(0.002 * 0.998 / (REGISTRIES * CLINICS))
    assert shares[how, LIMITS["additive"], 0.95] <= shares[how, LIMITS["none"], 0.95]


def test_without_adjustment_more_of_equal_clinics_are_outside() -> None:
    shares = outside(rows(0)).set_index(["how", "limits", "level"])["outside"]
    assert shares["raw", LIMITS["none"], 0.95] > shares["adjusted", LIMITS["none"], 0.95] + 0.03


@pytest.mark.slow
def test_planted_clinics_are_found_by_limits_of_patients() -> None:
    found = found_outliers(rows(5)).set_index(["planted", "how", "limits", "level"])["found"]
    for planted in ("better", "worse"):
        assert found[planted, "adjusted", LIMITS["none"], 0.998] > 0.9
        assert found[planted, "adjusted", LIMITS["additive"], 0.95] > 0.6


def test_the_mean_of_those_seen_is_too_high_where_loss_depends_on_the_outcome() -> None:
    by_chance, informative = (bias(rows(place)).set_index("how") for place in (0, 5))
    assert abs(by_chance.loc["raw", "bias"]) < MONTE_CARLO * max(by_chance.loc["raw", "error"], 0.03 / REGISTRIES**0.5)
    assert informative.loc["raw", "bias"] > MONTE_CARLO * informative.loc["raw", "error"]


def test_tables_have_a_line_for_each_way_of_measuring() -> None:
    both = pd.concat([rows(0), rows(5)])
    shares, found, off = outside(both), found_outliers(both), bias(both)
    assert outside_table(shares).count("\n") == 1 + 2 * len(HOW)
    assert found_table(found).count("\n") == 1 + 3 * len(HOW)
    assert bias_table(off).count("\n") == 1 + 2
    with pytest.raises(KeyError):
        follows(shares, found, off)  # it speaks of registries that are not among these


def test_the_page_in_the_docs_has_every_kind_of_registry() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "audit-registries.md").read_text(encoding="utf-8")
    assert [name for name in SETTINGS if page.count(f"| {name} |") != len(HOW) + 1] == []
