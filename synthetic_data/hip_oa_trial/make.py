"""Make the files of this folder: `python -m synthetic_data.hip_oa_trial.make`. Same seed, same bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.simulate import Truth
from synthetic_data.hip_oa_trial.simulator.design import HipOADesign
from synthetic_data.hip_oa_trial.simulator.trial import simulate_hip_oa_trial

SEED = 2025
N_PER_ARM = 63

FILES = {
    "participants": "one row per participant randomised",
    "screening": "one row per person assessed for eligibility",
    "items": "one row per HOOS form filled in, wide; codes 0 (best) to 4 (worst), empty if not answered",
    "assessments": "one row per visit that took place",
    "sessions": "one row per planned treatment session",
    "events": "one row per intercurrent event",
    "adverse_events": "one row per adverse event, flare of symptoms, or soreness after a session",
    "co_interventions": "one row per treatment beside those of the trial",
}

COLUMNS = {
    "participant_id": "identifier, in order of enrolment",
    "screening_id": "number in the screening log, in order of assessment",
    "screened_on": "date of the assessment for eligibility",
    "site": "north, river or south",
    "therapist": "treating therapist, N1 to S3; empty under usual care",
    "arm": "arm allocated: usual_care, exercise, manual_therapy",
    "arm_received": "arm whose treatment was received",
    "randomised_on": "date of randomisation, study day 0",
    "age": "years at randomisation",
    "sex": "F or M",
    "bmi": "body mass index, kg/m2",
    "duration_months": "duration of symptoms, months",
    "left_on": "date on which follow-up stopped; empty if it did not",
    "left_why": "why it stopped",
    "stopped_on": "date on which treatment was stopped before its planned end; empty if it was not",
    "stopped_why": "why it was; empty if that was not recorded",
    "eligible": "met the criteria, yes or no",
    "consented": "agreed to take part, yes or no; empty if not asked",
    "reason": "why the person did not take part; empty for participants, and if it was not given",
    "week": "planned visit: 0 (baseline), 6, 12, 26, 52",
    "date": "date of the visit, session or event",
    "hoos_s1 ... hoos_s5": "HOOS symptoms and stiffness",
    "hoos_p1 ... hoos_p10": "HOOS pain",
    "hoos_a1 ... hoos_a17": "HOOS function in daily living",
    "hoos_sp1 ... hoos_sp4": "HOOS sport and recreation",
    "hoos_q1 ... hoos_q4": "HOOS quality of life",
    "pain_0_10": "pain rating, 0 (none) to 10; -9 asked, not answered",
    "session": "number of the session within the participant",
    "setting": "supervised or home",
    "attended": "yes or no",
    "minutes": "duration in minutes; empty if not attended",
    "components": "what was planned, joined by `;`",
    "pain_during": "pain during the session, 0 to 10",
    "event": "hip_surgery or new_injection",
    "number": "number of the event within the participant",
    "kind": "adverse_event, flare or soreness; of a co-intervention analgesic, physiotherapy, exercise and others",
    "term": "what happened",
    "severity": "mild, moderate or severe",
    "serious": "yes or no",
    "related": "relation to the study treatment",
    "expected": "yes if the protocol names it as an expected effect",
    "fidelity": "share of the session's protocol that was delivered, per cent; empty if not rated",
    "fidelity_source": "how it was rated: from a recording",
    "co_intervention": "what it was",
    "study_hip": "yes if it was for the hip that is studied",
}

README = """# Synthetic hip osteoarthritis trial

Made up by a computer; no row stems from a person. Three arms (usual care, exercise, manual therapy), {n_per_arm}
participants each, three sites, five visits over a year. HOOS item numbers only; the wording belongs to its owner.

Made by `python -m synthetic_data.hip_oa_trial.make` with seed {seed} (`simulator/`), which
also wrote this page. A test rebuilds every file and compares the bytes. The analysis is in
`analyses/hip_oa_trial`.

## Data dictionary

{dictionary}

## Planted truth

