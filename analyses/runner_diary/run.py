"""Run the worked analysis of the diary: `python analyses/runner_diary/run.py`. Prints every result."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import coxa
from coxa.diary import FlareRule, PainBands, diary_adherence, flare_rates, pain_monitoring, workload_summary

STUDY = Path(__file__).parent / "study.yaml"
LAST_DAY = 56
RULE = FlareRule(rise=2, days=2, reference="baseline_mean", reference_days=7)
BANDS = PainBands(safe=2, acceptable=5)
FORMULA = (
    "pain ~ arm * week + load_lag1_within + load_lag1_between + sleep_within + sleep_between + (week | participant_id)"
)
SERIAL = {"covariance": "sp_exp", "time": "study_day", "ddf": "satterthwaite"}
MODELS = {
    "days independent": (FORMULA, {"ddf": "satterthwaite"}),
    "days in a row alike": (FORMULA, SERIAL),
    "therapists": (f"{FORMULA} + (1 | therapist_id)", SERIAL | {"partially_nested": {"therapist_id": "arm"}}),
}
SHARES = ["share_safe", "share_acceptable", "share_excessive", "share_settled", "rising"]
SHOWN = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]


def main() -> None:
    """Check the data, then print adherence, bands, flares, training load and the models."""
    cohort = coxa.read_cohort(coxa.read_study(STUDY)).require_clean()
    people, diary = cohort.table("participants")[["participant_id", "arm"]], coxa.diary.derive_diary(cohort)
    adherence = diary_adherence(diary, LAST_DAY, participants=people["participant_id"]).merge(people).groupby("arm")
    show("Adherence by the diary, mean", adherence[["completion", "exercise_adherence", "adherent"]].mean())
    weeks = pain_monitoring(diary, BANDS).merge(people).groupby("arm")
    show("Pain monitoring, mean over weeks", weeks[SHARES].mean())
    flares = flare_rates(diary, RULE).merge(people).groupby("arm")[["flares", "days_at_risk"]].sum()
    show("Flares", flares.assign(per_28_days=28 * flares["flares"] / flares["days_at_risk"]))
    show("Training load against the load before", workload_summary(diary).set_index("variant"))
    named = diary.assign(load=diary["training_load"] / 100, sleep=diary["sleep_hours"])
    data = coxa.diary.within_between(coxa.diary.lagged(named, "load"), ["load_lag1", "sleep"], centre="grand_mean")
    for name, (formula, options) in MODELS.items():
        fit = coxa.fit_lmm(formula, data, **options)
        show(f"Mixed model, {name}", fit.tidy().set_index("term")[SHOWN])
        show("with", fit.covariance_parameters.to_frame("estimate"))


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table under its title."""
    print(f"\n{title}\n{table.astype(float).round(3).to_string()}")


if __name__ == "__main__":
    main()
