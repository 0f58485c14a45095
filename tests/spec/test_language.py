"""Words that messages, help, tables and reports do without, counted per file: a count may only fall (docs/style.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "coxa"
BANNED = re.compile(r"\b(stands|said|told|somebody|nobody|beside|whatever|should)\b", re.IGNORECASE)
STILL_THERE: dict[str, int] = {
    "cli/presets.py": 1,
    "cli/score.py": 1,
    "cohort/checks/clusters.py": 3,
    "cohort/checks/limits.py": 3,
    "cohort/checks/outcomes.py": 2,
    "cohort/checks/randomisation.py": 1,
    "cohort/checks/screening.py": 1,
    "cohort/mapping/columns.py": 2,
    "cohort/mapping/item_columns.py": 2,
    "cohort/mapping/missing.py": 2,
    "cohort/mapping/used_rows.py": 1,
    "cohort/mapping/words.py": 1,
    "cohort/readers/registry.py": 2,
    "cohort/readers/sas.py": 1,
    "derive/adherence.py": 2,
    "derive/intercurrent.py": 1,
    "derive/participant_days.py": 5,
    "derive/scores.py": 1,
    "derive/session_rpe.py": 1,
    "derive/workload_ratio.py": 1,
    "design/units.py": 1,
    "estimates/combination.py": 1,
    "estimates/profile.py": 1,
    "figures/power_curve.py": 1,
    "figures/theme.py": 1,
    "instruments/wide.py": 3,
    "models/covariance/spatial_exponential.py": 1,
    "models/design/formula.py": 1,
    "models/lmm/data.py": 2,
    "models/lmm/factors.py": 5,
    "models/lmm/fit.py": 1,
    "models/lmm/identified.py": 1,
    "models/lmm/options.py": 1,
    "models/results/text.py": 1,
    "report/topics/analyses/section.py": 1,
    "report/topics/diagnostics/section.py": 1,
    "report/topics/harms/section.py": 1,
    "report/topics/participants/baseline.py": 1,
    "report/topics/participants/flow/check.py": 2,
    "report/trace/verify.py": 4,
    "simulate/from_plan/design.py": 1,
    "simulate/from_plan/truth_in_sets.py": 1,
    "simulate/presets/document.py": 1,
    "simulate/twin.py": 1,
    "study/analysis.py": 1,
    "study/assumptions/correlation.py": 1,
    "study/assumptions/diary.py": 1,
    "study/assumptions/published.py": 1,
    "study/assumptions/trial.py": 4,
    "study/checks/assumptions.py": 1,
    "study/checks/comparison.py": 1,
    "study/describing/cluster_examples.py": 1,
    "study/models/lmm.py": 1,
    "study/models/mmrm.py": 3,
    "study/parts.py": 1,
    "study/random_effects.py": 2,
    "study/randomisation.py": 2,
    "study/reading/explain.py": 7,
    "study/reading/read.py": 3,
    "study/reading/yaml_faults.py": 11,
    "study/source.py": 1,
    "study/words.py": 1,
}
"""File -> banned words in its texts that wait for an editor. Lower a count when you mend one; never raise it."""


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield the literal texts of a module that are no docstrings and have more than one word."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
        if is_text and id(node) not in documentation:
            yield node.value


def counted(path: Path) -> int:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sum(len(BANNED.findall(text)) for text in texts(tree))


def test_banned_words_only_become_fewer() -> None:
    paths = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py") if "_demo" not in path.parts}
    counts = {name: number for name, path in paths.items() if (number := counted(path))}
    assert counts == STILL_THERE, "write new texts by docs/style.md; where a count fell, lower it here"


def test_docstrings_are_no_messages_but_other_texts_are() -> None:
    tree = ast.parse('def f() -> str:\n    """Somebody reads it."""\n    return f"nobody should read {1}"')
    assert [BANNED.findall(text) for text in texts(tree)] == [["nobody", "should"]]
