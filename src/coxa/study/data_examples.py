"""The shapes of data that a study file can describe, each with an example of its `data:` block."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataExample:
    """A shape of data: its name, what a row is, and the block that describes it."""

    title: str
    text: str
    yaml: str


EXAMPLES = (
    DataExample(
        "Long: one row per participant, visit and outcome",
        "A column says which outcome, another its value. Columns and codes that have coxa's names need no line.",
        """\
data:
  folder: data                        # relative to the study file
  tables:
    participants: {file: participants.csv}
    assessments:
      file: assessments.csv
      columns: {value: score, assessment_date: date}   # coxa's column: the file's column
      values:                         # coxa's column: {the file's code: coxa's word}
        visit: {T0: baseline, T1: week_12}
        outcome: {PAIN: pain}
""",
    ),
    DataExample(
        "One row per visit, outcomes side by side",
        "One file may serve several tables. `baselines` names columns that repeat the baseline value on every row.",
        """\
data:
  missing: [999]                      # codes that mean missing, in every table
  tables:
    participants:
      file: visits.csv
      columns: {participant_id: id, arm: group}
      values: {arm: {0: usual_care, 1: exercise}}
    assessments:
      file: visits.csv
      columns: {participant_id: id, visit: week}
      values: {visit: {12: week_12}}
      outcomes: {pain: PAIN}          # outcome: its column
      baselines: {pain: PAIN_0}       # outcome: the column with its baseline value
""",
    ),
    DataExample(
        "One row per participant, visits side by side (Excel)",
        "The wide file of most spreadsheets. `decimal` and `date_format` are for numbers and dates kept as text. "
        "`missing_when` is for a false value that other columns give away.",
        """\
data:
  ignore_unlisted: true               # columns that are not named here are left out without a note
  tables:
    participants:
      file: export.xlsx
      sheet: Patients                 # the first sheet, if not named
      decimal: ","
      date_format: "%d.%m.%Y"
      columns: {participant_id: ID, arm: Group, age: Age, randomisation_date: Randomised}
      values: {arm: {A: usual_care, B: exercise}}
    assessments:
      file: export.xlsx
      sheet: Patients
      decimal: ","
      date_format: "%d.%m.%Y"
      columns: {participant_id: ID}
      outcomes: {pain: {baseline: PAIN_T0, week_12: PAIN_T1}}   # outcome: {visit: column}
      dates: {baseline: DATE_T0, week_12: DATE_T1}              # visit: column with its date
      missing: [999]
      missing_when:
        - {column: PAIN_T1, equals: 0, when_missing: DATE_T1, because: no visit; 0 was filled in}
""",
    ),
    DataExample(
        "One row per participant (SPSS, Stata, SAS)",
        "As for Excel. Missing codes that the file declares are honoured; its value labels can be mapped like codes.",
        """\
data:
  tables:
    participants:
      file: export.sav
      columns: {participant_id: id, arm: group}
      values: {arm: {Control: usual_care, Intervention: exercise}}   # the file's value labels, or its codes
    assessments:
      file: export.sav
      columns: {participant_id: id}
      outcomes: {pain: {baseline: pain_t0, week_12: pain_t1}}
""",
    ),
    DataExample(
        "A value that holds for every row of a file",
        "`constants` gives a field that the file has no column for, such as the visit of a file of one visit.",
        """\
data:
  tables:
    participants: {file: participants.csv}
    assessments:
      file: week_12.csv
      constants: {visit: week_12}     # coxa's column: the value
      outcomes: {pain: PAIN}
      baselines: {pain: PAIN_0}
""",
    ),
    DataExample(
        "Answers to the items of a questionnaire",
        "coxa scores them by the rule of the instrument (`coxa schema instruments`). `{item}` stands for an item.",
        """\
data:
  tables:
    participants: {file: participants.csv}
    item_responses:
      file: items.csv
      instrument: hoos
      items: hoos_{item}              # hoos_p1, hoos_p2 ...; or item by item: {p1: Q12, p2: Q13}
      columns: {visit: week}
      values: {visit: {0: baseline, 12: week_12}}
""",
    ),
)
