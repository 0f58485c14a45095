"""The files of a simulated trial: raw data, their dictionary, the plan that reads them, the truth."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coxa.cohort.contracts import Contract, contract
from coxa.cohort.dictionary import Field
from coxa.errors import OptionError, check_option
from coxa.files import is_empty, save, save_parquet, whole_run
from coxa.report.output.csv_files import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from coxa.simulate.from_plan.trial import SimulatedTrial
    from coxa.simulate.truth import TrueValue

FORMATS = ("csv", "parquet")
DATA, PLAN, TRUTH, DICTIONARY, README = "data", "study.yaml", "truth.json", "dictionary.csv", "README.md"

SHOWN = 5
"""Values of a curve, about, that the page has."""

TEXT = """# {title}

Made up by a computer from the assumptions of the plan; no row stems from a person. Made by
`coxa simulate` with seed {seed} ({participants}).

| file | what it is |
|---|---|
| `study.yaml` | the plan, with the place of these data |
{files}
| `dictionary.csv` | every column of the data: type, unit, levels, meaning |
| `truth.json` | what was planted, and the value of each estimand |

`coxa check study.yaml` checks the data, `coxa report study.yaml --out out` analyses them.

## Truth

{how}.

{truth}
"""


def check_formats(given: str) -> tuple[str, ...]:
    """Return the formats of the raw files; raise `OptionError` for an unknown one."""
    return tuple(check_option("--format", word.strip(), FORMATS) for word in given.split(","))


def refuse_existing(folder: Path) -> None:
    """Raise `OptionError` where the folder has something in it."""
    if folder.exists() and not (folder.is_dir() and is_empty(folder)):
        raise OptionError(f"{folder} exists and is not empty. Name another folder with `--out`.")


def trial_files(trial: SimulatedTrial, plan: Path, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    """Write a simulated trial, all files or none; return the files, the plan first.

    Parameters
    ----------
    trial
        The trial.
    plan
        Study file from which it was made; its comments are kept.
    folder
        Made if it is not there.
    formats
        Of the raw files; the plan names those of the first.
    """
    with whole_run(folder) as part:
        raw = []
        for name, frame in trial.data.items():
            if "csv" in formats:
                raw.append(write_csv(frame, part / DATA / f"{name}.csv"))
            if "parquet" in formats:
                raw.append(save_parquet(frame, part / DATA / f"{name}.parquet"))
        written = [
            save(part / PLAN, planned_text(trial, plan, formats[0])),
            *raw,
            write_csv(dictionary(trial), part / DICTIONARY),
            save(part / TRUTH, trial.truth.to_json()),
            save(part / README, readme(trial, formats[0])),
        ]
    return [folder / path.relative_to(part) for path in written]


def planned_text(trial: SimulatedTrial, plan: Path, form: str) -> str:
    """Return the study file with a `data:` section for the simulated files in place of its own."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.width, yaml.preserve_quotes = 4096, True
    held = yaml.load(plan.read_text(encoding="utf-8-sig"))
    tables = {name: {"file": f"{name}.{form}", **source} for name, source in trial.sources.items()}
    held["data"] = {"folder": DATA, "tables": tables}
    if trial.clinic is not None:
        held["transport"]["source"]["file"] = f"clinic.{form}"
    if trial.truth.curves:
        held.setdefault("report", {})["truth"] = TRUTH
    text = io.StringIO()
    yaml.dump(held, text)
    return text.getvalue()


def dictionary(trial: SimulatedTrial) -> pd.DataFrame:
    """Return one row per column of the raw files."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for table, frame in trial.tables.items():
        agreed = contract(trial.design.study, table)
        columns = map(str, frame.columns)
        rows += [{"file": table, "column": name, **_told(trial, table, agreed, name)} for name in columns]
    return pd.DataFrame(rows)


def _told(trial: SimulatedTrial, table: str, agreed: Contract, name: str) -> dict[str, Any]:
    """Return type, unit, levels and description of a column."""
    if name in agreed.fields:
        return _of_field(agreed.fields[name])
    study = trial.design.study
    if table == "assessments":
        scale = trial.design.scales[trial.design.outcomes.index(name)]
        text = f"{study.label('outcomes', name)}, {scale.low:g} to {scale.high:g}; {scale.direction}"
        return {"type": "number", "unit": scale.unit, "levels": "", "description": text}
    known = trial.sources[table]["instrument"]
    item = name.removeprefix(f"{known}_")
    return {
        "type": "integer",
        "unit": "",
        "levels": "",
        "description": f"answer to item {item} of {known}, in its own coding; empty if not answered",
    }


def _of_field(field: Field) -> dict[str, Any]:
    levels = "; ".join(level if level == label else f"{level}: {label}" for level, label in field.levels.items())
    return {"type": field.type, "unit": field.unit or "", "levels": levels, "description": field.description}


def readme(trial: SimulatedTrial, form: str) -> str:
    """Return the page on the folder."""
    files = [f"| `{DATA}/{name}.{form}` | {len(frame)} rows |" for name, frame in trial.data.items()]
    return TEXT.format(
        title=trial.design.study.title,
        seed=trial.seed,
        participants=", ".join(f"{arm}: {number}" for arm, number in trial.allocated.items()),
        files="\n".join(files),
        how=trial.truth.how[:1].upper() + trial.truth.how[1:],
        truth=_truth_table(trial.truth.values) + _clinic_table(trial) + _curve_table(trial),
    )


def _clinic_table(trial: SimulatedTrial) -> str:
    """Return the true differences in the patients of the clinic; nothing where there are none."""
    values = trial.truth.in_clinic
    return f"\n\nIn the clinic:\n\n{_truth_table(values)}" if values else ""


def _truth_table(values: Sequence[TrueValue]) -> str:
    head = ["estimand", "outcome", "visit", "arm", "against", "true difference", "Monte Carlo error"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for one in values:
        error = "exact" if one.obtained == "exact" else f"{one.monte_carlo_error:.4f}"
        cells = [
            one.estimand,
            f"{one.outcome}, {one.measure}",
            one.visit,
            one.arm,
            one.reference,
            f"{one.value:.4f}",
            error,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _curve_table(trial: SimulatedTrial) -> str:
    """Return the planted differences over their modifiers at some values; nothing where there are none."""
    if not trial.truth.curves:
        return ""
    head = ["estimand", "modifier", "visit", "arm", "against", "true difference at value", "Monte Carlo error"]
    lines = ["", "", "Over a modifier:", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for one in trial.truth.curves:
        every = 1 if one.of_levels else max(len(one.values) // SHOWN, 1)
        places = list(zip(one.values, one.differences, strict=True))[::every]
        at = "; ".join(f"{value if one.of_levels else f'{value:g}'}: {difference:.2f}" for value, difference in places)
        error = "exact" if one.obtained == "exact" else f"{one.monte_carlo_error:.4f}"
        lines.append(
            f"| {one.estimand} | {one.modifier} | {one.visit} | {one.arm} | {one.reference} | {at} | {error} |"
        )
    return "\n".join(lines)
