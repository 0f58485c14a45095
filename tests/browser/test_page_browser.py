"""The local page in a real browser: from file to PDF by keyboard, without scripts, on a phone, quiet and accessible."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from coxa.page.serve import serve_page
from tests.browser.chromium import HEIGHT, PATIENCE, WIDTHS, browser, executable
from tests.spec.test_page_flow import ROWS

expect = pytest.importorskip("playwright.sync_api", reason="no playwright; run `nox -s browser`").expect
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe; run `nox -s browser`")

CHROMIUM = executable()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; apt-get install chromium, or set COXA_CHROMIUM"),
]

STEPS = ("files", "columns", "questions", "findings", "choices", "plan", "run")
ZOOMED = 640
"""Width of a screen of 1280 pixels at 200 % zoom."""

A_RUN = 600_000
"""Milliseconds to wait for a run, on a machine that has other work."""


@dataclass
class Visit:
    """A browser that has opened the page, with what it complained about and asked for."""

    page: Any
    origin: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def to(self, path: str) -> None:
        self.page.goto(self.origin + path)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of an empty folder, served as the command serves it until the tests have ended it by its button."""
    told: list[str] = []
    listening = threading.Event()

    def opened(text: str) -> None:
        told.append(text)
        listening.set()

    folder = tmp_path_factory.mktemp("studies")
    server = threading.Thread(target=serve_page, args=(folder, 0, opened))
    server.start()
    assert listening.wait(60)
    yield told[0]
    with visit(told[0], "desktop") as here:
        here.page.get_by_role("button", name="End this page").click()
        expect(here.page.get_by_role("heading", level=1)).to_have_text("The page has ended")
    server.join(60)
    assert not server.is_alive()


@contextmanager
def visit(address: str, device: str = "desktop", **more: Any) -> Iterator[Visit]:
    """Open the page in a browser of its own."""
    with browser(str(CHROMIUM)) as running:
        size = {"width": WIDTHS[device], "height": HEIGHT}
        context = running.new_context(**{"viewport": size, "reduced_motion": "reduce", **more})
        context.set_default_timeout(PATIENCE)
        here = Visit(context.new_page(), re.split("/open/", address)[0])
        here.page.on("console", lambda said: here.complaints.append(f"{said.type}: {said.text}"))
        here.page.on("pageerror", lambda error: here.complaints.append(str(error)))
        here.page.on("request", lambda request: here.requests.append(request.url))
        here.page.goto(address)
        yield here
        context.close()


