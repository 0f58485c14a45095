"""Make the files of this folder: `python -m synthetic_data.clinic_registry.make`. Same seed, same bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.simulate import RegistryTruth, SimulatedRegistry, simulate_registry
from coxa.study import RegistryAssumptions

SEED = 2027

COLUMNS = {
    "patient": "identifier of the patient, who may come again",
    "episode": "identifier of the episode, in order of intake",
    "clinic": "clinic, Clinic 01 to Clinic 12",
    "therapist": "treating therapist, C01-T1 to C12-T5",
    "condition": "hip_osteoarthritis, gluteal_tendinopathy, fai_syndrome, groin_pain, after_hip_replacement, other",
    "referral_date": "date of the referral",
    "intake_date": "date of the first session",
    "discharge_date": "date of the last session; empty if care went on when the data were exported",
    "booked": "sessions booked",
    "attended": "sessions attended",
    "missed": "sessions missed without notice; the rest of those booked was cancelled in time",
    "eligible": "the audit is about this episode, yes or no",
    "asked": "the patient was asked to fill in questionnaires, yes or no",
    "age": "years at intake",
    "sex": "female or male",
    "duration_months": "duration of symptoms at intake, months; empty if not written down",
    "previous_surgery": "earlier surgery of the hip, a replacement that is the reason for care aside, yes or no",
    "comorbidities": "number of other diseases; empty if not written down",
    "ethnicity": "white, asian, black, mixed or other; empty if not written down",
    "deprivation": "fifth of an index of deprivation of the address, 1 the most deprived; empty if not known",
    "red_flags_asked": "red flags were asked for at intake, yes or no",
    "referral_needed": "a referral to a specialist was needed, yes or no",
    "referral_made": "the referral was made, yes or no",
    "pain_intake": "NPRS at intake, 0 (no pain) to 10; empty if not filled in",
    "pain_discharge": "NPRS at discharge",
    "pain_date": "date of the discharge questionnaire, of pain and function alike",
    "function_intake": "LEFS at intake, 0 to 80 (best)",
    "function_discharge": "LEFS at discharge",
}

README = """# Synthetic clinic registry

Made up by a computer; no row stems from a person or a clinic. {clinics} clinics with {therapists} therapists each,
{episodes:,} episodes of care of {patients:,} patients with hip and groin pain, {years} years of intake. LEFS and NPRS
as scores.

Made by `python -m synthetic_data.clinic_registry.make` with seed {seed} from `RegistryAssumptions()`, the defaults of
coxa's simulator, which also wrote this page. A test rebuilds every file and compares the bytes. The audit is in
`analyses/clinic_registry`.

## Data dictionary

### episodes.csv

one row per episode of care; {episodes} rows.

| column | meaning |
| --- | --- |
{dictionary}

## Planted truth

{how}.

Change is improvement in pain in points, positive is better. All episodes that were due improve by {change:.2f} on
average, those without a discharge questionnaire among them; {complete:.0%} of the discharge questionnaires are expected
in time, of those due. `standardised` is the mean change of all patients of the registry, had they been treated in that
clinic; it counts the clinic's therapists too.

| clinic | planted | effect | with its therapists | episodes due | change | standardised | complete |
| --- | --- | --- | --- | --- | --- | --- | --- |
{truth}

{better} gets better by {better_by:.1f} points on {better_from}. Therapists differ by a standard deviation of
{therapist_sd:g}, clinics that are not planted by {clinic_sd:g}.

## How the data came about

- The clinics see different patients: conditions, pain at intake, age and deprivation vary between them, so that raw
  means differ where the clinics do not.
- Pain improves by {mean:g} points in hip osteoarthritis from a pain of 6 at age 55, and the more, the worse pain was;
  less with age, long duration, earlier surgery and comorbidities. Discharge is intake less improvement, rounded and cut
  at 0 and 10. Function follows pain.
- {repeats:.0%} of the episodes are a further one of a patient who was there before; what is the patient's own is the
  same in each.
- Of patients who are asked, those who improve more, are older, white or less deprived are more likely to fill in the
  discharge questionnaire, and clinics differ. No adjustment for descriptors mends the part that depends on improvement.
- {late:.0%} of the discharge questionnaires come after their window of 42 days.
- Duration, comorbidities, ethnicity and deprivation have gaps at random.
- The parameters are in `truth.json` under `planted`.
"""


def build() -> dict[str, bytes]:
    """Return file name -> bytes of everything in this folder but this script."""
    registry = simulate_registry(RegistryAssumptions(), seed=SEED)
    files = {
        "episodes.csv": exported(registry.episodes).to_csv(index=False, lineterminator="\n"),
        "truth.json": registry.truth.to_json(),
        "README.md": readme(registry, RegistryAssumptions()),
    }
    return {name: text.encode("utf-8") for name, text in files.items()}


def exported(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return the episodes as a clinic's system would export them: yes and no, and one date for both questionnaires."""
    flags = {name: episodes[name].map({True: "yes", False: "no"}) for name in episodes.select_dtypes("bool")}
    return episodes.assign(**flags)[list(COLUMNS)]


def readme(registry: SimulatedRegistry, assumed: RegistryAssumptions) -> str:
    """Return the page that describes the folder."""
    better = assumed.better_from
    assert better is not None
    return README.format(
        clinics=assumed.clinics,
        therapists=assumed.therapists,
        episodes=len(registry.episodes),
        patients=registry.episodes["patient"].nunique(),
        years=assumed.years,
        seed=SEED,
        dictionary="\n".join(f"| `{name}` | {meaning} |" for name, meaning in COLUMNS.items()),
        how=registry.truth.how,
        change=registry.truth.change,
        complete=registry.truth.complete,
        truth=truth_table(registry.truth),
        better=registry.truth.clinics["clinic"][better.clinic - 1],
        better_by=better.effect,
        better_from=better.start,
        therapist_sd=assumed.variation.therapist_sd,
        clinic_sd=assumed.variation.clinic_sd,
        mean=assumed.improvement.mean,
        repeats=assumed.repeats,
        late=assumed.lost.late,
    )


def truth_table(truth: RegistryTruth) -> str:
    """Return the truth of each clinic as the rows of a table."""
    return "\n".join(
        f"| {row.clinic} | {row.planted} | {row.effect:.2f} | {row.effect_with_therapists:.2f} | {row.n} "
        f"| {row.change:.2f} | {row.standardised:.2f} | {row.complete:.0%} |"
        for row in truth.clinics.itertuples()
    )


if __name__ == "__main__":
    folder = Path(__file__).parent
    for file_name, raw in build().items():
        (folder / file_name).write_bytes(raw)
        print(f"{file_name}: {len(raw):,} bytes")
