"""Run the worked analysis of the diary: `python analyses/runner_diary/run.py`. Prints what the report has, and more."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import coxa

STUDY = Path(__file__).parent / "study.yaml"
FORMULA = (
    "pain ~ arm * week + load_lag1_within + load_lag1_between + sleep_within + sleep_between + (week | participant_id)"
)
SERIAL = {"covariance": "sp_exp", "time": "study_day", "ddf": "satterthwaite"}
MODELS = {
    "days independent": (FORMULA, {"ddf": "satterthwaite"}),
    "days in a row alike": (FORMULA, SERIAL),
    "therapists": (f"{FORMULA} + (1 | therapist_id)", SERIAL | {"partially_nested": {"therapist_id": "arm"}}),
}
SHOWN = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
SECTIONS = ("diary-", "training-")


def main() -> None:
    """Print the tables of the diary in the report, then models that a plan does not have: other covariances."""
    cohort = coxa.read_cohort(coxa.read_study(STUDY)).require_clean()
    report = coxa.analyse(cohort)
    for table in map(report.table, report.tables):
        if table.id.startswith(SECTIONS):
            columns = [str(column.label) for column in table.columns]
            rows = {row.label: [cell.text for cell in row.cells] for row in table.rows()}
            show(table.title, pd.DataFrame.from_dict(rows, orient="index", columns=columns))
    diary = coxa.diary.derive_diary(cohort)
    named = diary.assign(load=diary["training_load"] / 100, sleep=diary["sleep_hours"])
    data = coxa.diary.within_between(coxa.diary.lagged(named, "load"), ["load_lag1", "sleep"], centre="grand_mean")
    for name, (formula, options) in MODELS.items():
        fit = coxa.fit_lmm(formula, data, **options)
        show(f"Mixed model, {name}", fit.tidy().set_index("term")[SHOWN].astype(float).round(3))
        show("with", fit.covariance_parameters.to_frame("estimate").astype(float).round(3))


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table under its title."""
    print(f"\n{title}\n{table.to_string()}")


if __name__ == "__main__":
    main()
