"""The terms of the vocabularies that plans and tables use, from the files that the checks use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from coxa.cohort.dictionary import Field, load_table
from coxa.glossary.term import Term
from coxa.instruments import load_instrument
from coxa.instruments.measures import load_measures
from coxa.study.conditions import conditions
from coxa.study.delivery.components import components
from coxa.study.delivery.exercises import exercises

STATUSES = {
    "not_returned": "no return yet",
    "first_run": "the first run since the injury",
    "return_to_participation": "some training or sport, at a lower level than aimed at",
    "full_training": "training without limits",
    "return_to_sport": "back in the sport, not yet at the level before",
    "previous_level": "at the level of before the injury",
    "return_to_performance": "performance as before or better",
}
"""Status of return to sport -> what it means; the data dictionary has their order."""


RED_FLAGS = {
    "severe_pain": "severe or sharp pain",
    "night_pain": "pain at night or at rest that does not ease with a change of position",
    "unexplained_weight_loss": "loss of weight that was not intended",
    "fever": "fever, or feeling unwell as with an infection",
    "history_of_cancer": "cancer now or in the past",
    "trauma": "a fall or blow before the pain began",
    "inability_to_bear_weight": "standing or walking on the leg is not possible",
    "persistent_or_worsening": "symptoms that do not settle or get worse",
    "suspected_stress_fracture": "signs of a stress fracture, as of the femoral neck",
    "suspected_avascular_necrosis": "signs of avascular necrosis of the femoral head",
    "corticosteroid_use": "corticosteroids by mouth, now or for long in the past",
    "cauda_equina_signs": "saddle numbness, or loss of control of bladder or bowel",
    "progressive_neurological_deficit": "weakness or numbness that increases",
    "groin_mass": "a lump in the groin",
    "vascular_signs": "signs of poor blood flow: a cold or pale leg, missing pulses, swelling",
    "other": "another red flag",
}
"""Red flag -> what is asked, in coxa's own words; the data dictionary has the flags."""


def component_terms() -> Iterator[Term]:
    """Yield what arms deliver."""
    for code, one in components().items():
        part = f"; a part of {components()[one.part_of].label.lower()}" if one.part_of else ""
        meaning = f"{one.meaning}{part} ({one.kind})"
        yield Term(code, one.label, "component", meaning, one.source or "", "`delivers` of an arm")


def exercise_terms() -> Iterator[Term]:
    """Yield the exercises that arms prescribe."""
    for code, one in exercises().items():
        meaning = f"{one.kind.replace('_', '-')} exercise for {one.target}"
        yield Term(code, one.label, "exercise", meaning, "", "`delivery: exercises` of an arm")


def condition_terms() -> Iterator[Term]:
    """Yield the conditions."""
    for code, one in conditions().items():
        yield Term(code, one.label, "condition", one.meaning, "", "`conditions.condition`, `main_condition`")


def measure_terms() -> Iterator[Term]:
    """Yield the clinical measures with unit and measurement error."""
    for name, one in load_measures().items():
        error = one.error
        of_kind = {"sign": "a sign: 1 positive and 0 negative", "grade": f"a grade: {one.source}"}
        meaning = f"{one.label}, {of_kind.get(one.kind, f'in {one.unit}')}"
        if error is not None:
            meaning += f"; minimal detectable change {error.detectable:.3g}"
        yield Term(name, one.label, "clinical measure", meaning, error.source if error else "",
                   "`clinical_measures.measure`")  # fmt: skip


def level_terms(table: str, field: str, kind: str, meanings: dict[str, str] | None = None) -> Iterator[Term]:
    """Yield the levels of a field of a table."""
    one = load_table(table).fields[field]
    for level, label in one.levels.items():
        meaning = (meanings or {}).get(level, one.description)
        yield Term(level, label, kind, meaning, "", f"`{table}.{field}`")


def table_terms(table: str) -> Iterator[Term]:
    """Yield a table of the data dictionary and its fields."""
    known = load_table(table)
    yield Term(table, known.label, "table", f"one row: {known.one_row}", "", "`data: tables`")
    for field in known.fields.values():
        yield field_term(table, field)


def field_term(table: str, field: Field) -> Term:
    """Return a field of a table."""
    unit = f", in {field.unit}" if field.unit else ""
    label = field.name.replace("_", " ")
    levels = f": {', '.join(field.levels)}" if field.levels else ""
    meaning = f"{field.description}{unit}{levels}"
    return Term(field.name, label[:1].upper() + label[1:], "field", meaning, "", f"`{table}.{field.name}`")


def instrument_term(name: str) -> Term:
    """Return an instrument with its scales and range."""
    one = load_instrument(name)
    scales = "; ".join(
        f"{scale} {shown.low:g} to {shown.high:g}, {'higher' if shown.higher_is_better else 'lower'} is better"
        for scale in one.scales
        for shown in [one.scale(scale, next(iter(one.versions)))]
    )
    return Term(name, one.label, "instrument", scales, "; ".join(one.sources), "`instrument` of an outcome")


VOCABULARIES: dict[str, Callable[[], Iterator[Term]]] = {
    "components": component_terms,
    "exercises": exercise_terms,
    "conditions": condition_terms,
    "measures": measure_terms,
    "red_flags": lambda: level_terms("red_flag_screening", "flag", "red flag", RED_FLAGS),
    "return_to_sport": lambda: level_terms("return_to_sport", "status", "return to sport", STATUSES),
}
"""Name -> its terms; what a user can list with `coxa schema`."""
