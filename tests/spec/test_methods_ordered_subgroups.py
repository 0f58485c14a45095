"""Subgroups of `model: ordinal`, `mann_whitney` and `win_ratio`: joint where there is a model, separate without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import PlanError
from coxa.estimates import win_probability
from coxa.estimates.levels import chi_square_of_levels
from coxa.models import fit_ordinal
from coxa.report.document import TableBlock
from coxa.report.topics.analyses.kinds import kind_blocks
from tests.spec import test_methods_win_ratio as ranked
from tests.spec.test_methods_ordinal import analysed, at_month_6, plan

NUMBERS = ["estimate", "std_error", "p_value"]
LEVELS = [1, 2, 3, 4]


def inside(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of subgroups at month 6, by their level."""
    mine = frame[frame["analysis"].str.startswith("main[") & frame["visit"].eq("month_6")]
    mine = mine[mine["analysis"].str.contains("sex=|site=")]
    return mine.assign(group=mine["analysis"].str[5:-1]).set_index("group")


def by_hand(values: list[float], errors: list[float]) -> tuple[float, float, float]:
    """Return the difference of two independent values, its standard error and p."""
    gap, error = values[1] - values[0], float(np.hypot(*errors))
    return gap, error, float(2 * stats.norm.sf(abs(gap) / error))


def test_odds_ratios_within_levels_are_those_of_an_interaction_coded_by_hand() -> None:
    found = inside(analysed("model: ordinal, subgroups: [sex]").estimates.frame)
    data = at_month_6()
    male, exercise = data["sex"].eq("male") * 1.0, data["arm"].eq("exercise") * 1.0
    coded = data.assign(male=male, in_female=exercise * (1 - male), in_male=exercise * male, exercise=exercise)
    nested = fit_ordinal("groc ~ male + in_female + in_male", coded, levels=LEVELS)
    for name, level in (("in_female", "sex=female"), ("in_male", "sex=male")):
        assert np.log(found.loc[level, "estimate"]) == pytest.approx(nested.params[name], abs=1e-6)
        assert found.loc[level, "std_error"] ** 2 == pytest.approx(nested.covariance.loc[name, name], rel=1e-6)
    product = fit_ordinal("groc ~ male + exercise + in_male", coded, levels=LEVELS)
    log_ratio, variance = product.params["in_male"], product.covariance.loc["in_male", "in_male"]
    assert np.log(found.loc["sex=male-female", "estimate"]) == pytest.approx(log_ratio, abs=1e-6)
    assert found.loc["sex=*", "statistic"] == pytest.approx(log_ratio**2 / variance, rel=1e-5)
    assert found.loc["sex=*", "p_value"] == pytest.approx(found.loc["sex=male-female", "p_value"])
    assert found.loc[["sex=female", "sex=male"], "n_participants"].sum() == found.loc["sex=*", "n_participants"] == 75


def test_a_model_of_all_visits_has_subgroups_at_each_visit() -> None:
    frame = analysed("model: ordinal, random: intercept, subgroups: [sex]").estimates.frame
    tests = frame[frame["term"] == "interaction_test"]
    assert set(tests["visit"]) == {"month_3", "month_6"}
    assert np.isfinite(inside(frame)["p_value"]).all()


@pytest.mark.parametrize("summary", ["win_probability", "win_odds"])
@pytest.mark.parametrize("limits", ["brunner_munzel", "delong"])
def test_win_probabilities_within_levels_are_those_of_separate_analyses(summary: str, limits: str) -> None:
    found = inside(analysed(f"model: mann_whitney, limits: {limits}, subgroups: [sex]", summary).estimates.frame)
    scale = np.log if summary == "win_odds" else float
    values, errors = [], []
    for level, data in at_month_6().groupby("sex"):
        own = win_probability(data, "groc", against="usual", method=limits).only(term=summary).frame.iloc[0]
        row = found.loc[f"sex={level}"]
        assert row[NUMBERS].tolist() == pytest.approx(own[NUMBERS].tolist())
        assert row["n_participants"] == len(data)
        values.append(float(scale(row["estimate"])))
        errors.append(float(row["std_error"]))
    gap, error, p = by_hand(values, errors)
    row = found.loc["sex=male-female"]
    assert (scale(row["estimate"]), row["std_error"], row["p_value"]) == pytest.approx((gap, error, p))
    assert found.loc["sex=*", ["statistic", "p_value"]].tolist() == pytest.approx([(gap / error) ** 2, p])
    assert "levels share no participant; chi-square of all levels with 1 degrees" in found.loc["sex=*", "method"]


