"""The notebooks run from a clean start, are kept without outputs, and show what their text says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
SECONDS = 1200
"""Longest a cell, or the start of a kernel, may take; a hanging one ends the test, a slow machine does not."""


def execute(name: str, monkeypatch: pytest.MonkeyPatch, *questions: str) -> Any:
    """Run a notebook in its folder with a few lines added at its end; return the executed notebook."""
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    notebook = nbformat.read(FOLDER / name, as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(question) for question in questions]
    client = NotebookClient(
        notebook, timeout=SECONDS, startup_timeout=SECONDS, resources={"metadata": {"path": str(FOLDER)}}
    )
    return client.execute()


def printed(cell: Any) -> str:
    """Return what a cell printed."""
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


STORIES = {
    "03_why_mmrm": (
        "bias = {name: found['estimate'].mean() - truth for name, found in analyses.items()}",
        "print(bias['last value carried forward'] > 1.5, bias['who came at week 26'] < -0.5, abs(bias['MMRM']) < 0.5)",
    ),
    "04_therapists_ignored": (
        "print(round(100 * alarms['therapists ignored']) == 16, alarms['therapists modelled'] < 0.10)",
        "rng = np.random.default_rng(1)",
        "one = icc(coxa.fit_lmm('pain ~ arm + (1 | therapist)', draw(), ddf='kenward-roger')).iloc[0]",
        "print(one['icc'] == 0, one['conf_high'] > ICC)",
    ),
    "05_missing_not_at_random": (
        "print(table['estimate'].idxmin() == 'mar', table.loc['j2r', 'estimate'] > table.loc['cir', 'estimate'])",
        "print(table['conf_low'].le(truth).mul(table['conf_high'].ge(truth)).loc[['j2r', 'cr', 'cir']].all())",
        "print(tip.significant, tip.shift > 0, not surface.tips_within_plausible, tip.shift > surface.plausible[0][1])",
    ),
    "06_power_for_your_trial": (
        "print(sum(model.n) < sum(alone.n), size.low < size.n < size.high)",
        "print(assured.frame['power'].iloc[0] < power.frame.set_index('n').loc[180, 'power'])",
    ),
    "07_outcome_measures": (
        "print(scored['items_answered'].tolist() == [10, 6, 3])",
        "print(scored['value'].notna().tolist() == [True, True, False])",
        "print(found['share of responders'] < found['difference in means'])",
    ),
    "08_clinic_audit": (
        "print(again[worst].mean() > means[worst].mean() + 0.3, (points['position'] == 'within').all())",
        "print(errors.iloc[1] < errors.iloc[0])",
        "concern = months.loc[months['kind'] == 'concern', 'month']",
        "print((concern >= 19).all(), len(concern) > 2)",
    ),
    "09_other_outcomes": (
        "names = ('responders', 'global_change', 'flares', 'return_to_sport', 'priorities')",
        "print(all(worked(name)[1]['inside'].all() for name in names))",
    ),
    "10_published_results": (
        "print(len(tables) == 4, all(table['difference'].abs().max() < 6e-4 for table in tables))",
        "print(improved['sum'].tolist() == [38, 17], levels.loc['Treated'].tolist() == [13, 7, 21])",
    ),
}
"""Notebook -> lines added at its end, each of which prints whether its text is true of its numbers."""

QUICK = {"05_missing_not_at_random"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in STORIES]
)
def test_a_notebook_tells_the_story_that_its_text_promises(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = execute(f"{name}.ipynb", monkeypatch, *STORIES[name])
    answers = [word for cell in notebook.cells[-len(STORIES[name]) :] for word in printed(cell).split()]
    assert answers
    assert set(answers) == {"True"}


def test_every_notebook_has_a_story() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == {"01_first_trial", "02_runner_diary", *STORIES}


def test_the_first_trial_tells_the_story_that_its_text_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = execute(
        "01_first_trial.ipynb",
        monkeypatch,
        "print(beside['inside'].all(), len(beside))",
        "print((broken_beside['estimate'] < beside['estimate']).all(), broken_beside['inside'].all())",
        "print((forgetful.frame['std_error'].to_numpy() > differences.only(visit='week_12').frame['std_error']).all())",
        "print(set(every['analysis']) == set(study.analyses))",
    )
    answers = [printed(cell).split() for cell in notebook.cells[-4:]]
    assert answers == [["True", "2"], ["True", "False"], ["True"], ["True"]]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    pictures = [kind for cell in code for output in cell.outputs for kind in output.get("data", {})]
    assert any("vega" in kind or "svg" in kind for kind in pictures)


@pytest.mark.slow
def test_the_diary_tells_the_story_that_its_text_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = execute(
        "02_runner_diary.ipynb",
        monkeypatch,
        "print(beside['inside'].all(), (beside.loc['load_lag1_within':'load_lag1_between', 'estimate'] > 0).tolist())",
        "print((adherence['exercise_adherence'] > 0.62).mean() > 0.5)",
        "print((broken['conf_low'] < 0.2).all(), (broken['conf_high'] > 0.2).tolist())",
        "print(independent.covariance_parameters['sd[participant_id: week]'] > 0.15 > 0.12 >"
        " fit.covariance_parameters['sd[participant_id: week]'])",
    )
    answers = [printed(cell).strip() for cell in notebook.cells[-4:]]
    assert answers == ["True [True, False]", "True", "True [True, False]", "True"]
