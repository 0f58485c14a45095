"""A tipping map of responders: each cell is the analysis with that delta, and the line is where p-values cross."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.errors import OptionError
from coxa.impute import (
    Delta,
    Draws,
    IncompleteOutcomes,
    Steps,
    analyse_responders,
    draw_parameters,
    draw_scores,
    impute_outcomes,
    impute_scores,
    incomplete_outcomes,
    pool_imputations,
    tipping_responders,
)
from coxa.models import Fit, fit_mmrm
from coxa.report.document import FigureBlock
from coxa.report.topics.analyses.kinds import kind_blocks
from coxa.study.kinds import study_of
from tests.spec.power_plan import power_plan

ASKED: dict[str, Any] = {"against": "old", "visit": "b", "threshold": 1.0}
ROWS, OTHERS = np.linspace(-6, 2, 5), np.array([-2.0, 0.0, 2.0])


@cache
def parts() -> tuple[Fit, IncompleteOutcomes, Draws]:
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(160), 2)
    d = pd.DataFrame({"participant_id": who, "visit": list("ab") * 160, "arm": np.where(who % 2, "new", "old")})
    d["age"] = rng.normal(size=160)[who]
    d["change"] = rng.normal(size=160)[who] + rng.normal(size=320) + 0.9 * (d["arm"] == "new") + 0.3 * d["age"]
    d.loc[(d["visit"] == "b") & (d["participant_id"] % 3 == 0), "change"] = np.nan
    fit = fit_mmrm("change ~ arm * visit + age", d)
    return fit, incomplete_outcomes(fit, d, reference="old", strategy="j2r"), draw_parameters(fit, 30)


@pytest.mark.parametrize("term", ["risk_difference", "risk_ratio", "odds_ratio"])
def test_each_cell_is_the_analysis_with_its_delta(term: str) -> None:
    fit, outcomes, draws = parts()
    sets = impute_outcomes(fit, outcomes, draws)
    shown = tipping_responders(
        sets, "~ arm + age", "new", arm_shifts=ROWS.tolist(), against_shifts=OTHERS.tolist(), term=term, **ASKED
    )
    for i, j in ((0, 0), (1, 4), (2, 3)):
        moved = impute_outcomes(fit, outcomes, draws, delta=Delta(shift={"new": ROWS[j], "old": OTHERS[i]}))
        one = pool_imputations(analyse_responders(moved, "~ arm + age", visit="b", threshold=1.0, against="old"))
        row = one.estimates.only(term=term).frame.iloc[0]
        assert shown.estimate[i, j] == pytest.approx(row["estimate"], rel=1e-7)
        assert shown.p_value[i, j] == pytest.approx(row["p_value"], rel=1e-6)


def test_the_line_lies_between_cells_that_conclude_otherwise() -> None:
    fit, outcomes, draws = parts()
    shown = tipping_responders(
        impute_outcomes(fit, outcomes, draws), "~ arm + age", "new", arm_shifts=ROWS.tolist(), **ASKED
    )
    significant = shown.p_value[0] < 0.05
    assert significant.any()
    assert not significant.all()
    changes = np.flatnonzero(significant[1:] != significant[:-1])
    assert len(shown.line) == len(changes)
    for at, j in zip(shown.line["arm_shift"], changes, strict=True):
        assert ROWS[j] <= at <= ROWS[j + 1]


def test_scores_on_steps_and_unknown_terms_are_refused() -> None:
    fit, outcomes, draws = parts()
    with pytest.raises(OptionError, match="no term"):
        tipping_responders(impute_outcomes(fit, outcomes, draws), "~ arm", "new", arm_shifts=[0], term="risk", **ASKED)
    steps = Steps(-20, 20, 0.01)
    scores = impute_scores(fit, outcomes, draw_scores(fit, outcomes, steps, 20, burn_in=2, thin=1), steps)
    with pytest.raises(OptionError, match="score on steps"):
        tipping_responders(scores, "~ arm", "new", arm_shifts=[0], **ASKED)


def test_a_report_has_the_map_in_units_of_the_outcome_and_says_where_it_tips() -> None:
    content: Any = power_plan().model_dump(mode="json", exclude_unset=True)
    options = {"model": "imputation", "by": "multiple", "imputations": 20, "adjust": ["baseline * visit"]}
    content["analyses"] = {"a": {"estimand": "response", **options}}
    content["assumptions"]["dropout"] = {"probability": 0.4}
    content["assumptions"]["outcomes"]["pain"]["scale"] = "bounded"
    trial = coxa.simulate_study(study_of(content), participants=150, truth_size=2000, seed=4)
    report = coxa.analyse(coxa.read_cohort(trial.study, trial.tables))
    blocks = kind_blocks(report, report.study.planned("a"))
    maps = [one.figure for one in blocks if isinstance(one, FigureBlock) and one.figure.id.startswith("tipping-")]
    assert [one.id for one in maps] == ["tipping-a-exercise", "tipping-a-manual-therapy"]
    assert "before responders are counted" in maps[0].title
    assert "by interpolation between amounts" in str(maps[0].words)
    assert "Within it the conclusion" in str(maps[0].words)
    middle = maps[0].data.query("arm_shift == 0 and against_shift == 0").iloc[0]
    row = report.estimates.only(term="risk_difference", arm="exercise").frame.iloc[0]
    assert middle["estimate"] == pytest.approx(row["estimate"], abs=5e-4)
