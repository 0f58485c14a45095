"""The page of an audit in a real browser: quiet, accessible, and with tables in which a reader chooses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coxa.clinics.page.build import build_page
from coxa.report.output.render import render_document
from tests.browser.chromium import WIDTHS, browser, executable, open_all, opened
from tests.spec.clinic_audit import CLINICS, audit

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe; run `nox -s browser`")

CHROMIUM = executable()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; apt-get install chromium, or set COXA_CHROMIUM"),
]

SHOWN = ".table[data-groups] tbody:not([hidden]) tr:not([hidden]) > th[scope=row]"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audit") / "audit.html"
    path.write_text(str(render_document(build_page(audit()), "html")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser(str(CHROMIUM)) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_the_page_is_quiet_fits_and_has_no_fault_that_axe_finds(
    chromium: Any, file: Path, device: str, scheme: Any
) -> None:
    with opened(chromium, file, device, scheme) as here:
        open_all(here.page)
        found = axe.Axe().run(here.page)
        assert not [one["id"] for one in found.response["violations"]]
        assert not here.complaints
        assert here.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]


def test_a_reader_chooses_a_clinic_a_condition_and_a_year(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        open_all(here.page)
        status = here.page.locator(".choices [role=status]")
        assert status.text_content() == f"{5 * len(CLINICS)} rows shown"
        clinic, condition, year = here.page.locator(".choices select").all()
        clinic.select_option("Parkside")
        assert here.page.locator(SHOWN).all_text_contents() == ["Hip", "Knee", "2022", "2023", "2024"]
        condition.select_option("Knee")
        year.select_option("2023")
        assert here.page.locator(SHOWN).all_text_contents() == ["Knee", "2023"]
        assert status.text_content() == "2 rows shown"


def test_choices_answer_to_the_keyboard(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        open_all(here.page)
        here.page.locator(".choices select").first.focus()
        here.page.keyboard.press("ArrowDown")
        status = here.page.locator(".choices [role=status]")
        assert status.text_content() == "5 rows shown"
        for _ in range(3):
            here.page.keyboard.press("Tab")
        here.page.keyboard.press("Enter")
        assert status.text_content() == f"{5 * len(CLINICS)} rows shown"


def test_without_scripts_the_tables_are_plain_and_whole(chromium: Any, file: Path) -> None:
    with opened(chromium, file, java_script_enabled=False) as here:
        assert here.page.locator(SHOWN).count() == 5 * len(CLINICS)
        assert here.page.locator(".choices").count() == 0


def test_on_paper_every_row_is_shown_whatever_was_chosen(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        open_all(here.page)
        here.page.locator(".choices select").first.select_option("Parkside")
        here.page.emulate_media(media="print")
        rows = here.page.locator(".table[data-groups] tbody tr:has(> th[scope=row])")
        assert [row.is_visible() for row in rows.all()] == [True] * 5 * len(CLINICS)
