"""Examples for the document: the shapes of data with a `data:` block each, and trials of clusters with `analyses:`."""

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
        "Some rows of a file: analysis data sets (ADaM), repeated rows, carried-forward values",
        "`where` keeps the rows that have a code, one of several codes, or a number or date in a range; the others are "
        "counted with the condition as their reason. `carried_forward` is a flag, or a column in which some codes mean "
        "it; such values are used, and named in the report.",
        """\
data:
  drop_identical_rows: true           # of rows that are the same in every column one is used
  tables:
    participants:
      file: adsl.xpt
      columns: {participant_id: USUBJID, arm: TRT01P}
      values: {arm: {A: usual_care, B: exercise}}
    assessments:
      file: adqs.xpt
      # the file's column: a code, codes, or a range
      where: {PARAMCD: [HOOSPAIN, HOOSADL], ANL01FL: Y, AVISITN: {from: 0, to: 12}}
      columns: {participant_id: USUBJID, visit: AVISITN, outcome: PARAMCD, value: AVAL, carried_forward: DTYPE}
      values:
        visit: {0: baseline, 12: week_12}
        outcome: {HOOSPAIN: pain, HOOSADL: function}
        carried_forward: {LOCF: yes, BOCF: yes}
""",
    ),
    DataExample(
        "A practice system: a row per episode of a patient, dates in several formats, totals of sessions",
        "`participant_id_from` joins the columns that together identify a participant. A date that two of the formats "
        "read differently is an error. `session_totals` takes the number of sessions attended instead of a row each.",
        """\
data:
  tables:
    participants:
      file: episodes.csv
      participant_id_from: [patient_no, episode]   # 1042 and 2 become 1042-2
      date_format: ["%Y-%m-%d", "%d/%m/%Y", "%d %b %Y"]
      columns: {arm: pathway, randomisation_date: start}
    session_totals:
      file: episodes.csv
      participant_id_from: [patient_no, episode]
      columns: {attended: sessions, planned: booked}
    assessments:
      file: episodes.csv
      participant_id_from: [patient_no, episode]
      outcomes: {pain: {baseline: nprs_start, week_12: nprs_end}}
""",
    ),
    DataExample(
        "Answers to the items of a questionnaire",
        "coxa scores them by the rule of the instrument (`coxa schema instruments`). `{item}` is an item.",
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
      forms: nearest_scored           # with dates instead of visits: the nearest form that gives a score
""",
    ),
    DataExample(
        "Answers with a column per item and visit, numbered items",
        "`{visit}` is the code of a visit. Where the form numbers its items 1, 2, 3 ... `item_numbers: true` "
        "takes them in the order of the instrument, and a note lists it. `values: value` recodes answers.",
        """\
data:
  tables:
    participants: {file: trial.sav, columns: {participant_id: id}}
    item_responses:
      file: trial.sav
      instrument: hoos
      columns: {participant_id: id}
      items: q{item}_{visit}          # q1_t0, q2_t0 ... q40_t1
      item_numbers: true
      values:
        visit: {t0: baseline, t1: week_12}
        value: {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}      # answers coded 1 to 5 for a 0 to 4 instrument
      dates: {baseline: date_t0, week_12: date_t1}
""",
    ),
    DataExample(
        "An export with a title and two header rows, percentages and a total row (Excel, CSV)",
        "Names in several rows are joined: `NPRS` below `Start` is `Start NPRS`. What lies above them is no row. A "
        "formula without a stored result is an error only in a row that is used.",
        """\
data:
  max_cells: 5_000_000                # a larger workbook than usual; 2 million cells unless given
  exclude_rows:
    - {file: export.xlsx, row: 176, because: the total row}
  tables:
    participants: {file: export.xlsx, header_row: [3, 4], columns: {participant_id: Patient No, arm: Episode Group}}
    assessments:
      file: export.xlsx
      header_row: [3, 4]
      percent: shown                  # a cell that shows 45% is 45; `stored` reads 0.45
      columns: {participant_id: Patient No}
      outcomes: {pain: {baseline: Start NPRS, week_12: End NPRS}}
      dates: {baseline: Episode From, week_12: Episode Until}
      missing: [n/a, open]            # a word without a digit holds for dates too
""",
    ),
    DataExample(
        "REDCap: rows of events and of repeated forms",
        "REDCap writes 0 for a checkbox at every event. `where` reads a table, `columns_where` one column, only in the "
        'rows that meet every condition; `""` is an empty cell.',
        """\
data:
  ignore_unlisted: true
  tables:
    participants:
      file: redcap.csv
      columns: {participant_id: record_id, arm: group, hypertension: comorb___1}
      columns_where: {hypertension: {redcap_event_name: baseline_arm_1, redcap_repeat_instrument: ""}}
      values: {arm: {0: usual_care, 1: exercise}}
    assessments:
      file: redcap.csv
      where: {redcap_repeat_instrument: ""}
      columns: {participant_id: record_id, visit: redcap_event_name}
      values: {visit: {baseline_arm_1: baseline, 12_weeks_arm_1: week_12}}
      outcomes: {pain: pain}
""",
    ),
)


@dataclass(frozen=True, slots=True)
class ClusterExample:
    """A kind of trial: its name, what is special about it, and the keys of the plan that say so."""

    title: str
    text: str
    yaml: str


CLUSTER_EXAMPLES = (
    ClusterExample(
        "Therapists in some arms only (partially nested trial)",
        "Participants of two arms have a therapist, those of usual care have none. Outcomes of participants of one "
        "therapist are more alike than others, and the treated arms carry that uncertainty, the reference arm does "
        "not. Usual care is analysed without the factor; its column is empty there. A participant of a treated arm "
        "without a therapist is left out and listed; a therapist of a participant of usual care is reported, and not "
        "used. With `by_arm` the therapists may differ more in one arm than in the other. The participants table says "
        "which column holds them: `columns: {therapist_id: therapist}`.",
        """\
design: parallel
analyses:
  primary: {estimand: primary, model: mmrm, adjust: [baseline * visit]}
  therapists:
    estimand: primary
    role: sensitivity
    model: mmrm
    adjust: [baseline * visit]
    random:
      therapist_id: {only_in: [exercise, manual_therapy], by_arm: true}
    relaxes: independent outcomes of participants of the same therapist
""",
    ),
    ClusterExample(
        "Clinics allocated to arms (cluster trial)",
        "Whole clinics were randomised, so that the primary analysis must have a random effect of the clinic. What "
        "counts is the number of clinics, not of participants: where it leaves a planned comparison fewer than 4 "
        "degrees of freedom (with two arms, fewer than six clinics), the run stops. `few_clusters: accept` keeps "
        "the analysis, with the warning at every such number. Analyses that cannot have the effect (ancova, "
        "proportions) are possible in other roles, and say that they ignore the clusters.",
        """\
design: cluster
analyses:
  primary:
    estimand: primary
    model: mmrm
    adjust: [baseline * visit]
    random: {site_id: {}}
    ddf: kenward-roger
    few_clusters: refuse              # the default; accept lets an analysis with fewer than 4 df stand
""",
    ),
)
