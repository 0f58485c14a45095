"""Data that lack something: each part of an audit is there, or its absence has a reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.clinics import publish
from coxa.clinics.audit import Audit
from coxa.clinics.page.build import build_page
from coxa.clinics.page.seen import COUNTED
from coxa.clinics.run import audit_clinics
from coxa.errors import DataError
from coxa.report.document import Document, Paragraph
from tests.spec.tiny_clinics import episodes_in, episodes_of, plan_of, rows_of

MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
DESCRIPTORS = {
    "sex": {"type": "category", "levels": ["female", "male", "other"], "completeness": True},
    "age": {"type": "number", "completeness": True, "bands": [40, 60]},
}


def rows(clinics: Sequence[str] = ("A", "B", "C"), therapists: int = 2) -> pd.DataFrame:
    """Return a year of 48 episodes a clinic, of which each fourth is lost; clinics differ by one point."""
    rng = np.random.default_rng(3)
    drawn: list[Mapping[str, Any]] = []
    for place, clinic in enumerate(clinics):
        for month in MONTHS:
            changes = [float(each) for each in rng.integers(0, 5, 3) + place] + [None]
            drawn += episodes_in(clinic, month, changes, 9.0)
    frame = pd.DataFrame(drawn)
    at = np.arange(len(frame))
    return frame.assign(
        patient=[f"p{each:04d}" for each in at],
        therapist=frame["clinic"] + "-" + pd.Series(at % therapists).astype(str),
        condition=np.where(at % 3 == 0, "hip", "knee"),
        booked=6.0,
        attended=5.0,
        missed=(at % 5 == 0).astype(float),
        sex=np.where(rng.random(len(frame)) < 0.5, "female", "male"),
        age=rng.integers(20, 90, len(frame)).astype(float),
    )


def audit(frame: pd.DataFrame, **parts: Any) -> Audit:
    return audit_clinics(
        plan_of(**{"descriptors": DESCRIPTORS, **parts}), episodes_of(frame, **{"descriptors": DESCRIPTORS, **parts})
    )


def words(page: Document) -> list[str]:
    """Return the paragraphs of a page."""
    return [str(block.text) for part in page.walk() for block in part.blocks if isinstance(block, Paragraph)]


def complete(found: Audit) -> tuple[int, int]:
    every = found.completeness.counts[()].iloc[0]
    return int(every["of_done"]), int(every["of"])


def test_with_everything_there_every_part_is_there() -> None:
    found = audit(rows())
    assert complete(found) == (108, 144)
    assert found.case_mix["pain"].without == ""
    assert {one.measure for one in found.series} == {"complete", "change", "important", "missed", "episodes"}
    assert {one.name for one in found.rates} == {"attended", "missed"}
    assert {one.kind for one in found.shares} == {"important", "worse"}
    assert set(found.without) == {"worse"}
    assert found.n_patients == 144


def test_one_clinic_has_completeness_and_charts_and_no_comparison() -> None:
    found = audit(rows(["A"]))
    assert complete(found) == (36, 48)
    assert "one clinic" in found.case_mix["pain"].without
    assert {(one.measure, one.clinic) for one in found.series} >= {("change", "all"), ("change", "A")}
    attended = next(one for one in found.rates if one.name == "attended")
    assert "one clinic alone has none to compare with" in attended.method
    assert (attended.events, attended.n) == (240, 288)


def test_a_clinic_with_one_therapist_is_compared_as_a_clinic() -> None:
    found = audit(rows(therapists=1))
    assert found.case_mix["pain"].without == ""
    assert len(found.case_mix["pain"].clinics) == 3
    assert not len(found.case_mix["pain"].therapists)
    assert found.case_mix["pain"].variances["level"].tolist() == ["clinic", "patient"]
    assert found.case_mix["pain"].variances["share"].sum() == pytest.approx(1.0)
    answer = " ".join(words(build_page(publish(found))))
    assert "are between clinics; the rest are between patients." in answer
    assert "between therapists" not in answer
    mixed = rows()
    mixed.loc[mixed["clinic"] == "B", "therapist"] = "B-0"
    found = audit(mixed)
    assert found.completeness.counts["clinic", "therapist"]["therapist"].tolist() == ["A-0", "A-1", "B-0", "C-0", "C-1"]
    assert found.case_mix["pain"].without == ""


def test_without_any_discharge_completeness_is_none_and_the_rest_has_reasons() -> None:
    frame = rows().assign(discharge_date=pd.NaT, pain_discharge=np.nan)
    found = audit(frame)
    assert complete(found) == (0, 0)
    assert "0 episodes" in found.case_mix["pain"].without
    assert found.completeness.without.startswith("No questionnaire at discharge was due")
    assert {one.measure for one in found.series} == {"missed", "episodes"}
    assert found.without["complete"] == "A chart over time needs 2 closed quarters with data, and there are fewer."
    assert found.without["change"] == found.without["complete"]
    assert [(one.kind, one.events, one.n) for one in found.shares] == [("important", 0, 0), ("worse", 0, 0)]


def test_discharges_without_any_questionnaire_are_zero_percent() -> None:
    found = audit(rows().assign(pain_discharge=np.nan))
    assert complete(found) == (0, 144)
    every = next(one for one in found.series if (one.measure, one.clinic) == ("complete", "all"))
    assert every.frame["value"].tolist() == [0.0] * 4
    assert found.completeness.without.startswith("No patient who was due has an outcome")


def test_old_episodes_without_a_day_of_discharge_are_a_warning_and_their_number_is_for_own_eyes() -> None:
    frame = rows()
    frame.loc[frame.index % 4 == 3, "discharge_date"] = pd.NaT
    found = audit(frame)
    assert complete(found) == (108, 108)
    warning = next(each for each in found.findings.warnings if each.field == "discharge_date")
    assert "36 of 144 episodes" in warning.rule
    assert "36" not in found.without["discharge_date"]
    assert found.without["discharge_date"].endswith("completeness is lower than shown if they have ended.")


def test_everybody_complete_needs_no_weights() -> None:
    frame = rows()
    found = audit(frame[frame["pain_discharge"].notna()])
    assert complete(found) == (108, 108)
    assert found.completeness.without.startswith("Every patient who was due has an outcome")
    assert found.case_mix["pain"].without == ""


@pytest.mark.parametrize("name", ["therapist", "condition", "sex"])
def test_a_column_that_is_not_there_is_named(name: str) -> None:
    found = audit(rows().drop(columns=name))
    assert name in found.without
    assert found.without[name].startswith("The data ")
    assert not [dimensions for dimensions in found.completeness.counts if name in dimensions]
    assert complete(found) == (108, 144)
    assert found.case_mix["pain"].without == ""


def test_without_clinics_all_episodes_are_one() -> None:
    found = audit(rows().drop(columns="clinic"))
    assert found.without["clinic"] == "The data name no clinic: all episodes are taken as those of one."
    assert found.completeness.counts["clinic",]["clinic"].tolist() == ["not recorded"]
    assert "one clinic" in found.case_mix["pain"].without


def test_without_sessions_there_is_no_attendance() -> None:
    found = audit(rows().drop(columns=["booked", "attended", "missed"]))
    assert not found.rates
    assert found.without["attended"] == "No episode has both its sessions booked and its sessions attended."
    assert found.without["missed"] == "No episode has both its sessions booked and its sessions missed."
    assert "missed" not in {one.measure for one in found.series}


def test_without_days_of_intake_there_is_nothing_over_time() -> None:
    found = audit(rows().assign(intake_date=pd.NaT))
    assert not found.series
    assert (found.first, found.last) == (None, None)
    assert found.without["complete"] == "A chart over time needs 2 closed quarters with data, and there are fewer."
    assert complete(found) == (108, 144)


def test_a_category_of_one_clinic_does_not_stop_the_model() -> None:
    frame = rows()
    frame.loc[(frame["clinic"] == "A") & (frame.index % 2 == 0), "sex"] = "other"
    found = audit(frame)
    assert found.case_mix["pain"].without == ""
    assert np.isfinite(found.case_mix["pain"].clinics["adjusted"]).all()
    assert found.completeness.counts["sex",]["sex"].tolist() == ["female", "male", "other"]


def test_a_category_that_is_the_clinic_does_not_stop_the_model() -> None:
    """All of A are female and all others male: sex is told from the clinic by the model's two variances alone."""
    frame = rows()
    frame["sex"] = np.where(frame["clinic"] == "A", "female", "male")
    found = audit(frame)
    mix = found.case_mix["pain"]
    assert mix.without == ""
    assert np.isfinite(mix.clinics["adjusted"]).all()
    sex = mix.coefficients.set_index("term").loc["sex"]
    assert sex["conf_low"] < 0 < sex["conf_high"]


