"""The files of a simulated registry: its episodes, the plan that reads them, the truth."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from coxa.cli.trial_files import DATA, README, TRUTH
from coxa.files import save, save_parquet, whole_run
from coxa.report.output.csv_files import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from coxa.simulate import SimulatedRegistry

EPISODES, PLAN = "episodes", "audit.yaml"

TEXT = """# {title}

Made up by a computer from the assumptions of the plan; no row stems from a person or a clinic. Made by `coxa simulate`
with seed {seed}.

| file | what it is |
|---|---|
| `audit.yaml` | the plan, with the place of these data and the day of their export, {export} |
{files}
| `truth.json` | what was planted, and what follows from it |

`coxa audit audit.yaml --out out` audits them.

## Truth

{how}. Change is improvement in pain, positive is better; `standardised` is the mean of all patients, had they been
treated in that clinic.

| clinic | planted | effect | with its therapists | episodes due | change | standardised | complete |
|---|---|---|---|---|---|---|---|
{truth}
"""


def registry_files(registry: SimulatedRegistry, plan: Path, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    """Write a simulated registry, all files or none; return the files, the plan first.

    Parameters
    ----------
    registry
        The registry.
    plan
        Audit file from which it was made; its comments are kept.
    folder
        Made if it is not there.
    formats
        Of the episodes: csv, parquet; the plan names the first.
    """
    with whole_run(folder) as part:
        rows = []
        if "csv" in formats:
            rows.append(write_csv(_words(registry.episodes), part / DATA / f"{EPISODES}.csv"))
        if "parquet" in formats:
            rows.append(save_parquet(registry.episodes, part / DATA / f"{EPISODES}.parquet"))
        written = [
            save(part / PLAN, planned_text(registry, plan, formats[0])),
            *rows,
            save(part / TRUTH, registry.truth.to_json()),
            save(part / README, _readme(registry, formats)),
        ]
    return [folder / path.relative_to(part) for path in written]


def planned_text(registry: SimulatedRegistry, plan: Path, form: str) -> str:
    """Return the audit file with `data:` and `data_cut:` of the simulated registry in place of its own."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.width, yaml.preserve_quotes = 4096, True
    held = yaml.load(plan.read_text(encoding="utf-8-sig"))
    held["data"] = {"folder": DATA, "file": f"{EPISODES}.{form}"}
    held["data_cut"] = registry.plan.data_cut
    text = io.StringIO()
    yaml.dump(held, text)
    return text.getvalue()


def _words(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return the episodes with yes and no in place of true and false."""
    flags = map(str, episodes.select_dtypes("bool"))
    return episodes.assign(**{name: episodes[name].map({True: "yes", False: "no"}) for name in flags})


def _readme(registry: SimulatedRegistry, formats: tuple[str, ...]) -> str:
    rows = registry.truth.clinics.itertuples()
    return TEXT.format(
        title=registry.plan.title,
        seed=registry.seed,
        export=registry.plan.data_cut,
        files="\n".join(
            f"| `{DATA}/{EPISODES}.{form}` | {len(registry.episodes)} episodes of care |" for form in formats
        ),
        how=registry.truth.how,
        truth="\n".join(
            f"| {row.clinic} | {row.planted} | {row.effect:.2f} | {row.effect_with_therapists:.2f} | {row.n} "
            f"| {row.change:.2f} | {row.standardised:.2f} | {row.complete:.0%} |"
            for row in rows
        ),
    )
