"""Looks at a hypothesis with a margin: statistics, boundaries and limits are those of the distance from the margin."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import special
from typer.testing import CliRunner

import coxa
from coxa.analyses.tested import LookSeen, Seen, conclude, statistics_seen
from coxa.cli.main import app
from coxa.design import power_with_looks
from coxa.errors import PlanError
from coxa.hypotheses import sequential_design, sequential_inference
from coxa.report.build import build_document
from coxa.report.document import FigureBlock, Paragraph, TableBlock
from coxa.study.kinds import study_of

PLAN = Path(__file__).parents[2] / "analyses" / "noninferiority" / "study.yaml"
MARGIN = 6.0
ERRORS = (2.5, 2.0, 1.7)
"""Standard errors at the looks."""


def keys(**changes):
    written = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    for path, value in changes.items():
        *steps, last = path.split("__")
        part = written
        for step in steps:
            part = part[step]
        part[last] = value
    return written


def seen_looks(estimates, distance):
    """Looks of a normal test of a distance from the margin, with estimates of the difference."""
    return [
        LookSeen(k + 1, (0.5, 0.75, 1.0)[k], "", {"pain": Seen(100, one, se, distance(one) / se)})
        for k, (one, se) in enumerate(zip(estimates, ERRORS, strict=False))
    ]


def test_inference_against_a_margin_is_that_of_the_distance_moved_back():
    study, estimates = coxa.read_study(PLAN), (-1.0, 0.4)
    found = conclude(study, seen_looks(estimates, lambda one: one + MARGIN)).of["pain"]
    assert found.design is not None
    assert found.inference is not None
    z = [(one + MARGIN) / se for one, se in zip(estimates, ERRORS, strict=False)]
    alone = sequential_inference(found.design, z, [1 / se**2 for se in ERRORS[:2]])
    assert found.inference.p_value == alone.p_value
    for name in ("estimate", "conf_low", "conf_high", "naive"):
        assert getattr(found.inference, name) == pytest.approx(getattr(alone, name) - MARGIN)
    assert found.rejected == (found.inference.conf_low > -MARGIN)
    assert found.reached_at[1] == pytest.approx(found.design.upper[1] * ERRORS[1] - MARGIN)


@pytest.mark.parametrize("higher", [True, False])
def test_a_limit_leaves_out_the_margin_exactly_where_the_boundary_is_reached_by_a_t_test(higher):
    study = study_of(
        keys(outcomes__pain={"label": "Pain", "range": [0, 100], "unit": "points", "higher_is_better": higher})
    )
    upper = sequential_design((0.5, 0.75, 1.0)).upper[0]
    for nudge, rejected in ((1e-6, True), (-1e-6, False)):
        benefit, z = 2.0, upper + nudge  # the t statistic is larger than z: 8 points in units of 2.5 are 3.2
        look = LookSeen(1, 0.5, "", {"pain": Seen(60, benefit if higher else -benefit, 2.5, z)})
        found = conclude(study, [look]).of["pain"]
        assert found.rejected is rejected
        assert (found.intervals[0][0] > -MARGIN) is rejected
        assert found.inference is not None
        assert found.inference.naive == pytest.approx(benefit)


def test_superiority_by_a_margin_and_no_margin_have_their_own_bound():
    none = coxa.read_study(PLAN)
    plain = none.analyses["pain"].model_copy(update={"margin": None})
    above = none.analyses["pain"].margin.model_copy(update={"type": "superiority", "value": 2.0})
    for analysis, bound in (
        (plain, 0.0),
        (none.analyses["pain"].model_copy(update={"margin": above}), 2.0),
        (none.analyses["pain"], -MARGIN),
    ):
        study = none.model_copy(update={"analyses": {"pain": analysis}})
        looks = seen_looks((5.0,), lambda one, bound=bound: one - bound)
        found = conclude(study, looks).of["pain"]
        assert found.reached_at[0] == pytest.approx(bound + found.design.upper[0] * ERRORS[0])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"analyses__pain__margin": {"type": "equivalence", "value": 6}}, "which is two tests"),
        ({"hypotheses": {"alpha": 0.025, "tested": {"pain": {"analysis": "pain", "weight": 1}}},
          "analyses__pain__margin": {"type": "noninferiority", "value": 6, "alpha": 0.05}},
         "Remove `alpha` of the margin"),
    ],
)  # fmt: skip
def test_margins_that_do_not_go_with_looks_are_refused(changes, fault, tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(keys(**changes)), encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        coxa.read_study(tmp_path / "study.yaml")
    assert fault in raised.value.findings.to_frame().to_string()


def test_the_level_of_a_margin_is_that_of_the_looks():
    study = study_of(keys(analyses__pain__margin={"type": "noninferiority", "value": 6, "alpha": 0.05}))
    found = conclude(study, seen_looks((1.0,), lambda one: one + MARGIN)).of["pain"]
    assert found.design.alpha == pytest.approx(0.05)


def test_the_closed_form_is_the_integral_with_the_drift_from_the_margin():
    study = coxa.read_study(PLAN)
    truth = -0.4905660333
    se = 16 * np.sqrt((1 - 0.55**2) * (2 / 120) * (240 - 3) / (240 - 4))
    found = power_with_looks(study)["pain"]
    assert found.drift == pytest.approx((truth + MARGIN) / se, abs=2e-3)
    assert power_with_looks(coxa.preset("bennell-2014")) == {}


@cache
def tables():
    trial = coxa.simulate_study(coxa.read_study(PLAN), seed=5)
    return {name: trial.tables[name] for name in ("participants", "assessments")}


@pytest.fixture
def folder(tmp_path):
    """A locked plan in a folder of its own, with the data of the first look and of the second."""
    shutil.copy(PLAN, tmp_path / "study.yaml")
    coxa.study.lock(tmp_path / "study.yaml", date="2025-06-01")
    people = tables()["participants"].sort_values("randomisation_date")["participant_id"]
    for name, known in (("one", 120), ("data", 180)):
        (tmp_path / name).mkdir()
        for table, frame in tables().items():
            kept = frame["participant_id"].isin(people.head(known))
            frame[kept].to_csv(tmp_path / name / f"{table}.csv", index=False)
    return tmp_path


def test_looks_against_a_margin_are_taken_recorded_and_reported(folder):
    answer = CliRunner().invoke(
        app, ["interim", str(folder / "study.yaml"), "--data", str(folder / "one"), "--date", "2026-03-02"]
    )
    assert answer.exit_code == 0, answer.output
    assert "against a margin of 6 points: difference in means -2.053, non-inferiority from 1.1" in answer.output
    report = coxa.analyse(folder / "study.yaml")
    rows = report.estimates.frame
    (tested,) = rows[rows["term"] == "noninferiority"].to_dict("records")
    assert tested["method"].startswith("noninferiority: home is worse than clinic by less than 6")
    now = statistics_seen(report.study, rows)["pain"]
    assert now.z == pytest.approx(-special.ndtri(tested["p_value"]))
    document = build_document(report)
    first = document.sections[0].blocks
    said = " ".join(str(block.text) for block in first if isinstance(block, Paragraph))
    assert "is shown by the boundaries of the looks (margin 6 points" in said
    (section,) = [one for one in document.sections if one.id == "hypotheses"]
    texts = [str(block.text) for block in section.blocks if isinstance(block, Paragraph)]
    assert texts[0] == "Non-inferiority is shown at a one-sided level of 0.025: Non-inferiority in pain."
    assert "is shown at the second look (Z 3.11, boundary 2.36)" in texts[1]
    looks = next(block.table for block in section.blocks if isinstance(block, TableBlock))
    assert "Reached at" in [column.label for column in looks.columns]
    last = [block.figure for block in section.blocks if isinstance(block, FigureBlock)][-1]
    assert last.id == "hypotheses-margin-pain"
    assert "First look, repeated" in last.alt


def test_non_inferiority_then_superiority_is_a_fixed_sequence():
    written = keys()
    written["analyses"]["superior"] = {**written["analyses"]["pain"], "label": "Superiority in pain"}
    del written["analyses"]["superior"]["margin"]
    tested = {"inferior": {"analysis": "pain"}, "superior": {"analysis": "superior"}}
    written["hypotheses"] = {"procedure": "fixed_sequence", "tested": tested}
    study = study_of(written)
    (look,) = seen_looks((1.0,), lambda one: one + MARGIN)
    both = {"inferior": Seen(100, 1.0, 1.0, 7.0), "superior": Seen(100, 1.0, 1.0, 1.0)}
    found = conclude(study, [replace(look, fraction=0.5, seen=both)]).of
    assert (found["inferior"].rejected, found["superior"].rejected) == (True, False)
    neither = {name: replace(one, z=1.0) for name, one in both.items()} | {"superior": Seen(100, 1.0, 1.0, 9.0)}
    assert not conclude(study, [replace(look, seen=neither)]).of["superior"].rejected


def test_information_that_falls_by_chance_is_taken_by_participants():
    study = coxa.read_study(PLAN)
    looks = [
        LookSeen(k + 1, (0.5, 0.75)[k], "", {"pain": Seen((30, 45)[k], 1.0, se, 7.0 / se)})
        for k, se in enumerate((2.0, 2.4))
    ]
    found = conclude(study, looks).of["pain"]
    assert found.design.fractions == pytest.approx((0.5, 0.75, 1.0))
    assert found.intervals[0][0] == pytest.approx(1.0 - found.design.upper[0] * 2.0)  # with its own standard error
    assert found.inference.naive == pytest.approx(1.0)
