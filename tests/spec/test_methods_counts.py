"""`model: counts` in a plan: its numbers are those of the model by hand; exposure, checks, and how it is told."""

from __future__ import annotations

import pandas as pd
import pytest

from coxa.cohort.read import read_cohort
from coxa.estimates import model_rates
from coxa.models import fit_glm
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.topics.analyses.kinds.count import OVERDISPERSED, checks_table, events_words
from coxa.report.topics.methods.alike import methods_in_words
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.comparative import ComparativeStudy
from tests.spec.binary_counts_trial import plan, report, tables
from tests.spec.test_methods_logistic import rows, run


def study(**options: object) -> ComparativeStudy:
    found = plan(flares=options)
    assert isinstance(found, ComparativeStudy)
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"information": "expected"},
        {"family": "quasi-poisson"},
        {"family": "poisson", "vcov": "HC3"},
        {"averaging": "equal"},
    ],
)
def test_the_numbers_are_those_of_the_model_by_hand(options: dict) -> None:
    frame = rows("flares")
    (fit,), found = run(study(**options), "flares", frame)
    given = {"family": "negative_binomial", **options}
    averaging = given.pop("averaging", "counterfactual")
    by_hand = model_rates(
        fit_glm("value ~ arm + age", frame, exposure="exposure", **given),  # type: ignore[arg-type]
        averaging=averaging,  # type: ignore[arg-type]
    ).frame
    for term in ("rate_ratio", "rate_difference"):
        mine, expected = (each[each["term"] == term].iloc[0] for each in (found, by_hand))
        for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
            assert mine[column] == pytest.approx(expected[column])
    adjusted = found.loc[found["term"] == "marginal_mean", "estimate"].to_numpy()
    assert adjusted == pytest.approx(by_hand.loc[by_hand["term"] == "rate", "estimate"].to_numpy())
    again = eval(fit.spec.call(), {"fit_glm": fit_glm, "data": frame})
    assert again.bse.to_numpy() == pytest.approx(fit.model.bse.to_numpy())


def test_observed_rates_are_events_over_exposure() -> None:
    frame = rows("flares")
    _, found = run(study(), "flares", frame)
    seen = frame[frame["value"].notna()].groupby("arm", observed=True)[["value", "exposure"]].sum()
    observed = found[found["term"] == "rate"].set_index("arm")
    for arm in ("usual", "exercise"):
        assert observed.loc[arm, "estimate"] == pytest.approx(seen.loc[arm, "value"] / seen.loc[arm, "exposure"])
        assert observed.loc[arm, "n_participants"] == (frame["value"].notna() & (frame["arm"] == arm)).sum()


def test_a_row_without_exposure_is_left_out_with_its_reason() -> None:
    frame = rows("flares")
    frame.loc[[0, 1], "exposure"] = 0.0
    (fit,), _ = run(study(), "flares", frame)
    reasons = fit.left_out.set_index("participant_id")["reason"]
    assert (reasons["P000"], reasons["P001"]) == ("no exposure", "no exposure")
    assert fit.n_participants == frame["value"].notna().sum() - 2
    again = eval(fit.spec.call(), {"fit_glm": fit_glm, "data": frame})
    assert again.nobs == fit.n_participants


def test_dated_events_are_counted_over_the_days_observed() -> None:
    found = report().estimates.frame
    mine = found[(found["analysis"] == "injuries") & (found["term"] == "rate")].set_index("arm")["estimate"]
    events = tables()["outcome_events"].merge(tables()["participants"][["participant_id", "arm"]])
    days = events[events["study_day"] <= 182].groupby("arm").size() / (80 * 182)
    for arm in ("usual", "exercise"):
        assert mine[arm] == pytest.approx(365 * days[arm])


def test_options_of_other_families_are_faults_of_the_plan() -> None:
    with pytest.raises(ValueError, match="vcov: HC3"):
        plan(flares={"vcov": "HC3"})
    with pytest.raises(ValueError, match="negative_binomial"):
        plan(injuries={"information": "expected"})


def test_the_methods_say_what_was_done() -> None:
    planned = report().study.planned
    flares, injuries = (str(analysis_methods(report(), planned(name))) for name in ("flares", "injuries"))
    assert "number of events of flares was analysed by negative binomial regression" in flares
    assert "logarithm of the exposure as an offset, the dispersion estimated by maximum likelihood" in flares
    assert "with HC3 standard errors" in injuries
    assert "averages over all participants, as if all had been in the arm" in flares


def test_the_report_has_events_by_participant_and_checks() -> None:
    document = build_document(report())
    tables_by_id = {table.id: table for table in document.tables()}
    events = tables_by_id["events-flares-month-6"]
    labels = [row.label for row in events.groups[0].rows]
    assert labels[:2] == ["0", "1"]
    assert labels[-1] == "All events"
    assert "events-figure-flares-month-6" in {figure.id for figure in document.figures()}
    checks = tables_by_id["checks-flares"]
    assert [row.label for row in checks.groups[0].rows][-2:] == [
        "Dispersion (variance μ + dispersion × μ²)",
        "Participants without an event",
    ]
    assert events_words(6) == "6 or more"


def test_a_poisson_model_of_counts_that_vary_more_is_told_what_to_do() -> None:
    plain, robust = study(family="poisson"), study(family="poisson", vcov="HC3")
    for which, warned in ((plain, True), (robust, False)):
        fits, _ = run(which, "flares", rows("flares"))
        notes = [str(note.text) for note in checks_table(which.planned("flares"), fits).footnotes]
        assert (OVERDISPERSED in notes) == warned


def test_the_frame_is_not_changed() -> None:
    frame = rows("flares")
    before = frame.copy()
    run(study(), "flares", frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_report_without_covariates_cites_no_averaging_over_them() -> None:
    plans = plan(flares={"adjust": []}, falls={"adjust": []}, injuries={"family": "negative_binomial", "vcov": "model"})
    alone = plans.model_copy(update={"analyses": {"flares": plans.analyses["flares"]}})
    methods = methods_in_words(analyse(read_cohort(alone, tables()).require_clean()))
    assert any("The rate of each arm is that of the model without covariates" in str(text) for text in methods)
