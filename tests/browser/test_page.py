"""The report in a real browser: drawn, complete, quiet, usable by keyboard, on a phone, in the dark, and on paper."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from pypdf import PdfReader

from coxa.report.analyse import analyse
from coxa.report.output.render import render
from coxa.simulate.presets import preset_bytes
from coxa.tables.characters import plain
from tests.browser.chromium import WIDTHS, all_interactive, browser, executable, open_all, opened
from tests.spec.small_trial import NASTY
from tests.spec.small_trial import report as hostile

expect = pytest.importorskip("playwright.sync_api", reason="no playwright; run `nox -s browser`").expect
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe; run `nox -s browser`")

CHROMIUM = executable()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; apt-get install chromium, or set COXA_CHROMIUM"),
]

ROOT = Path(__file__).parents[2]
PRESET = "moa-2013"
SCHEMES = ["light", "dark"]
SCREEN = {"desktop": 800, "phone": 844}
"""Height of what is seen first."""

OF_THAT_ARM = 4
"""A bar of the second of three arms; bars are drawn visit by visit."""


@pytest.fixture(scope="module", params=["hip_oa_trial", PRESET])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as a file: of the demonstration trial, and of a published trial that was simulated."""
    folder = tmp_path_factory.mktemp("page")
    plan = ROOT / "analyses" / "hip_oa_trial" / "study.yaml"
    if request.param == PRESET:
        plan = simulated(folder)
    path = folder / "report.html"
    path.write_text(render(analyse(plan)), encoding="utf-8")
    return path


def simulated(folder: Path) -> Path:
    """Simulate the preset; return the plan that reads its files."""
    from typer.testing import CliRunner

    from coxa.cli.main import app

    (folder / "preset.yaml").write_bytes(preset_bytes(PRESET))
    made = CliRunner().invoke(app, ["simulate", str(folder / "preset.yaml"), "--out", str(folder / "trial"), "-q"])
    assert made.exit_code == 0, made.output
    return folder / "trial" / "study.yaml"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser(str(CHROMIUM)) as running:
        yield running


@pytest.mark.parametrize("device", WIDTHS)
def test_every_figure_is_drawn_and_the_page_is_quiet_and_no_wider_than_the_screen(
    chromium: Any, file: Path, device: str
) -> None:
    with opened(chromium, file, device) as here:
        open_all(here.page)
        sizes = [svg.bounding_box() for svg in here.page.locator("figure .scroll > svg").all()]
        assert len(sizes) == here.page.locator("figure").count() > 3
        assert all(size["width"] > 100 and size["height"] > 100 for size in sizes)
        all_interactive(here.page)
        sizes = [svg.bounding_box() for svg in here.page.locator(".live svg").all()]
        assert len(sizes) == here.page.locator(".plot script:not(.data)").count() > 3
        assert all(size["width"] > 100 and size["height"] > 100 for size in sizes)
        assert here.page.evaluate("document.documentElement.scrollWidth") == WIDTHS[device]
        assert here.complaints == []
        assert here.requests == [file.resolve().as_uri()]


