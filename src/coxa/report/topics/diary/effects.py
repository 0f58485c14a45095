"""Table of the models of days: what moves with pain or flares within participants, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.diary_models import PARTS, DiaryEffects, fit_diary_model
from coxa.cohort.cohort import Cohort
from coxa.derive.diary_rows import diary_rows
from coxa.derive.once import once
from coxa.errors import CoxaError
from coxa.report.topics.diary.words import column_label, effect_label
from coxa.study import Study
from coxa.study.diary import FLARE, DiaryModel, diary_of
from coxa.study.parts import label_of
from coxa.tables.formats import cell, counted
from coxa.tables.prose import Text, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

REPORTED = {"within": "Within participants", "between": "Between participants"}


@once
def model_effects(cohort: Cohort, name: str) -> DiaryEffects | CoxaError:
    """Return what a model of `diary: models` found, or why it has no numbers; a model is fitted once."""
    try:
        return fit_diary_model(diary_of(cohort.study.diary).models[name], diary_rows(cohort, name))
    except CoxaError as error:
        return error


def model_name(name: str, model: DiaryModel) -> str:
    """Return the label of a model, or what it is about."""
    if model.label:
        return model.label
    outcome = "Beginning of a flare" if model.outcome == FLARE else column_label(model.outcome)
    return f"{outcome} ({label_of(name, model)[:1].lower()}{label_of(name, model)[1:]})"


def effects_table(study: Study, name: str, effects: DiaryEffects) -> Table:
    """Return the effects of a model of days: a row for each column asked about.

    Parameters
    ----------
    study
        The plan.
    name
        One of its models of days.
    effects
        What it found.
    """
    model = diary_of(study.diary).models[name]
    by_part = effects.effects.set_index(["column", "part"])
    rows = []
    for column in dict.fromkeys(effects.effects["column"]):
        cells: list[Cell] = []
        for part in PARTS:
            one = by_part.loc[(column, part)]
            at = Statistic(analysis=f"diary {name}", term=f"{column} {part}")
            values = {key: float(one[key]) for key in ("estimate", "conf_low", "conf_high")}
            cells += [cell("two_decimals_interval", values, at), cell("p_value", {"p_value": one["p_value"]}, at)]
        rows.append(Row(effect_label(column, float(by_part.loc[(column, "within"), "per"])), tuple(cells)))
    what = "Odds ratio (95% CI)" if effects.ratios else "Difference (95% CI)"
    columns = tuple(Column(label, spanner=REPORTED[part]) for part in PARTS for label in (what, "p"))
    return Table(identifier("diary-model", name), f"{model_name(name, model)}: what moves with it from day to day",
                 "Column of the diary", columns, (RowGroup("", tuple(rows)),),
                 tuple(map(Footnote, _notes(study, name, model, effects))))  # fmt: skip


def _notes(study: Study, name: str, model: DiaryModel, effects: DiaryEffects) -> Iterator[Text]:
    at = f"diary {name}"
    behind = prose(counted(effects.n_participants, at, "participants behind"), " participants, ")
    days = f"{effects.n_days} days"
    yield prose(behind, f"{days} on which a flare could begin." if effects.ratios else f"{days}.")
    if effects.events is not None:
        yield prose("Flares among them: ", counted(effects.events, at, "flares behind"), ".")
    yield (
        "Within participants: a day against the other days of the same participant. Between participants: the means of "
        "participants against each other. The two are different questions and may have opposite signs."
    )
    arms = len(study.groups) > 1
    over_time = f"{study.words.arm}, week" + (" and their product" if not effects.ratios else "") if arms else "week"
    if effects.ratios:
        yield (
            f"Logistic model by generalised estimating equations with {over_time}, Kauermann and Carroll's variance "
            "over participants."
        )
    else:
        own = "intercepts and slopes" if model.slopes else "intercepts"
        yield (
            f"Linear mixed model with {over_time}, random {own} of participants, days nearer to each other more alike; "
            "Satterthwaite's degrees of freedom."
        )
    yield (
        "An association from one day to the next is no effect: whoever is in pain may train less on the next day, and "
        "what changes over the study moves with everything that does."
    )
