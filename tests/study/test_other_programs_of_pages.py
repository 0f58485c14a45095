"""Lines of R on the pages run, and give the numbers of the Python next to them; where a package is absent, they parse.

Lines of SAS, SPSS and Stata cannot run here, and the page says so; nothing is checked of them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import coxa
from tests.study.page_lines import PAGES, ROOT, blocks, name_of

R = shutil.which("Rscript")
BEGIN = """
options(contrasts = c("contr.treatment", "contr.poly"))
trial <- read.csv("trial.csv", stringsAsFactors = TRUE)
trial$visit <- factor(trial$visit, c("week_6", "week_12", "week_26", "week_52"))
used <- c("lmerTest", "emmeans", "mmrm", "RobinCar2")
for (name in used) suppressMessages(require(name, character.only = TRUE, quietly = TRUE))
told <- list()
"""
NEEDS = {"mmrm(": "mmrm", "robin_glm(": "RobinCar2", "lmer(": "lmerTest", "emmeans(": "emmeans"}
"""What is called -> the package that it needs."""


def r_blocks() -> list[tuple[str, str]]:
    return [(name_of(page), text) for page in PAGES for text in blocks(page, "r")]


def run_r(script: str, folder: Path) -> str:
    assert R
    (folder / "script.R").write_text(script, encoding="utf-8")
    done = subprocess.run([R, "--vanilla", "script.R"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(R is None, reason="R is not installed")
def test_every_block_of_r_parses(tmp_path: Path) -> None:
    found = r_blocks()
    for number, (_, text) in enumerate(found):
        (tmp_path / f"{number}.R").write_text(text, encoding="utf-8")
    run_r('for (file in list.files(pattern = "^[0-9]+[.]R$")) parse(file)', tmp_path)
    assert len(found) >= 4


@pytest.fixture(scope="module")
def python() -> dict[str, Any]:
    """Return what the cells of the page leave."""
    names: dict[str, Any] = {"fits": []}
    page = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")
    for cell in re.findall(r"^```{code-cell} ipython3\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(cell, names)
        names["fits"].append(names.get("fit"))
    return names


def installed(package: str) -> bool:
    assert R
    script = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    return subprocess.run([R, "--vanilla", "-e", script], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(R is None, reason="R is not installed")
def test_r_on_the_page_gives_the_numbers_of_python(tmp_path: Path, python: dict[str, Any]) -> None:
    """All blocks run one after the other, each where its packages are installed, and are compared where Python is."""
    script = BEGIN
    ran = []
    python["trial"].to_csv(tmp_path / "trial.csv", index=False)
    for number, (_, text) in enumerate(r_blocks()):
        lines = text.splitlines()
        needed = {package for call, package in NEEDS.items() if call in text}
        whole = all(map(installed, needed))
        if number == 0 and not whole:
            text = lines[0]  # the reference arm, which the blocks below take as given
        if number == 0 or whole:
            script += f"result{number} <- {{\n{text}\n}}\n"
            ran.append(number)
        if number == 0:
            script += 'week_12 <- droplevels(subset(trial, visit == "week_12"))\n'
            script += "week_12$improved <- as.integer(week_12$change >= 10)\n"
    script += """
told$ancova <- as.data.frame(result1$contrasts)[, c("estimate", "SE", "df", "p.value")]
slopes <- coef(result2)[c("armexercise:week", "armmanual_therapy:week"), ]
told$slopes <- as.data.frame(slopes)
cat(jsonlite::toJSON(told, digits = 15))
"""
    assert {1, 2} <= set(ran)
    told = json.loads(run_r(script, tmp_path).strip().splitlines()[-1])
    ancova = coxa.contrasts(python["fits"][2], "arm", against="usual_care", by=None).frame
    for mine, theirs in {"estimate": "estimate", "std_error": "SE", "df": "df", "p_value": "p.value"}.items():
        assert [row[theirs] for row in told["ancova"]] == pytest.approx(ancova[mine].tolist(), rel=1e-8)
    slopes = python["fits"][3].tidy().set_index("term").loc[["arm[exercise]:week", "arm[manual_therapy]:week"]]
    assert [row["Estimate"] for row in told["slopes"]] == pytest.approx(slopes["estimate"].tolist(), rel=1e-4)
    assert [row["Std. Error"] for row in told["slopes"]] == pytest.approx(slopes["std_error"].tolist(), rel=1e-4)
