"""Pages of the documentation site in a real browser; `nox -s docs` builds them first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import WIDTHS, browser, executable, opened

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe; run `nox -s browser`")

CHROMIUM = executable()
SITE = Path(__file__).parents[2] / "build" / "site"
PAGES = [
    "index", "tutorials/clinic", "tutorials/student", "coming-from", "gallery", "methods/mmrm", "api/coxa.models",
    "glossary",
]  # fmt: skip
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; apt-get install chromium, or set COXA_CHROMIUM"),
    pytest.mark.skipif(not SITE.is_dir(), reason="no site in build/site; run `nox -s docs`"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser(str(CHROMIUM)) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_has_no_fault_that_axe_finds(chromium: Any, name: str, device: str, scheme: Any) -> None:
    with opened(chromium, SITE / f"{name}.html", device, scheme) as here:
        found = axe.Axe().run(here.page).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"][:90]) for one in found]
        assert here.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]