def test_a_handful_of_episodes_is_counted_and_not_modelled() -> None:
    found = audit(rows().head(3))
    assert complete(found) == (3, 3)
    assert found.case_mix["pain"].without == "The change of 3 episodes is known. A case-mix model needs 30 or more."
    assert not found.series


def test_no_episode_is_an_error() -> None:
    with pytest.raises(DataError, match="nothing to audit"):
        audit(rows_of(("clinic", "pain_intake"), []))


def test_no_eligible_episode_is_an_error() -> None:
    with pytest.raises(DataError, match="No episode is eligible"):
        audit(rows().assign(eligible=False))


def test_an_audit_shows_itself_in_a_terminal_and_in_a_notebook() -> None:
    found = audit(rows(), targets={"complete": 0.8})
    text, card = repr(found), found._repr_html_()
    assert "75.0% (108 of 144 due); target 80%" in text
    assert "144 in 3 clinics" in text
    assert "Adjusted change" in card
    assert "p0001" not in text + card
    thin = repr(audit(rows(["A"]).assign(discharge_date=pd.NaT)))
    assert "no discharge questionnaire was due" in thin


THIN = {
    "one clinic": lambda: rows(["A"]),
    "no discharge": lambda: rows().assign(discharge_date=pd.NaT, pain_discharge=np.nan),
    "no clinic and no sex": lambda: rows().drop(columns=["clinic", "sex"]),
    "no sessions and no therapist": lambda: rows().drop(columns=["booked", "attended", "missed", "therapist"]),
    "no day of intake": lambda: rows().assign(intake_date=pd.NaT),
    "a handful": lambda: rows().head(3),
}


@pytest.mark.some(3)
@pytest.mark.parametrize("lacking", THIN)
def test_the_page_of_thin_data_says_every_reason(lacking: str) -> None:
    found = audit(THIN[lacking]())
    published = publish(found)
    page = build_page(published)
    said = " ".join(words(page))
    without = {**found.without, "worse": published.audit.without.get("worse", "")}  # hidden where its number is
    reasons = [*without.values(), *(mix.without for mix in found.case_mix.values()), found.completeness.without]
    assert not [reason for reason in reasons if reason not in said and not COUNTED.search(reason)]
    assert not [reason for reason in reasons if reason in said and COUNTED.search(reason)]
    assert any(reasons)
