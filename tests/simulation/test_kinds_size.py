"""What docs/methods/kinds-size.md is made of: lines of other pages, and trials of methods without a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.estimates import responder_by_model
from coxa.models import fit_ancova
from tests.simulation.kinds_pages import READ, read_lines, rows_of
from tests.simulation.kinds_size import ALPHA, PER_ARM, WORLDS, reached, risk, shares
from tests.sizes import few

FOLDER = Path(__file__).parents[2] / "docs" / "methods"


def test_the_first_table_is_that_of_the_pages() -> None:
    lines = list(read_lines(FOLDER))
    text = (FOLDER / "kinds-size.md").read_text(encoding="utf-8")
    assert len(lines) == len(READ)
    for line in lines:
        assert line in text


def test_every_method_of_the_second_table_has_three_lines() -> None:
    text = (FOLDER / "kinds-size.md").read_text(encoding="utf-8")
    rows = [row for row in rows_of(text) if "rejected with an effect" in row]
    names = {row["method"] for row in rows}
    assert len(rows) == len(PER_ARM) * len(names)
    assert len(names) == 17


def test_responders_of_the_simulation_are_those_of_the_library() -> None:
    rng = np.random.default_rng(3)
    arm, x = np.repeat([0.0, 1.0], 15), rng.normal(size=30)
    y = 0.7 * arm + 0.5 * x + rng.normal(size=30)
    data = pd.DataFrame({"participant_id": range(30), "arm": np.where(arm == 1, "b", "a"), "x": x, "change": y})
    found = responder_by_model(fit_ancova("change ~ arm + x", data), 0.5, higher_is_better=True)
    wanted = found.only(term="risk_difference").frame["estimate"].item()
    assert reached(y[None], x[None], arm[None])[0] == pytest.approx(wanted, rel=1e-9)


def test_the_true_risk_is_the_average_over_clusters() -> None:
    shift = np.random.default_rng(1).normal(0, 0.6, 400_000) - 0.4
    assert risk(0.0) == pytest.approx((1 / (1 + np.exp(-shift))).mean(), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("world", "effect"), WORLDS)
def test_limits_cover(world: object, effect: float) -> None:
    replicates = few(60, 200)
    found = shares(world, 40, effect, replicates)  # type: ignore[arg-type]
    short = 3 * (ALPHA * (1 - ALPHA) / replicates) ** 0.5 + 0.02
    for name, (_, covered, lost) in found.items():
        assert lost <= 2
        if covered is not None and "ignored" not in name:
            assert covered >= 1 - ALPHA - short
