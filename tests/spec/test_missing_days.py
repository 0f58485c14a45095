"""Days of a diary that were not written: planted, modelled, weighted, filled in, and reported."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import coxa
from coxa.analyses.methods.location_scale import days_at
from coxa.analyses.missing_days import (
    BEFORE,
    ENTRY,
    LAST,
    YESTERDAY,
    entry_model,
    entry_rows,
    entry_weights,
    under_assumptions,
    weighted_fit,
)
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import FitError
from coxa.impute.days import drawn_days
from coxa.models import fit_location_scale
from coxa.report.build import build_document
from coxa.report.document import Paragraph, TableBlock
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from coxa.simulate.from_plan.diary import daily_course
from coxa.study.kinds import study_of

PLAN = Path(__file__).parents[2] / "analyses" / "steady_days" / "study.yaml"


def plan(missing: dict[str, Any], asked: dict[str, Any] | None = None, n: int = 200):
    written = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    written["assumptions"]["participants"] = n
    written["assumptions"]["diary"]["missing"] = missing
    written["analyses"]["level"]["missing_days"] = asked or {}
    return study_of(written)


@cache
def analysed():
    study = plan({"run": 0.0, "single": 0.25, "yesterday": 2.0}, {"delta": [0, 2], "imputations": 2})
    design = trial_design(study)
    frame = estimand_frame(design, draw_outcomes(design, seed=4), "level")
    planned, rows = study.planned("level"), SimulatedRows(frame, "value")
    (run,), *_ = run_analysis(study, "level", planned.analysis, rows, comparisons_only=True)
    return planned, run, rows, entry_model(planned, frame, "week_8")


def share_missing(missing: dict[str, Any]):
    design = trial_design(plan(missing, n=2_000))
    drawn = draw_outcomes(design, seed=2)
    return design, drawn, daily_course(design, drawn, design.assumptions.diary)


def test_days_are_lost_by_arm_and_by_the_pain_of_the_day_as_planted():
    by_arm = {"usual_care": 0.4, "exercise": 0.1}
    design, drawn, course = share_missing({"run": 0.0, "single_by_arm": by_arm})
    for place, arm in enumerate(design.arms):
        mine = drawn.received == place
        assert 1 - course.written[mine].mean() == pytest.approx(by_arm[arm], abs=0.01)
    for name, back in (("yesterday", 1), ("today", 0)):
        _, _, course = share_missing({"run": 0.0, "single": 0.3, name: 2.0})
        pain = course.latent[:, 10:] - course.latent[:, 10:].mean(axis=1, keepdims=True)
        pain, lost = (pain[:, :-1], ~course.written[:, 11:]) if back else (pain, ~course.written[:, 10:])
        worse, better = (lost[pain > 1].mean(), lost[pain < -1].mean())
        assert worse / (1 - worse) > 3 * better / (1 - better), name
    _, _, course = share_missing({"run": 0.0, "single": 0.3, "level": 2.0})
    level, lost = course.latent.mean(axis=1), (~course.written).mean(axis=1)
    assert np.corrcoef(level, lost)[0, 1] > 0.5


def test_without_informative_days_the_draws_are_as_they_were():
    from coxa.simulate.from_plan.diary import missed_days

    _, drawn, course = share_missing({"run": 0.01, "single": 0.05})
    missed = missed_days(drawn.seed, *course.written.shape, 0.05, 0.01, 4.0)
    stays = np.isnan(drawn.left)
    assert (course.written[stays] == ~missed[stays]).all()


def test_history_is_of_the_days_before_alone():
    planned = plan({}).planned("level")
    frame = pd.DataFrame(
        {"participant_id": ["a"], "arm": ["exercise"], "visit": ["week_8"],
         "window_days": [(43, 45, 46)], "window_values": [(4.0, 6.0, 2.0)]}
    )  # fmt: skip
    rows = entry_rows(planned, frame, "week_8").set_index("study_day")
    assert rows.index[0] == 44
    assert rows.index[-1] == 56
    assert rows.loc[44:47, ENTRY].tolist() == [0.0, 1.0, 1.0, 0.0]
    assert rows.loc[44:47, BEFORE].tolist() == [4.0, 4.0, 5.0, 4.0]
    assert rows.loc[44:47, LAST].tolist() == [0.0, 0.0, 1.0, -2.0]
    assert rows.loc[44:48, YESTERDAY].tolist() == [1.0, 0.0, 1.0, 1.0, 0.0]


def test_the_model_of_entries_finds_what_was_planted():
    entries = analysed()[3]
    estimate, low, high, p = entries.ratio(LAST)
    assert high < 1  # the odds of an entry fall after worse days
    assert low < estimate < high
    assert p < 0.001
    low, high = entries.ratio("arm[exercise]")[1:3]
    assert low < 1 < high
    assert entries.due == {"usual_care": 1400, "exercise": 1400}
    assert entries.ratio("nothing") is None


def test_weights_are_the_inverse_of_the_probability_of_an_entry():
    planned, _, rows, entries = analysed()
    weights = entry_weights(entries)
    assert weights.mean() == pytest.approx(1.0, abs=0.02)
    first = entries.rows[entries.rows[ENTRY] == 1].iloc[5]
    at = entries.fit.fittedvalues.iloc[first.name]
    share = entries.rows.loc[entries.rows["arm"] == first["arm"], ENTRY].mean()
    assert weights.loc[(first["participant_id"], first["study_day"])] == pytest.approx(share / at)
    days = days_at(planned, rows.analysed, "week_8")
    given = weights.reindex(pd.MultiIndex.from_arrays([days["participant_id"], days["study_day"].astype(int)]))
    by_hand = fit_location_scale(
        "value ~ arm * week + baseline", days.assign(w=given.fillna(1.0).to_numpy()), within="arm", weights="w",
        vcov="CR0", ddf="between-within",
    )  # fmt: skip
    assert weighted_fit(planned, days, entries).params.to_numpy() == pytest.approx(by_hand.params.to_numpy())


def test_filled_in_days_have_the_level_and_sd_of_their_participant():
    planned, run, rows, _ = analysed()
    fit, days = run.model, days_at(planned, rows.analysed, "week_8")
    one = days[days["participant_id"] == days["participant_id"].iloc[0]].iloc[[0] * 4_000].reset_index(drop=True)
    values = np.concatenate(list(drawn_days(fit, one, 3, seed=1)))
    person = fit.persons.set_index("participant_id").loc[str(one["participant_id"].iloc[0])]
    found = fit.predict(one[:1]).iloc[0]
    assert values.mean() == pytest.approx(found["level"] + person["level"], abs=0.35)
    assert values.std() == pytest.approx(found["sd"] * person["sd_ratio"], rel=0.2)
    again = np.concatenate(list(drawn_days(fit, one, 3, seed=1)))
    assert (values == again).all()


def test_a_delta_moves_the_arm_with_more_gaps_and_makes_days_more_variable():
    planned, run, rows, entries = analysed()
    found = {one.label: one for one in under_assumptions(planned, run, rows.analysed, entries)}
    plain = found["As planned: missing at random given the days written"]
    like = found["Days not written filled in, like the others of the participant"]
    worse = found["Days not written filled in, worse by 2 points"]
    assert plain.ratio[0] == pytest.approx(run.model.sd_ratio("arm[exercise]")["estimate"])
    assert like.level[0] == pytest.approx(plain.level[0], abs=0.1)
    assert like.n_days == worse.n_days == 14 * run.n_participants
    assert worse.ratio[0] > like.ratio[0]  # both arms lose worse days: their SDs come nearer to each other
    assert len(found) == 4


def test_everything_written_has_no_model():
    planned = plan({}).planned("level")
    frame = pd.DataFrame(
        {"participant_id": ["a", "b"], "arm": ["exercise", "usual_care"], "visit": "week_8",
         "window_days": [tuple(range(43, 57))] * 2, "window_values": [(4.0,) * 14] * 2}
    )  # fmt: skip
    with pytest.raises(FitError, match="Every day was written"):
        entry_model(planned, frame, "week_8")


def test_the_report_says_which_days_are_lost_and_how_much_it_matters():
    study = plan({"run": 0.0, "single_by_arm": {"usual_care": 0.3, "exercise": 0.1}, "yesterday": 2.0}, {"delta": 1})
    trial = coxa.simulate_study(study, seed=1, truth_size=1_000)
    report = coxa.analyse(trial)
    blocks = []

    def walk(section):
        blocks.extend(section.blocks)
        for one in section.sections:
            walk(one)

    for section in build_document(report).sections:
        walk(section)
    tables = {block.table.id: block.table for block in blocks if isinstance(block, TableBlock)}
    assert "entries-level-week-8" in tables
    labels = [row.label for row in tables["days-assumed-level-week-8"].groups[0].rows]
    assert labels[0].startswith("As planned")
    assert labels[-1] == "Days not written filled in, worse by 1 point"
    said = " ".join(str(block.text) for block in blocks if isinstance(block, Paragraph))
    assert "Fewer days were written after worse days of a participant." in said
    assert "looks better and steadier than it is" in said