{how}.
A new injection follows treatment policy throughout; `primary`, `pain_over_time`, `function` and `pain_intensity` are
values in a world without hip surgery, `pain_treatment_policy` takes them as they are after it, and for
`pain_responders` (improvement of 10 points or more) nobody is a responder after it. HOOS scales: higher is better.
Pain intensity: lower is better. The estimates of one trial of this size scatter around these values.

{truth}

## How the data came about

- The screening log has fixed numbers of people who were not eligible, declined, or were not reached; each was assessed
  at the clinic and about the time of a participant.
- HOOS pain starts at {pain_baseline:g} (SD {pain_sd:g} before the noise of the items). All arms improve, under usual
  care too ({pain_usual:g} points at week 12).
- Outcomes correlate {between:g} with each other at a visit, and {near:g} falling towards {far:g} between visits.
- Age, sex, body mass index, duration of symptoms and site shift every outcome a little. There is no therapist effect.
- {declined:.0%} of those allocated to an active arm do not start it and get usual care (`arm_received`).
- Dropout, hip surgery and new injections are the likelier, the worse the last recorded HOOS pain was; nothing else
  drives them, so given the recorded pain the missing pain scores are missing at random.
- Who came to none of the last quarter of the planned sessions has stopped treatment, on the day of the last session
  attended; follow-up may go on.
- Hip surgery raises the outcomes lastingly, an injection for some weeks.
- Single visits ({missed:.1%}), forms ({form:.1%}), pages and items are missing at random; at baseline no visit and no
  page, but here and there a form.
  Some visits take place after their window ({late:.1%}).
- An item's code is its expected code rounded up or down at random, so that the score is on average exactly the score
  that was meant.
- The parameters are in `truth.json` under `planted`; those of adverse events, soreness, fidelity and co-interventions
  are in `synthetic_data.hip_oa_trial.simulator`.
"""


def build() -> dict[str, bytes]:
    """Return file name -> bytes of everything in this folder but this script."""
    tables, truth = simulate_hip_oa_trial(SEED, N_PER_ARM)
    files = {f"{name}.csv": frame.to_csv(index=False, lineterminator="\n") for name, frame in tables.items()}
    files["truth.json"] = truth.to_json()
    files["README.md"] = readme(tables, truth, HipOADesign())
    return {name: text.encode("utf-8") for name, text in files.items()}


def readme(tables: dict[str, pd.DataFrame], truth: Truth, design: HipOADesign) -> str:
    """Return the page that describes the folder."""
    pain = design.outcomes[design.outcome("pain")]
    return README.format(
        n_per_arm=N_PER_ARM,
        seed=SEED,
        dictionary="\n\n".join(table_section(name, frame) for name, frame in tables.items()),
        how=truth.how,
        truth=truth_table(truth),
        pain_baseline=pain.baseline,
        pain_sd=pain.sd[0],
        pain_usual=pain.usual[2],
        between=design.between_outcomes,
        near=design.near,
        far=design.far,
        declined=design.declined,
        missed=design.missed_visit,
        form=design.lost_form,
        late=design.off_window,
    )


def table_section(name: str, frame: pd.DataFrame) -> str:
    """Return the dictionary of one file."""
    covers = {word: word.split(" ... ")[0] for word in COLUMNS}
    rows = [f"| `{word}` | {COLUMNS[word]} |" for word, first in covers.items() if first in frame]
    head = f"### {name}.csv\n\n{FILES[name]}; {len(frame)} rows.\n\n| column | meaning |\n| --- | --- |\n"
    return head + "\n".join(rows)


def truth_table(truth: Truth) -> str:
    """Return the true values as a table."""
    lines = ["| estimand | outcome | visit | arm against usual_care | true difference | Monte Carlo error |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for value in truth.values:
        digits = 4 if value.measure == "responder" else 3
        lines.append(
            f"| {value.estimand} | {value.outcome}, {value.measure} | {value.visit} | {value.arm} "
            f"| {value.value:.{digits}f} | {value.monte_carlo_error:.{digits}f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    folder = Path(__file__).parent
    for file_name, raw in build().items():
        (folder / file_name).write_bytes(raw)
        print(f"{file_name}: {len(raw):,} bytes")
