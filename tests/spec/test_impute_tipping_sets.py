"""A tipping map by multiple imputation: against the analysis with each delta, and against the closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.impute import (
    Delta,
    Draws,
    IncompleteOutcomes,
    analyse_ancova,
    conditional_mean,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_imputations,
    tipping_imputed,
    tipping_map,
)
from coxa.models import Fit, fit_mmrm
from tests.sizes import few
from tests.spec.impute_trial import FORMULA, trial

ANALYSIS = "~ baseline + arm"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return trial(120, effect=8.0, missing=0.4)


@pytest.fixture(scope="module")
def fit(data: pd.DataFrame) -> Fit:
    return fit_mmrm(FORMULA, data)


@pytest.fixture(scope="module")
def outcomes(fit: Fit, data: pd.DataFrame) -> IncompleteOutcomes:
    return incomplete_outcomes(fit, data, reference="usual", strategy="cir")


@pytest.fixture(scope="module")
def drawn(fit: Fit) -> Draws:
    return draw_parameters(fit, few(300, 2000))


@pytest.mark.parametrize("of", ["missing", "after_event"])
@pytest.mark.parametrize(("own", "other"), [(-6.0, 0.0), (4.0, -3.0)])
def test_each_cell_is_the_analysis_with_that_delta(
    of: str, own: float, other: float, fit: Fit, outcomes: IncompleteOutcomes, drawn: Draws
) -> None:
    cell = tipping_imputed(
        impute_outcomes(fit, outcomes, drawn),
        ANALYSIS,
        "exercise",
        arm_shifts=[own],
        against_shifts=[other],
        of=of,  # type: ignore[arg-type]
        visit="week_12",
    ).iloc[0]
    delta = Delta(shift={"exercise": own, "usual": other}, of=of)  # type: ignore[arg-type]
    again = impute_outcomes(fit, outcomes, drawn, delta=delta)
    row = pool_imputations(analyse_ancova(again, ANALYSIS, visits=["week_12"])).table.iloc[2]
    for name in ("estimate", "std_error", "df", "p_value", "mc_error"):
        assert cell[name] == pytest.approx(row[name], rel=1e-9)


def test_the_map_is_near_that_of_the_conditional_mean(
    fit: Fit, data: pd.DataFrame, outcomes: IncompleteOutcomes, drawn: Draws
) -> None:
    shifts = np.linspace(-30, 10, 16)
    by_sets = tipping_imputed(
        impute_outcomes(fit, outcomes, drawn),
        ANALYSIS,
        "exercise",
        arm_shifts=shifts.tolist(),
        against_shifts=shifts.tolist(),
    )
    found = conditional_mean(fit, data, reference="usual", strategy="cir", formula="baseline + arm")
    cells = tipping_map(found, "exercise", arm_shifts=shifts.tolist(), against_shifts=shifts.tolist()).cells()
    assert (by_sets[["arm_shift", "against_shift"]] == cells[["arm_shift", "against_shift"]]).all().all()
    gap = (by_sets["estimate"] - cells["estimate"]).abs()
    assert (gap < 4 * by_sets["mc_error"] + 0.01 * by_sets["std_error"]).all()
    assert by_sets["std_error"].to_numpy() == pytest.approx(cells["std_error"].to_numpy(), rel=0.05)
    assert (by_sets["significant"] == cells["significant"]).mean() > 0.93
    assert 0.1 < by_sets["significant"].mean() < 0.9


def test_what_cannot_be_mapped_is_refused(fit: Fit, outcomes: IncompleteOutcomes, drawn: Draws) -> None:
    imputed = impute_outcomes(fit, outcomes, drawn)
    with pytest.raises(OptionError, match="compared with itself"):
        tipping_imputed(imputed, ANALYSIS, "usual", arm_shifts=[0])
    with pytest.raises(OptionError, match="manual"):
        tipping_imputed(imputed, ANALYSIS, "manual", arm_shifts=[0])