def faults(page: Any) -> list[tuple[str, Any]]:
    """Return what axe finds."""
    found = axe.Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def press_until(page: Any, name: str, key: str = "Tab", most: int = 120) -> None:
    """Go on by keyboard until something of a name has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        focused = page.evaluate(
            "() => { const e = document.activeElement; return [e.innerText, e.getAttribute('aria-label'),"
            " e.labels?.[0]?.innerText, e.title].filter(Boolean).join('|') }"
        )
        if name in focused:
            return
    raise AssertionError(f"{name} is not reached by keyboard")


@pytest.fixture(scope="module")
def clinic(address: str) -> str:
    """A study with a file, an open question and its plan: its address on the page."""
    with visit(address, java_script_enabled=False) as here:
        page = here.page
        page.get_by_label("Name of the study").fill("July clinic")
        page.get_by_role("button", name="Start", exact=True).click()
        file = {"name": "july.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
        page.get_by_label("Files from this computer").set_input_files([file])
        page.get_by_role("button", name="Add").click()
        page.get_by_label("An audit of one clinic or several").check()
        page.get_by_role("button", name="Read the files and propose a plan").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("What was understood of the columns")
        page.get_by_role("link", name=re.compile("Answer")).first.click()
        page.get_by_label(re.compile("On which day were the data exported")).fill("2025-06-30")
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.get_by_text("data_cut").first).to_be_visible()
    return "/study/july-clinic"


@pytest.mark.parametrize("device", list(WIDTHS))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_step_is_accessible_fits_and_is_quiet(address: str, clinic: str, device: str, scheme: str) -> None:
    with visit(address, device, color_scheme=scheme) as here:
        for path in ("/", *(f"{clinic}/{step}" for step in STEPS), "/nowhere"):
            here.to(path)
            assert faults(here.page) == [], path
            assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert here.page.locator("h1").count() == 1
        assert [text for text in here.complaints if "404" not in text] == []
        assert all(url.startswith((here.origin, "data:")) for url in here.requests)


def test_at_200_percent_nothing_is_cut(address: str, clinic: str) -> None:
    with visit(address, viewport={"width": ZOOMED, "height": 450}, device_scale_factor=2) as here:
        for step in STEPS:
            here.to(f"{clinic}/{step}")
            assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), step


def test_the_plan_is_checked_while_it_is_typed(address: str, clinic: str) -> None:
    with visit(address) as here:
        here.to(f"{clinic}/plan")
        text = here.page.get_by_label("Text of the plan")
        before = text.input_value()
        text.fill(before.replace("small_cells: 5", "smal_cells: 5"))
        expect(here.page.locator("#faults")).to_contain_text("smal_cells")
        text.fill(before)
        expect(here.page.locator("#faults")).not_to_contain_text("smal_cells")
        assert here.complaints == []


def test_from_file_to_pdf_by_keyboard(address: str) -> None:
    with visit(address) as here:
        page, keys = here.page, here.page.keyboard
        press_until(page, "A trial of exercise and manual therapy")
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Choices")
        press_until(page, "Write the plan and go on to the run")
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Run and read")
        press_until(page, "Run the plan")
        keys.press("Enter")
        expect(page.get_by_role("status")).to_be_visible()
        assert faults(page) == []
        page.reload()
        expect(page.get_by_role("heading", name="Run 1 is done")).to_be_visible(timeout=A_RUN)
        press_until(page, "Read the page of run 1")
        keys.press("Enter")
        expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
        assert faults(page) == []
        press_until(page, "Save the report as PDF")
        with page.expect_download() as saved:
            keys.press("Enter")
        assert saved.value.suggested_filename == "worked-example-trial-1-report.pdf"
        assert Path(saved.value.path()).read_bytes().startswith(b"%PDF")
        assert all(url.startswith((here.origin, "data:", "blob:")) for url in here.requests)
        assert here.complaints == []


def test_a_report_in_its_frame_works_and_reaches_nothing_of_the_page(address: str) -> None:
    with visit(address) as here:
        here.to("/study/worked-example-trial/runs/1")
        inner = here.page.frames[-1]
        inner.wait_for_load_state()
        assert inner.evaluate("origin") == "null"
        assert inner.evaluate("() => { try { return document.cookie } catch (e) { return e.name } }") == "SecurityError"
        reached = inner.evaluate(f"fetch('{here.origin}/').then(() => 'reached', () => 'refused')")
        assert reached == "refused"
        here.page.frame_locator("iframe").get_by_role("button", name="Open all").first.click()


def test_without_scripts_a_run_is_followed_and_cancelled(address: str) -> None:
    with visit(address, "phone", java_script_enabled=False) as here:
        page = here.page
        here.to("/study/worked-example-trial/run")
        page.get_by_role("button", name="Run the plan").click()
        page.get_by_role("link", name="Load it now").click()
        page.get_by_role("button", name="Cancel the run").click()
        expect(page.get_by_role("heading", name="The run was cancelled")).to_be_visible()


def test_another_site_cannot_use_the_page(address: str, clinic: str) -> None:
    """A site that the browser has open sends a form, and frames the page: the form is refused, the frame is empty."""
    with visit(address) as here:
        other = here.page.context.new_page()
        field = '<input name="title" value="stolen"><button>x</button>'
        form = f'<form method="post" action="{here.origin}/new">{field}</form>'
        evil = f'{form}<iframe src="{here.origin}{clinic}/files"></iframe>'
        other.route("http://evil.example/", lambda route: route.fulfill(body=evil, content_type="text/html"))
        other.goto("http://evil.example/")
        assert (
            other.frames[-1].evaluate("document.body ? document.body.innerText.includes('july.csv') : false") is False
        )
        other.get_by_role("button").click()
        other.wait_for_load_state()
        here.to("/")
        expect(here.page.get_by_role("link", name="stolen")).to_have_count(0)
