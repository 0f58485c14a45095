"""`coxa pool` as a user meets it: the plan, the report in its forms, the own trial, the prior of the next one."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from ruamel.yaml import YAML
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.cli.prior import prior_of
from coxa.errors import CoxaError, OptionError, PlanError
from coxa.meta import pool_effects, pool_studies, small_sample_factor
from coxa.meta.review.propose import propose_pool
from coxa.report import primary_rows
from coxa.report.build import build_document
from coxa.report.document import FigureBlock, Paragraph
from coxa.report.topics.evidence.section import evidence_section
from coxa.reviews import review_document
from coxa.study import PoolPlan, read_pool, read_study
from tests.study.test_command_power import PLAN as STUDY

ROOT = Path(__file__).parents[2]
HIP = ROOT / "analyses" / "hip_exercise_review" / "pool.yaml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def arm(events: int, n: int) -> dict[str, int]:
    return {"events": events, "n": n}


def of_counts(*counts: tuple[int, int, int, int], **more: Any) -> dict[str, Any]:
    studies = {
        f"trial_{place}": {"source": "paper", "compared": arm(a, n), "reference": arm(c, m)}
        for place, (a, n, c, m) in enumerate(counts)
    }
    outcome = {"label": "Improved", "measure": "rr", "higher_is_better": True}
    return {"pool": "counts", "title": "Counts", "outcome": outcome, "studies": studies, **more}


def of_estimates(measure: str, *rows: tuple[float, float, float], **more: Any) -> dict[str, Any]:
    studies = {
        f"trial_{place}": {"source": "paper", "estimate": estimate, "interval": [low, high]}
        for place, (estimate, low, high) in enumerate(rows)
    }
    outcome = {"label": "Pain", "measure": measure, "higher_is_better": False}
    return {"pool": "estimates", "title": "Estimates", "outcome": outcome, "studies": studies, **more}


def text_of(plan: dict[str, Any]) -> str:
    return str(review_document(pool_studies(PoolPlan.model_validate(plan))))


def test_a_review_as_json_has_its_comparisons_and_its_answer(tmp_path: Path) -> None:
    rows = ((-7.4, -11.8, -3.0), (-2.0, -6.0, 2.0), (-5.0, -8.0, -2.0))
    plan = tmp_path / "pool.yaml"
    with plan.open("w", encoding="utf-8") as file:
        YAML().dump(of_estimates("md", *rows), file)
    done = run("pool", plan, "--out", tmp_path / "out", "--json", "--quiet")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    trials = [one for one in told if one["kind"] == "comparison"]
    shown = np.array([(one["estimate"], one["conf_low"], one["conf_high"]) for one in trials])
    np.testing.assert_allclose(shown, rows, rtol=1e-9)
    (pooled,) = [one for one in told if one["kind"] == "pooled"]
    main = pool_studies(read_pool(plan)).main
    assert (pooled["estimate"], pooled["std_error"]) == pytest.approx((main.estimate, main.std_error), rel=1e-12)
    assert sum(one["weight"] for one in trials) == pytest.approx(main.weights.sum())
    assert pooled["prediction_low"] < pooled["conf_low"] < pooled["estimate"] < pooled["conf_high"]


def test_the_worked_review(tmp_path: Path) -> None:
    done = run("pool", HIP, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "0.36" in done.output
    assert "◆" in done.output
    assert "━" in done.output
    page = (tmp_path / "out" / "review.html").read_text(encoding="utf-8")
    for said in ("Krauss 2014", "(to be judged)", "PRISMA", "Baujat", "CR2", "Teirlinck"):
        assert said in page
    prior = json.loads((tmp_path / "out" / "next_trial.json").read_text(encoding="utf-8"))
    study = tmp_path / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    mean, sd = prior_of(read_study(study), str(tmp_path / "out" / "next_trial.json"))
    assert (mean, sd) == pytest.approx((-12 * prior["mean"], 12 * prior["sd"]))  # its scale counts the other way


def test_pooled_by_the_plan_as_by_the_function() -> None:
    rows = ((-7.4, -11.8, -3.0), (-6.5, -12.7, -0.3), (-1.0, -6.0, 4.0))
    review = pool_studies(PoolPlan.model_validate(of_estimates("md", *rows)))
    variances = [((high - low) / 2 / 1.959963984540054) ** 2 for _, low, high in rows]
    direct = pool_effects([row[0] for row in rows], variances)
    assert review.main.estimate == pytest.approx(direct.estimate, rel=1e-12)
    assert review.main.limits == pytest.approx(tuple(direct.conf_int[0]), rel=1e-12)
    assert [one.trials for one in review.without] == [2, 2, 2]


def test_one_trial_two_trials_and_no_differences() -> None:
    one = pool_studies(PoolPlan.model_validate(of_estimates("md", (-7.4, -11.8, -3.0))))
    assert one.main.estimate == -7.4
    assert math.isnan(one.main.tau2)
    assert math.isnan(one.main.prediction[0])
    assert one.main.limits == pytest.approx((-11.8, -3.0))
    assert "prediction interval of the true effect" not in text_of(of_estimates("md", (-7.4, -11.8, -3.0)))
    two = pool_studies(PoolPlan.model_validate(of_estimates("md", (-7.4, -11.8, -3.0), (-7.4, -11.8, -3.0))))
    assert two.main.tau2 == 0
    assert two.main.df == 1
    assert two.main.pooled.ad_hoc
    assert two.main.limits[0] < -20  # t on one degree of freedom
    assert "no more than chance explains" in text_of(of_estimates("md", (-7.4, -11.8, -3.0), (-7.4, -11.8, -3.0)))


def test_zero_cells_and_trials_without_a_ratio() -> None:
    review = pool_studies(PoolPlan.model_validate(of_counts((4, 20, 8, 20), (0, 20, 3, 20), (0, 15, 0, 15))))
    assert [one.name for one in review.left_out] == ["trial_2"]
    assert "0.5 was added" in review.effects[1].notes[0]
    assert "Without an effect, and not pooled: trial 2" in text_of(
        of_counts((4, 20, 8, 20), (0, 20, 3, 20), (0, 15, 0, 15))
    )
    with pytest.raises(CoxaError, match="No study has an effect"):
        pool_studies(PoolPlan.model_validate(of_counts((0, 15, 0, 15))))


def test_several_comparisons_of_a_trial() -> None:
    plan = of_estimates("md", (-7.4, -11.8, -3.0), (-6.5, -12.7, -0.3), (-1.0, -6.0, 4.0), (-3.0, -7.0, 1.0))
    plan["studies"]["trial_1"]["trial"] = plan["studies"]["trial_0"]["trial"] = "both"
    review = pool_studies(PoolPlan.model_validate(plan))
    assert (review.main.trials, review.main.comparisons) == (3, 4)
    assert review.main.levels is not None
    assert review.main.std_error >= review.main.levels.std_errors[0]
    assert review.sensitivity[0].levels is None  # one combined estimate for each trial
    combined = PoolPlan.model_validate({**plan, "model": {"several": "combine"}})
    assert pool_studies(combined).main.estimate == pytest.approx(review.sensitivity[0].estimate)


def test_directions_units_and_standardisation() -> None:
    plan = of_estimates("smd", (4.0, 1.0, 7.0), (-0.4, -0.7, -0.1))
    plan["studies"]["trial_0"] |= {"sd": 10, "higher_is_better": True}
    plan["studies"]["trial_1"] |= {"standardised": True}
    review = pool_studies(PoolPlan.model_validate(plan))
    assert [one.estimate for one in review.effects] == pytest.approx([-0.4, -0.4])
    assert "Sign turned" in review.effects[0].notes[-1]
    plan["studies"]["trial_0"].pop("sd")
    with pytest.raises(CoxaError, match="study `trial_0`: A standardised difference needs `sd`"):
        pool_studies(PoolPlan.model_validate(plan))


def test_faults_of_a_plan_are_named(tmp_path: Path) -> None:
    plan = of_counts((4, 20, 8, 20), subgroups=["joint"])
    plan["studies"]["trial_0"]["compared"]["events"] = 21
    path = tmp_path / "pool.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(plan, file)
    with pytest.raises(PlanError, match="21 events are more than 20 participants"):
        read_pool(path)
    plan["studies"]["trial_0"]["compared"]["events"] = 4
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(plan, file)
    with pytest.raises(PlanError, match="`joint` has no value"):
        read_pool(path)


def test_a_proposed_plan_is_carried_out(tmp_path: Path) -> None:
    done = run("pool", "--presets", "hip", "--outcome", "pain", "--out", tmp_path / "out", "--quiet")
    assert done.exit_code == 0, done.output
    plan = read_pool(tmp_path / "out" / "pool.yaml")
    assert len(plan.studies) >= 3
    assert plan.excluded
    assert not plan.outcome.higher_is_better
    assert all(study.preset for study in plan.studies.values())
    with pytest.raises(OptionError, match="No preset has 'elbow'"):
        propose_pool("elbow", "pain")


def test_the_own_trial_among_the_others(tmp_path: Path) -> None:
    plan = tmp_path / "pool.yaml"
    with plan.open("w", encoding="utf-8") as file:
        YAML().dump(of_estimates("md", (-7.4, -11.8, -3.0), (-6.5, -12.7, -0.3)), file)
    common = {"analysis": "primary", "visit": "week_12", "arm": "exercise", "reference": "usual_care",
              "term": "difference"}  # fmt: skip
    rows = [{**common, "statistic": name, "value": value} for name, value in
            (("estimate", -5.0), ("conf_low", -9.0), ("conf_high", -1.0), ("p_value", 0.02))]  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "results.parquet")
    done = run("pool", plan, "--with", tmp_path / "results.parquet", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Own trial" in done.output
    assert "−5.00 (−9.00 to −1.00)" in done.output


@pytest.mark.parametrize("arguments", [(), ("--presets", "hip"), (HIP, "--outcome", "pain")])
def test_arguments_that_do_not_fit(arguments: tuple[object, ...]) -> None:
    done = run("pool", *arguments)
    assert done.exit_code == 2
    assert "--presets" in done.output


def test_priors_that_do_not_fit(tmp_path: Path) -> None:
    study, prior = tmp_path / "study.yaml", tmp_path / "next_trial.json"
    study.write_text(STUDY, encoding="utf-8")
    plan = read_study(study)
    assert prior_of(plan, "6,2") == (6, 2)
    assert prior_of(plan, None) is None
    with pytest.raises(OptionError, match="is not a prior"):
        prior_of(plan, str(prior))
    prior.write_text(json.dumps({"measure": "rr", "mean": 0.1, "sd": 0.2, "higher_is_better": True}))
    with pytest.raises(OptionError, match="has no unit of the outcome"):
        prior_of(plan, str(prior))
    prior.write_text(json.dumps({"measure": "md", "mean": -4.0, "sd": 2.0, "higher_is_better": False}))
    assert prior_of(plan, str(prior)) == (4.0, 2.0)


def test_the_limits_of_a_next_trial_are_the_prediction_interval() -> None:
    rows = ((-7.4, -11.8, -3.0), (-6.5, -12.7, -0.3), (5.0, 0.0, 10.0))
    main = pool_studies(PoolPlan.model_validate(of_estimates("md", *rows))).main
    assert main.next_trial is not None
    assert np.allclose(main.next_trial.interval(), main.prediction)


@cache
def report_of_a_trial() -> Any:
    study = read_study(HIP.parent / "next_trial.yaml")
    return coxa.analyse(coxa.simulate_study(study, participants=80, truth_size=2000, seed=1))


def test_a_report_shows_its_result_among_published_trials() -> None:
    report = report_of_a_trial()
    section = evidence_section(report)
    assert section is not None
    row = primary_rows(report).iloc[0]
    values = report.datasets["primary"].analysed.query("visit == 'week_12'").groupby("arm", observed=True)["value"]
    n, sd = values.size(), values.std()
    pooled = math.sqrt(sum((n - 1) * sd**2) / (n.sum() - 2))
    g = row["estimate"] / pooled * small_sample_factor([n.sum() - 2])[0]
    (figure,) = [block.figure for block in section.blocks if isinstance(block, FigureBlock)]
    own = figure.data.query("kind == 'own'").iloc[0]
    assert own["estimate"] == pytest.approx(g)
    assert len(figure.data.query("kind == 'study'")) == 6
    texts = [str(block.text) for block in section.blocks if isinstance(block, Paragraph)]
    assert "−0.36 (−0.61 to −0.11)" in texts[0]
    assert "no search" in texts[2]


def test_a_review_that_is_missing_or_of_another_measure(tmp_path: Path) -> None:
    report = report_of_a_trial()

    def named(path: Path) -> Any:
        options = report.study.report.model_copy(update={"evidence": str(path)})
        return replace(report, study=report.study.model_copy(update={"report": options}))

    with pytest.raises(OptionError, match="There is no file"):
        evidence_section(named(tmp_path / "none.yaml"))
    path = tmp_path / "pool.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(of_counts((4, 20, 8, 20), (1, 20, 3, 20)), file)
    section = evidence_section(named(path))
    assert section is not None
    assert "no effect that can be pooled as `rr`" in str(section.blocks[0])


def test_a_review_that_is_missing_or_faulty_is_found_by_check(tmp_path: Path) -> None:
    """Before anything is analysed, and not when the report is written."""
    plan = (HIP.parent / "next_trial.yaml").read_text(encoding="utf-8")
    study, review = tmp_path / "study.yaml", tmp_path / "pool.yaml"
    study.write_text(plan, encoding="utf-8")
    done = run("check", study)
    assert done.exit_code == 1
    assert "no file pool.yaml in the folder of the plan" in " ".join(done.output.split())
    review.write_text("{pool: broken}", encoding="utf-8")
    faulty = run("check", study, "--json")
    assert faulty.exit_code == 1
    (found,) = json.loads(faulty.output)
    assert (found["field"], found["row"]) == ("report.evidence", 20)
    assert "has faults" in found["rule"]
    review.write_text(HIP.read_text(encoding="utf-8"), encoding="utf-8")
    assert run("check", study).exit_code == 0


def test_a_shared_report_says_of_how_many_published_trials() -> None:
    found = next(one for one in build_document(report_of_a_trial(), share=True).walk() if one.id == "evidence")
    assert "painful hips, 5 trials)" in str(found.blocks[0].text)  # type: ignore[union-attr]


def test_the_own_result_is_taken_from_a_whole_folder_of_a_report(tmp_path: Path) -> None:
    """The results of a real report, with many analyses and visits: those of its answer are taken."""
    report = report_of_a_trial()
    report.write(tmp_path / "report", formats=("html",))
    plan = of_estimates("md", (-7.4, -11.8, -3.0), (-6.5, -12.7, -0.3))
    plan["studies"]["own"] = {"own": {"results": "report/results.parquet"}}
    with (tmp_path / "pool.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(plan, file)
    done = run("pool", tmp_path / "pool.yaml", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    row = primary_rows(report).iloc[0]
    shown = "{:.2f} ({:.2f} to {:.2f})".format(*(row[name] for name in ("estimate", "conf_low", "conf_high")))
    assert shown.replace("-", "\N{MINUS SIGN}") in done.output
    page = (tmp_path / "out" / "review.html").read_text(encoding="utf-8")
    assert "Analysis primary, week_12: exercise less education." in page
