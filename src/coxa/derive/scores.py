"""Values of outcomes that are worked out, from item responses or other tables, added to the assessments."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.arguments import kinds
from coxa.cohort.cohort import COHORT, Cohort
from coxa.cohort.form_rows import one_row_per_form
from coxa.derive.once import once
from coxa.derive.sources import sourced_values, without_values
from coxa.findings import Finding, Findings
from coxa.instruments import score
from coxa.study.scales import scale_name

KEYS = ["participant_id", "visit"]


@kinds(cohort=COHORT)
@once
def derive_scores(cohort: Cohort) -> tuple[pd.DataFrame, Findings]:
    """Return the assessments with a row for every value that other tables give; a cohort is scored once.

    Parameters
    ----------
    cohort
        Checked tables. Outcomes of the plan that name an instrument are scored from `item_responses`, with the
        plan's version and missing-item rule; those with a `source` are worked out from its table.

    Returns
    -------
    assessments : DataFrame
        participant_id, visit, outcome, value, dates and lineage; `source_table` tells scores from values that
        were recorded as such.
    findings : Findings
        Questionnaires without a score and visits without a value, with the reason; recorded values that differ
        from what was worked out.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> assessments, findings = derive_scores(coxa.read_cohort(trial.study, trial.tables))
    >>> assessments["outcome"].unique().tolist(), len(findings)
    (['womac'], 0)
    """
    recorded = cohort.table("assessments").assign(source_table="assessments")
    recorded = recorded.reindex(columns=[*dict.fromkeys([*recorded, *KEYS, "outcome", "value"])])
    items = cohort.table("item_responses")
    found = [*(_score_outcomes(cohort, items) if len(items) else ()), *sourced_values(cohort)]
    scored = [frame for frame in found if len(frame)]
    if not scored:
        return recorded, Findings.of(without_values(cohort, recorded))
    scores = pd.concat(scored, ignore_index=True)
    findings = Findings.of(without_values(cohort, scores)) + Findings.of(_without_score(scores))
    scores = scores[scores["value"].notna()]
    findings += Findings.of(_disagreements(recorded, scores))
    if recorded.empty:
        return scores, findings
    keys = [*KEYS, "outcome"]
    doubled = pd.MultiIndex.from_frame(recorded[keys]).isin(pd.MultiIndex.from_frame(scores[keys]))
    return pd.concat([recorded[~doubled], scores], ignore_index=True), findings


def _score_outcomes(cohort: Cohort, items: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the scores of each outcome whose instrument has items, with the lineage of its form.

    A form has one date (`choose_forms`, `check_forms`), though not every row of it may carry it.
    """
    answers = {str(name): _of_instrument(items, name) for name in items["instrument"].dropna().unique()}
    first = form_rows(cohort)
    forms = {name: _forms(first[first["instrument"] == name]) for name in answers}
    scored: dict[tuple[str, str | None, str | None], pd.DataFrame] = {}
    outcomes = {name: outcome for name, outcome in cohort.study.outcomes.items() if outcome.instrument in answers}
    for name, outcome in outcomes.items():
        assert outcome.instrument is not None
        way = (outcome.instrument, outcome.rule, outcome.version)
        if way not in scored:
            alike = [other for other in outcomes.values() if (other.instrument, other.rule, other.version) == way]
            scored[way] = score(
                answers[outcome.instrument],
                outcome.instrument,
                rule=outcome.rule,
                version=outcome.version,
                scales=list(dict.fromkeys(map(scale_name, alike))),
            ).astype(dict.fromkeys(KEYS, "str"))
        found = scored[way]
        yield (
            found.loc[found["scale"] == scale_name(outcome), [*KEYS, "value", "reason"]]
            .merge(forms[outcome.instrument], on=KEYS, how="left", validate="one_to_one")
            .assign(outcome=name, source_table="item_responses")
        )


@once
def form_rows(cohort: Cohort) -> pd.DataFrame:
    """Return the item responses of a cohort with one row for all answers of a form."""
    return one_row_per_form(cohort.table("item_responses"))


def _of_instrument(items: pd.DataFrame, name: object) -> pd.DataFrame:
    """Return the answers to one instrument; all of them, uncopied, where there is no other."""
    mine = items["instrument"] == name
    return items if mine.all() else items[mine]


def _forms(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the participant and visit of each form with its lineage, that of its first answer in the file."""
    lineage = [name for name in ("assessment_date", "study_day", "source_file", "source_row") if name in answers]
    ordered = answers.sort_values("source_row")
    forms = ordered.groupby(KEYS, sort=False, observed=True)[lineage].first().reset_index()
    return forms.astype({**dict.fromkeys(KEYS, "str"), "source_row": "int64"})


def _without_score(scores: pd.DataFrame) -> Iterator[Finding]:
    """Yield one warning per outcome, visit and reason for which there is no value."""
    none = scores[scores["value"].isna()]
    for (outcome, visit, reason), rows in none.groupby(["outcome", "visit", "reason"], observed=True):
        table = str(rows["source_table"].iloc[0])
        if table == "item_responses":
            rule = f"the questionnaire has too few answers for a score at {visit}: {reason}"
            remedy = "The score is missing. Enter the items if they are on paper."
        else:
            rule = f"there is no value at {visit}: {reason}"
            remedy = "The value is missing. Correct the rows of the participant, or the `source` of the outcome."
        yield Finding(
            "warning", table, rule, remedy, row=int(rows["source_row"].min()), field=str(outcome), n_rows=len(rows)
        )


def _disagreements(recorded: pd.DataFrame, scores: pd.DataFrame) -> Iterator[Finding]:
    """Yield one warning per outcome whose recorded values differ from what was worked out."""
    if recorded.empty:
        return
    both = recorded.merge(scores, on=[*KEYS, "outcome"], suffixes=("_recorded", "_scored"))
    differ = both[(both["value_recorded"] - both["value_scored"]).abs() > 0.05]
    for outcome, rows in differ.groupby("outcome"):
        first = rows.iloc[0]
        of_items = first["source_table_scored"] == "item_responses"
        what, origin = ("score", "items") if of_items else ("value", f"rows of {first['source_table_scored']}")
        yield Finding(
            "warning",
            "assessments",
            f"the recorded {what} differs from that of its {origin} ({origin} give {first['value_scored']:.1f})",
            f"The {what} from the {origin} is used. Correct the recorded one.",
            row=int(first["source_row_recorded"]),
            participant_id=first["participant_id"],
            field=str(outcome),
            value=f"{first['value_recorded']:.1f}",
            n_rows=len(rows),
        )
