"""A real browser for the tests, and what it said while a page was open."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = {"desktop": 1280, "phone": 390}
HEIGHT = 900
PATIENCE = 60_000
"""Milliseconds to wait for what should be there at once, on a machine that has other work."""
Scheme = Literal["light", "dark"]


def executable() -> str | None:
    """Return the Chromium that is installed; COXA_CHROMIUM names another one."""
    return os.environ.get("COXA_CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Opened:
    """A page that is open, with everything that it complained about and asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def browser(path: str) -> Iterator[Any]:
    """Run Chromium, without a window."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as engines:
        running = engines.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def opened(
    running: Any, file: Path, device: str = "desktop", scheme: Scheme = "light", **more: Any
) -> Iterator[Opened]:
    """Open a file from the disk, as a reader does who was sent it."""
    size = {"width": WIDTHS[device], "height": HEIGHT}
    context = running.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", **more)
    context.set_default_timeout(PATIENCE)
    here = Opened(context.new_page())
    here.page.on("console", lambda said: here.complaints.append(f"{said.type}: {said.text}"))
    here.page.on("pageerror", lambda error: here.complaints.append(str(error)))
    here.page.on("request", lambda request: here.requests.append(request.url))
    here.page.goto(file.resolve().as_uri())
    yield here
    context.close()


def open_all(page: Any) -> None:
    """Open every section that is folded."""
    page.evaluate("for (const fold of document.querySelectorAll('details.fold')) fold.open = true")


def all_interactive(page: Any) -> None:
    """Open every section, make every figure interactive that can be, and wait until it is."""
    from playwright.sync_api import expect

    open_all(page)
    buttons = page.locator(".plot .tools [aria-pressed]")
    for index in range(buttons.count()):
        buttons.nth(index).evaluate("button => button.click()")
    expect(page.locator(".is-live")).to_have_count(buttons.count())
