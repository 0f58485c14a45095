"""Pictures of the first page of each form of the demonstration report, and of the audit, for the docs.

Needs Chromium, pdftoppm (poppler-utils) and LibreOffice; run it with `nox -s images`.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from coxa.clinics import audit_clinics, publish, write_audit
from coxa.files import save
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.output.render import FORMATS, render_document
from tests.browser.chromium import executable

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
COLOURS = 256
LARGEST = 150_000
SCREEN = "1200,1000"


def main() -> None:
    """Make the report in each form, take a picture of each, and keep it small."""
    audit = audit_clinics(ROOT / "analyses" / "clinic_registry" / "audit.yaml")
    document = build_document(analyse(ROOT / "analyses" / "hip_oa_trial" / "study.yaml"))
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in FORMATS:
            save(folder / f"report.{form}", render_document(document, form))
        pictures = {
            "html": page_of_html(folder / "report.html"),
            "pdf": page_of_pdf(folder / "report.pdf"),
            "word": page_of_pdf(as_pdf(folder / "report.docx")),
        }
        write_audit(audit, publish(audit), folder / "audited")
        pictures["audit"] = page_of_html(folder / "audited" / "audit.html")
        for form, picture in pictures.items():
            print(small(picture, IMAGES / (f"{form}.png" if form == "audit" else f"report-{form}.png")))


def page_of_html(page: Path) -> Path:
    """Take a picture of the first screen."""
    path = executable()
    if path is None:
        raise SystemExit("no Chromium found; apt-get install chromium, or set COXA_CHROMIUM")
    picture = page.with_name("html.png")
    look = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={SCREEN}", f"--screenshot={picture}"]
    subprocess.run([path, *look, page.as_uri()], check=True, capture_output=True)
    return picture


def page_of_pdf(paper: Path) -> Path:
    """Take a picture of the first page."""
    target = paper.with_suffix("")
    page = ["-f", "1", "-l", "1", "-singlefile", "-r", "90", "-png"]
    subprocess.run(["pdftoppm", *page, str(paper), str(target)], check=True)
    return target.with_suffix(".png")


def as_pdf(word: Path) -> Path:
    """Return a Word file as LibreOffice sets it."""
    folder = word.parent / "word"
    home = f"-env:UserInstallation={(word.parent / 'office').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(word)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "report.pdf"


def small(picture: Path, target: Path) -> str:
    """Write a picture with few colours; stop where it is still large."""
    Image.open(picture).convert("RGB").quantize(COLOURS).save(target, optimize=True)
    size = target.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{target} has {size} bytes, more than {LARGEST}; take a smaller page")
    return f"{target.relative_to(ROOT)}: {size} bytes"


if __name__ == "__main__":
    main()