def test_figures_are_named_drawings_before_and_after_they_become_interactive(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        open_all(here.page)
        drawings = here.page.get_by_role("img")
        before = [drawing.get_attribute("aria-labelledby") for drawing in drawings.all()]
        assert len(before) == here.page.locator("figure").count()
        all_interactive(here.page)
        assert [drawing.get_attribute("aria-labelledby") for drawing in drawings.all()] == before
        title = here.page.locator(".is-live .still title").first.text_content()
        assert here.page.get_by_role("img", name=title).count() >= 1


def test_a_mark_says_its_numbers_and_an_arm_can_be_chosen_by_keyboard(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        open_all(here.page)
        plot = here.page.locator(".plot[id^=missing]").first
        plot.scroll_into_view_if_needed()
        plot.locator(".tools [aria-pressed]").focus()
        here.page.keyboard.press("Enter")
        bars = plot.locator(".live .role-mark.mark-rect path")
        bars.first.hover()
        said = here.page.locator("#vg-tooltip-element").inner_text()
        assert [line.split("\t")[0] for line in said.splitlines()] == ["Arm", "Visit", "Missing", "Share"]
        plot.locator("input[type=radio]").first.focus()
        here.page.keyboard.press("ArrowDown")
        expect(plot.locator(".live path[opacity^='0.']").first).to_be_visible()
        drawn = [bar.get_attribute("opacity") for bar in bars.all()]
        assert {"0.12", "1"} == set(drawn)


def test_a_hostile_label_is_text_in_a_figure_its_choice_of_arms_and_its_tooltip(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(hostile(NASTY)), encoding="utf-8")
    with opened(chromium, path) as here:
        all_interactive(here.page)
        plot = here.page.locator(".plot[id^=missing]").first
        assert plot.locator(".vega-bind-radio label", has_text=NASTY).count() >= 1
        plot.locator(".live .role-mark.mark-rect path").nth(OF_THAT_ARM).hover()
        assert NASTY in here.page.locator("#vg-tooltip-element").inner_text()
        assert here.page.locator("script").count() == 3 + here.page.locator(".plot script").count() + 1
        assert (here.complaints, here.requests) == ([], [path.resolve().as_uri()])


def test_links_of_the_contents_lead_to_their_headings_and_say_where_one_is(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        links = here.page.locator(".contents a")
        assert links.count() == here.page.locator("main :is(h2, h3, h4)[id]").count()
        visible = [link for link in links.all() if link.is_visible()]
        for link in visible[::3]:
            link.focus()
            here.page.keyboard.press("Enter")
            target = str(link.get_attribute("href"))[1:]
            assert here.page.evaluate("document.activeElement.id") == target
            assert here.page.locator(f"[id='{target}']").bounding_box()["y"] < 900
        links.nth(0).click()
        expect(links.nth(0)).to_have_attribute("aria-current", "location")
        assert here.page.locator(".contents [aria-current]").count() == 1


def test_contents_are_folded_on_a_phone_stay_at_hand_and_fold_again_when_followed(chromium: Any, file: Path) -> None:
    with opened(chromium, file, "phone") as here:
        contents = here.page.locator(".contents details")
        assert contents.get_attribute("open") is None
        here.page.evaluate("scrollTo(0, 5000)")
        expect(here.page.locator(".here")).not_to_be_empty()
        here.page.locator(".contents summary").click()
        here.page.get_by_role("link", name="Statistical methods").click()
        assert contents.get_attribute("open") is None
        assert here.page.evaluate("document.activeElement.id") == "methods"
        top = here.page.locator("#methods").bounding_box()["y"]
        assert here.page.locator(".contents").bounding_box()["height"] < top < 200


def test_the_first_key_leads_past_the_contents_and_wide_figures_scroll_by_keyboard(chromium: Any, file: Path) -> None:
    with opened(chromium, file, "phone") as here:
        here.page.keyboard.press("Tab")
        here.page.keyboard.press("Enter")
        assert here.page.evaluate("document.activeElement.id") == "main"
        wide = here.page.evaluate_handle("document.querySelector('.plot:has(svg.flow) .scroll')").as_element()
        assert wide.get_attribute("role") == "region"
        wide.focus()
        here.page.keyboard.press("ArrowRight")
        here.page.wait_for_timeout(500)
        assert wide.evaluate("region => region.scrollLeft") > 0
        assert here.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(chromium: Any, file: Path, scheme: Any) -> None:
    with opened(chromium, file, "phone" if scheme == "dark" else "desktop", scheme) as here:
        all_interactive(here.page)
        here.page.get_by_role("button", name="Explain numbers").click()
        found = axe.Axe().run(here.page, options={"resultTypes": ["violations"]}).response["violations"]
        told = [f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:200]}" for item in found]
        assert [text for text, item in zip(told, found, strict=True) if item["impact"] in ("serious", "critical")] == []


def test_dark_is_dark_and_light_is_light(chromium: Any, file: Path) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        with opened(chromium, file, "desktop", scheme) as here:
            grounds[scheme] = here.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


def test_on_paper_the_drawings_are_printed_without_contents_and_buttons(chromium: Any, file: Path) -> None:
    with opened(chromium, file, "desktop", "dark") as here:
        all_interactive(here.page)
        here.page.emulate_media(media="print", color_scheme="dark")
        assert here.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        for hidden in (".contents", ".tools", ".live", ".skip", ".plot details", ".why"):
            assert not any(part.is_visible() for part in here.page.locator(hidden).all())
        assert all(drawing.is_visible() for drawing in here.page.locator("figure .scroll > svg").all())
        paper = PdfReader(io.BytesIO(here.page.pdf(format="A4")))
        text = plain(" ".join(page.extract_text() for page in paper.pages))
        assert len(paper.pages) > 3
        assert "Figure 1." in text
        assert "Table 1." in text


def test_without_scripts_everything_is_there(chromium: Any, file: Path) -> None:
    with opened(chromium, file, "desktop", java_script_enabled=False) as here:
        assert here.page.locator(".contents a").first.is_visible()
        assert here.page.locator(".tools").count() == 0
        assert here.page.locator("svg.still").first.is_visible()
        fold = here.page.locator("details.fold").first
        fold.locator("summary").first.click()
        assert fold.locator("p").first.is_visible()


@pytest.mark.parametrize("device", WIDTHS)
def test_the_first_screen_has_title_question_and_answer(chromium: Any, file: Path, device: str) -> None:
    with opened(chromium, file, device) as here:
        lead = here.page.locator(".of-answer .lead").first.bounding_box()
        assert lead["y"] + lead["height"] < SCREEN[device]
        assert here.page.evaluate("getComputedStyle(document.querySelector('.contents')).position") == "sticky"


def test_a_folded_section_opens_by_its_link_an_address_and_the_button(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        folds = here.page.locator("details.fold")
        assert here.page.locator("details.fold[open]").count() == 0
        here.page.locator(".contents .part a").nth(1).click()
        assert here.page.locator("details.fold[open]").count() == 1
        inside = here.page.locator("details.fold .table").last.get_attribute("id")
        here.page.goto(f"{file.resolve().as_uri()}#{inside}")
        expect(here.page.locator(f"[id='{inside}']")).to_be_in_viewport()
        here.page.get_by_role("button", name="Open all").first.click()
        assert here.page.locator("details.fold[open]").count() == folds.count()
        here.page.get_by_role("button", name="Close all").first.click()
        assert here.page.locator("details.fold[open]").count() == 0


def test_on_paper_every_fold_is_open_and_closed_again_afterwards(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        titles = here.page.locator("details.fold h4").all_text_contents()
        assert titles
        paper = PdfReader(io.BytesIO(here.page.pdf(format="A4")))
        pages = [" ".join(page.extract_text().split()) for page in paper.pages]
        assert all(" ".join(title.split()) in " ".join(pages) for title in titles)
        assert all(words in pages[0] for words in ("The answer", "Table 1.", "As planned?"))
        answers = here.page.locator(".of-answer .lead").count()
        assert "Figure 1." in pages[0 if answers < 3 else 1]  # below three answers no room is left for a figure
        assert here.page.locator("details.fold[open]").count() == 0


def test_a_number_is_explained_by_keyboard_and_focus_returns(chromium: Any, file: Path) -> None:
    with opened(chromium, file) as here:
        assert here.page.locator(".number-button").count() == 0
        here.page.get_by_role("button", name="Explain numbers").press("Enter")
        table = here.page.locator("#T1")
        stops = "table => [...table.querySelectorAll('table .number-button')].filter(one => one.tabIndex === 0).length"
        assert table.evaluate(stops) == 1
        table.locator(".number-button").first.focus()
        here.page.keyboard.press("ArrowDown")
        here.page.keyboard.press("End")
        assert table.evaluate(stops) == 1
        place = here.page.evaluate("document.activeElement.parentElement.dataset.cell")
        here.page.keyboard.press("Enter")
        dialog = here.page.get_by_role("dialog")
        said = dialog.inner_text()
        trace = here.page.locator(f"[data-cell='{place}']").get_attribute("data-trace")
        number = next(iter(json.loads(trace).values()))
        for words in (repr(number), place, "What it estimates", "study.yaml, line", "fit_"):
            assert words in said
        here.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        assert here.page.evaluate("document.activeElement.parentElement.dataset.cell") == place
        here.page.get_by_role("button", name="Explain numbers").click()
        assert here.page.locator(".number-button").count() == 0
        assert (here.complaints, len(here.requests)) == ([], 1)


@pytest.mark.parametrize("device", WIDTHS)
def test_the_dialog_has_no_fault_that_axe_finds(chromium: Any, file: Path, device: str) -> None:
    with opened(chromium, file, device) as here:
        here.page.get_by_role("button", name="Explain numbers").click()
        here.page.locator("#T1 .number-button").last.click()
        found = axe.Axe().run(here.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [item["id"] for item in found if item["impact"] in ("serious", "critical")] == []


def test_a_figure_is_saved_as_drawing_picture_and_data(chromium: Any, file: Path, tmp_path: Path) -> None:
    with opened(chromium, file, accept_downloads=True) as here:
        plot = here.page.locator(".plot").first
        saved = {}
        for name in ("SVG", "PNG", "Data (CSV)"):
            with here.page.expect_download() as waiting:
                plot.get_by_role("button", name=name).click()
            saved[name] = tmp_path / waiting.value.suggested_filename
            waiting.value.save_as(saved[name])
        root = ElementTree.parse(saved["SVG"]).getroot()
        width, height = (float(root.attrib[name]) for name in ("width", "height"))
        kind, *size = struct.unpack(">4s2I", saved["PNG"].read_bytes()[12:24])
        assert (kind, size) == (b"IHDR", [round(3 * width), round(3 * height)])
        data = pd.read_csv(saved["Data (CSV)"])
        assert len(data) > 2
        assert {"arm", "conf_low", "conf_high"} <= set(data)
        of_people = here.page.locator(".plot[id^=trajectories]").first
        menu = of_people.locator(".save button").all_text_contents()
        assert menu == ["SVG", "PNG"]
        assert here.complaints == []


def test_on_a_phone_no_table_is_wider_than_the_screen_and_numbers_are_under_their_names(
    chromium: Any, file: Path
) -> None:
    with opened(chromium, file, "phone") as here:
        answer = here.page.locator("#T1 .scroll")
        assert answer.evaluate("region => region.scrollWidth <= region.clientWidth")
        assert answer.locator("td").first.evaluate("cell => getComputedStyle(cell, '::before').content") == '"n"'
        open_all(here.page)
        wider = "[...document.querySelectorAll('.table .scroll')].filter(one => one.scrollWidth > one.clientWidth + 1)"
        assert here.page.evaluate(f"{wider}.map(one => one.closest('.table').id)") == []
        assert here.page.evaluate("document.documentElement.scrollWidth") == WIDTHS["phone"]


def test_on_a_phone_charts_are_drawn_anew_for_the_screen_and_what_is_wider_says_so(chromium: Any, file: Path) -> None:
    with opened(chromium, file, "phone") as here:
        first = here.page.locator(".plot:has(script:not(.data))").first
        first.scroll_into_view_if_needed()
        expect(first.locator(".live svg")).to_be_visible()
        assert first.locator(".scroll").evaluate("region => region.scrollWidth <= region.clientWidth + 1")
        letters = "svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
        assert first.locator(".live svg").evaluate(letters) > 0.9
        open_all(here.page)
        hint = "part => getComputedStyle(part, '::before').content"
        flow = here.page.locator(".plot:has(svg.flow)")
        flow.scroll_into_view_if_needed()
        assert "Swipe" in flow.evaluate(hint)
        assert first.evaluate(hint) == "none"
