"""Tables of registries: every number is one of the report, serious and other events add up, small ones stay hidden."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.exchange import registry_tables
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.report import Report
from coxa.report.trace.results import results_frame
from coxa.study import Study
from tests.spec import clinic, small_trial
from tests.spec.events_trial import made, with_events

HIP_OA = Path(__file__).parents[2] / "analyses" / "hip_oa_trial" / "study.yaml"
REGISTRIES = ("clinicaltrials.gov", "eudract")


@cache
def hip_oa() -> Report[Study]:
    return analyse(HIP_OA)


@cache
def tables_of(registry: str = "clinicaltrials.gov", share: bool = False) -> dict[str, pd.DataFrame]:
    """Return the tables of the worked example, which are made once."""
    return registry_tables(hip_oa(), registry, share=share)  # type: ignore[arg-type]


EVENTS = pd.DataFrame(
    [
        (0, "adverse_event", "Fall", True),
        (0, "adverse_event", "fall", False),
        (1, "adverse_event", "fall", True),
        (2, "adverse_event", "fall", False),
        (2, "adverse_event", "fall", False),
        (30, "flare", "flare", False),
    ],
    columns=["at", "kind", "term", "serious"],
)
"""Three of usual care fell, two of them seriously, and two of them (also) not; one of exercise had a flare."""


@pytest.mark.some(1)
@pytest.mark.parametrize("share", [False, True])
def test_outcomes_and_comparisons_are_the_numbers_of_the_report(share: bool) -> None:
    report = hip_oa()
    frame = results_frame(report, build_document(report, share=share)).set_index(
        ["analysis", "term", "visit", "arm", "reference", "statistic"]
    )["value"]
    frame = frame[~frame.index.duplicated()]
    tables = tables_of(share=share)
    arms = {f"OG{place:03d}": arm for place, arm in enumerate(report.study.groups)}
    visits = {report.study.label("visits", name): name for name in report.study.visits}
    means = tables["outcome_measures"][tables["outcome_measures"]["paramType"] == "LEAST_SQUARES_MEAN"]
    assert len(means) == 3 * 11
    for row in means.to_dict("records"):
        key = (row["analysis"], "marginal_mean", visits[row["timeFrame"]], arms[row["groupId"]], "")
        assert row["value"] == frame[(*key, "estimate")]
        assert (row["lowerLimit"], row["upperLimit"]) == (frame[(*key, "conf_low")], frame[(*key, "conf_high")])
    compared = tables["outcome_analyses"]
    differences = compared[compared["paramType"] == "Mean Difference (Net)"]
    assert len(differences) == 2 * 11
    for row in differences.to_dict("records"):
        pair = [arms[name] for name in row["groupIds"].split()]
        key = (row["analysis"], "difference", visits[row["timeFrame"]], *pair)
        assert row["paramValue"] == frame[(*key, "estimate")]
        assert row["pValue"] == (frame[(*key, "p_value")] or "<0.001")
        assert row["ciPctValue"] == 95.0


@pytest.mark.slow
def test_both_registries_have_the_same_numbers() -> None:
    ours, theirs = (tables_of(name) for name in REGISTRIES)
    assert ours["outcome_measures"]["value"].tolist() == theirs["end_points"]["value"].tolist()
    assert ours["outcome_analyses"]["paramValue"].tolist() == theirs["statistical_analyses"]["pointEstimate"].tolist()
    assert ours["participant_flow"]["numSubjects"].tolist() == theirs["subject_disposition"]["subjects"].tolist()
    assert ours["baseline_measures"]["value"].tolist() == theirs["baseline_characteristics"]["value"].tolist()


def test_participants_who_started_completed_or_did_not() -> None:
    flow = tables_of()["participant_flow"]
    whole = flow[flow["reason"] == ""].pivot_table(index="groupId", columns="type", values="numSubjects", aggfunc="sum")
    assert (whole["STARTED"] == whole["COMPLETED"] + whole["NOT COMPLETED"]).all()
    reasons = flow[flow["reason"] != ""].groupby("groupId")["numSubjects"].sum()
    assert reasons.tolist() == whole["NOT COMPLETED"].tolist()


def test_responders_are_counts_of_those_analysed() -> None:
    rows = tables_of()["outcome_measures"]
    counts = rows[rows["paramType"] == "COUNT_OF_PARTICIPANTS"]
    assert counts["analysis"].unique().tolist() == ["pain_responders", "non_responders"]
    assert (counts["value"] < counts["numSubjects"]).all()
    assert counts["lowerLimit"].isna().all()


def test_serious_and_other_events_of_a_term_are_counted_apart() -> None:
    tables = registry_tables(with_events(EVENTS), "clinicaltrials.gov")
    events = tables["adverse_events"].set_index(["seriousness", "term", "groupTitle"])[["numAffected", "numEvents"]]
    assert events.loc[("serious", "fall", "Usual care")].tolist() == [2, 2]
    assert events.loc[("other", "fall", "Usual care")].tolist() == [2, 3]
    assert events.loc[("other", "flare", "Exercise therapy")].tolist() == [1, 1]
    groups = tables["adverse_event_groups"].set_index("groupTitle")
    assert groups.loc["Usual care", ["seriousNumAffected", "otherNumAffected"]].tolist() == [2, 2]
    assert groups.loc["Exercise therapy", ["seriousNumAffected", "otherNumAffected"]].tolist() == [0, 1]


def test_what_was_only_serious_is_no_other_event() -> None:
    tables = registry_tables(with_events(EVENTS.head(1)), "eudract")
    assert tables["adverse_events_non_serious"].empty
    serious = tables["adverse_events_serious"].set_index("groupTitle")
    assert serious.loc["Usual care", ["subjectsAffected", "occurrences"]].tolist() == [1, 1]
    assert serious.loc["Usual care", "occurrencesCausallyRelatedToTreatment"] == 1


@pytest.mark.some(1)
@pytest.mark.parametrize("registry", REGISTRIES)
def test_what_is_shared_has_no_small_count(registry: str) -> None:
    counted = ("numSubjects", "numAffected", "numEvents", "subjects", "subjectsAffected", "occurrences")
    drawn = with_events(EVENTS)
    for made_of, tables in (
        (hip_oa(), tables_of(registry, share=True)),
        (drawn, registry_tables(drawn, registry, share=True)),  # type: ignore[arg-type]
    ):
        small = made_of.study.report.small_cells
        for table in tables.values():
            for name in table.columns.intersection(list(counted)):
                assert not table[name].dropna().between(1, small - 1).any()


def test_what_is_shared_adds_nothing_to_the_report_that_is_shared() -> None:
    """Each count is one that the shared report shows of the same arm, or the sum of two of them."""
    report = hip_oa()
    shown = results_frame(report, build_document(report, share=True))
    counts = shown.dropna(subset=["value"]).groupby("arm")["value"].apply(set).to_dict()
    arms = {label: name for name, label in report.study.groups.items()} | {"Total": "total"}
    for name, table in tables_of(share=True).items():
        for column in table.columns.intersection(["numSubjects", "numAffected", "numEvents", "otherNumAffected"]):
            if name == "outcome_analyses":
                continue
            rows = table.dropna(subset=[column])
            for title, value in zip(rows["groupTitle"], rows[column], strict=True):
                assert float(value) in counts[arms[title]]


def test_without_a_table_of_events_there_are_no_rows_and_the_columns_stay() -> None:
    tables = registry_tables(small_trial.report(), "eudract")
    assert list(tables) == [
        "subject_disposition", "baseline_characteristics", "end_points", "statistical_analyses",
        "adverse_events_group", "adverse_events_serious", "adverse_events_non_serious",
    ]  # fmt: skip
    assert tables["adverse_events_serious"].empty
    assert "eutctId" in tables["adverse_events_serious"]


@pytest.mark.parametrize("registry", REGISTRIES)
def test_a_cohort_has_tables_without_a_word_of_a_trial(registry: str) -> None:
    for table in registry_tables(made("cohort"), registry).values():  # type: ignore[arg-type]
        texts = " ".join(table.select_dtypes(["object", "string"]).to_numpy().ravel().astype(str))
        assert "randomised" not in texts
        assert "trial" not in texts.lower()


def test_a_service_and_an_unknown_registry_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="A registry of trials needs a plan with arms"):
        registry_tables(analyse(clinic.clinic(tmp_path)))
    with pytest.raises(OptionError, match="did you mean eudract"):
        registry_tables(small_trial.report(), "eudra")  # type: ignore[arg-type]
