"""The example that `--help` of each command gives runs as it stands, one after the other in a folder of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from coxa.cli.main import app

HELPS = {name: str(each.help) for name, each in typer.main.get_command(app).commands.items()}  # type: ignore[attr-defined]
FEWER = {"power": ("500", "5"), "rehearse": ("200", "5")}
"""Command -> the number of replicates in its example, and as many as show that it runs."""
ELSEWHERE = {"page": "serves until it is stopped", "interim": "needs a locked plan with looks: test_interim_looks.py"}


def example(command: str) -> list[str]:
    return shlex.split(HELPS[command].split("Example: ")[-1].splitlines()[0])[1:]


@pytest.mark.slow
def test_every_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    assert run(app, ["new", "."]).exit_code == 0
    assert run(app, example("new")).exit_code == 0
    pd.read_csv("data/participants.csv").to_excel("episodes.xlsx", index=False)
    assert run(app, ["report", "study.yaml", "--out", "report-after", "-q"]).exit_code == 0
    refused = run(app, example("measurement"))
    assert (refused.exit_code, "Add `measurement: {pain: {}}` to it" in refused.output) == (2, True)
    asks = Path("study.yaml").read_text(encoding="utf-8") + "measurement: {pain: {}}\n"  # as the message says
    failed = {}
    for command in (name for name in HELPS if name not in {"new", *ELSEWHERE}):
        words = example(command)
        for many, few in [FEWER[command]] if command in FEWER else []:
            words = [few if word == many else word for word in words]
        if command == "measurement":
            Path("asks.yaml").write_text(asks, encoding="utf-8")
            words = ["asks.yaml" if word == "study.yaml" else word for word in words]
        done = run(app, [*words, "--unlocked"] if command == "rehearse" else words)
        if done.exit_code and not (
            command == "import" and "--interactive" in done.output
        ):  # it asks what it cannot know
            failed[command] = done.output[-500:]
    assert not failed
