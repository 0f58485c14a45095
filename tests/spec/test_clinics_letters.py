"""Clinics under letters: `unit_names: false` takes their names out of all that is published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.clinics import audit_clinics, publish
from coxa.clinics.audit import Audit
from coxa.clinics.measures.fingerprint import fingerprint_of
from coxa.clinics.page.build import build_page
from coxa.clinics.publishing.published import Published
from coxa.clinics.write import public_tables, write_audit
from coxa.episodes import episodes_of_frame
from coxa.report.output.render import render_document
from coxa.simulate import simulate_registry
from coxa.study import RegistryAssumptions
from coxa.study.audit.plan import AuditPlan


@pytest.fixture(scope="module")
def found() -> Audit:
    registry = simulate_registry(RegistryAssumptions(years=1), seed=1, episodes=900)
    given = registry.plan.model_copy(update={"unit_names": False})
    return audit_clinics(given, registry.episodes)


@pytest.fixture(scope="module")
def published(found: Audit) -> Published:
    return publish(found)


def counted(found: Audit) -> Audit:
    """Return an audit with the counts of clinics and their therapists alone, which is published in no time."""
    names = ((), ("clinic",), ("clinic", "therapist"))
    counts = {name: counts for name, counts in found.completeness.counts.items() if name in names}
    return replace(
        found, completeness=replace(found.completeness, counts=counts), case_mix={}, shares=(), rates=(), series=(),
        periods=found.periods.iloc[:0], rare=(), stretches={},
    )  # fmt: skip


def test_no_name_of_a_clinic_is_on_the_page_or_in_a_table(found: Audit, published: Published) -> None:
    names = set(found.completeness.counts["clinic",]["clinic"])
    page = str(render_document(build_page(published), "html"))
    tables = "".join(frame.to_csv() for _, frame in public_tables(published.audit))
    assert len(names) == len(published.letters) == len(set(published.letters.values()))
    assert not [name for name in names if name in page + tables]


def test_each_letter_has_the_numbers_of_its_clinic(found: Audit, published: Published) -> None:
    true = found.case_mix["pain"].clinics.set_index("clinic")["adjusted"].rename(published.letters)
    shown = published.audit.case_mix["pain"].clinics.set_index("clinic")["adjusted"].dropna()
    assert len(shown)
    pd.testing.assert_series_equal(shown, true.loc[shown.index], check_names=False, atol=0.005)


def test_rows_are_in_the_order_of_letters_which_is_not_that_of_names(published: Published) -> None:
    shown = published.audit.completeness.counts["clinic",]["clinic"].tolist()
    assert shown == list(published.letters.values())
    assert list(published.letters) != sorted(published.letters)
    assert {one.clinic for one in published.audit.series} <= {"all", *shown}
    therapists = published.audit.completeness.counts["clinic", "therapist"]
    assert all(
        code.startswith(f"{clinic} ")
        for clinic, code in zip(therapists["clinic"], therapists["therapist"], strict=True)
    )


def test_who_has_the_data_finds_the_names_in_a_folder_of_their_own(
    found: Audit, published: Published, tmp_path: Path
) -> None:
    write_audit(found, published, tmp_path / "audit")
    written = pd.read_csv(tmp_path / "audit" / "own" / "clinics.csv")
    assert dict(zip(written["clinic"], written["letter"], strict=True)) == published.letters


def test_clinics_have_their_names_unless_the_plan_asks_for_letters(found: Audit) -> None:
    plan = found.plan.model_copy(update={"unit_names": True})
    named = publish(counted(replace(found, plan=plan)))
    assert not named.letters
    assert set(named.audit.completeness.counts["clinic",]["clinic"]) == set(
        found.completeness.counts["clinic",]["clinic"]
    )


def test_codes_rest_on_the_rows_and_not_on_what_is_published_of_them(found: Audit, published: Published) -> None:
    assert found.fingerprint
    assert not published.audit.fingerprint
    same = publish(counted(found))
    assert (same.letters, same.codes) == (published.letters, published.codes)
    other = publish(counted(replace(found, fingerprint=f"{found.fingerprint} 1")))
    assert other.letters != published.letters
    assert other.codes != published.codes


def test_codes_of_the_same_rows_are_the_same_in_every_order() -> None:
    rng = np.random.default_rng(3)
    n = 30_000
    begun = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 600, n), "D")
    rows = pd.DataFrame({"clinic": "A", "intake_date": begun, "discharge_date": begun + pd.Timedelta(60, "D")})
    rows = rows.assign(pain_intake=rng.integers(0, 101, n) / 10, pain_discharge=rng.integers(0, 101, n) / 10, booked=7)
    given = {"audit": "tiny", "title": "Tiny", "data": {"file": "a.csv"}, "outcomes": {"pain": {"instrument": "nprs"}}}
    plan = AuditPlan.model_validate(given)

    def printed(frame: pd.DataFrame) -> str:
        return fingerprint_of(episodes_of_frame(plan, frame.reset_index(drop=True), data_cut=date(2025, 1, 1)))

    first = printed(rows)
    assert {printed(rows.sample(frac=1, random_state=seed)) for seed in range(3)} == {first}
    other = rows.assign(
        pain_discharge=rows["pain_discharge"].where(rows.index != 5, 10 - rows.loc[5, "pain_discharge"])
    )
    assert printed(other) != first