def ranked_rows(d: pd.DataFrame) -> pd.DataFrame:
    return inside(ranked.run(ranked.plan(subgroups=["site"]), d).frame)


def test_win_ratios_within_levels_are_those_of_separate_analyses() -> None:
    d = ranked.rows(120)
    d.loc[5, "site"] = None
    found = ranked_rows(d)
    own = [ranked.expected(d[d["site"] == site].reset_index()).loc["win_ratio"] for site in ("north", "south")]
    for level, each in zip(("site=north", "site=south"), own, strict=True):
        assert found.loc[level, NUMBERS].tolist() == pytest.approx(each[["estimate", "se", "p_value"]].tolist())
    gap, error, p = by_hand([np.log(each["estimate"]) for each in own], [each["se"] for each in own])
    assert np.log(found.loc["site=south-north", "estimate"]) == pytest.approx(gap)
    assert found.loc["site=*", ["statistic", "p_value"]].tolist() == pytest.approx([(gap / error) ** 2, p])
    assert found.loc["site=*", "n_participants"] == 119
    assert found.loc["site=*", "warning"] == "1 participants without site are in no subgroup"


def test_a_level_without_an_arm_leaves_the_whole_comparison_and_is_named_with_the_arm() -> None:
    d, study = ranked.rows(), ranked.plan(subgroups=["site"])
    d.loc[d["site"].eq("south") & d["arm"].eq("exercise"), "site"] = "north"
    found = run_analysis(study, "main", study.analyses["main"], SimulatedRows(d, "ranking"))
    (lost,) = found.not_fitted
    assert (lost.part, lost.name) == ("subgroup", "site")
    assert "no outcome of arm exercise where site is south" in lost.message
    alone = ranked.run(ranked.plan(), d).frame
    assert found.estimates.frame["estimate"].tolist() == pytest.approx(alone["estimate"].tolist())


def test_the_chi_square_of_three_levels_is_cochrans_q() -> None:
    values, variances = np.array([0.2, 0.9, -0.1]), np.array([0.04, 0.09, 0.16])
    mean = np.average(values, weights=1 / variances)
    statistic, df, p_value = chi_square_of_levels(values[None, :], np.diag(variances))
    assert statistic == pytest.approx(np.sum((values - mean) ** 2 / variances))
    assert (df, p_value) == (2, pytest.approx(stats.chi2.sf(statistic, 2)))


def test_subgroups_of_an_ordinal_model_are_of_odds_ratios() -> None:
    with pytest.raises(PlanError, match="subgroups of `model: ordinal` have cumulative odds ratios"):
        plan("model: ordinal, subgroups: [sex]", "win_probability")


@pytest.mark.parametrize(
    ("model", "summary", "note"),
    [
        ("ordinal", "cumulative_odds_ratio", "One model of all levels of a subgroup."),
        ("mann_whitney", "win_odds", "Each level of a subgroup compared by itself"),
    ],
)
def test_a_report_has_the_levels_and_the_test(model: str, summary: str, note: str) -> None:
    report = analysed(f"model: {model}, subgroups: [sex]", summary)
    blocks = kind_blocks(report, report.study.planned("main"))
    (table,) = [each.table for each in blocks if isinstance(each, TableBlock) and each.table.title == "Subgroups"]
    labels = [row.label for group in table.groups for row in group.rows]
    assert labels[-1] == "Interaction of arm and sex (Wald test)"
    assert [label.partition(":")[0].lower() for label in labels[:3]] == ["female", "male", "male over female"]
    assert table.footnotes[0].text.startswith(note)
