"""What a plan says of an arm's delivery, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coxa.study.delivery.arm import Delivery, Prescription
from coxa.study.delivery.exercises import exercises

CHOICES = {
    "individual": "one at a time",
    "group": "in groups",
    "individual_and_group": "one at a time and in groups",
    "supervised": "supervised",
    "unsupervised": "not supervised",
    "both": "supervised and not supervised",
    "generic": "the same for all",
    "tailored": "tailored to the participant",
}
AROUND = {
    "sessions": "{} session{s}",
    "minutes": "{} minute{s} a session",
    "weeks": "over {} week{s}",
    "per_week": "{} a week",
    "home_per_week": "{} session{s} a week at home",
    "home_minutes": "{} minute{s} each at home",
    "pain_limit": "pain up to {} of 10 accepted",
}
LOADS = {
    "percent_1rm": "% of 1RM",
    "rm": "RM",
    "kg": "kg",
    "band": "band",
    "bodyweight": "body weight",
    "water": "in water",
}


def delivery_words(delivery: Delivery, keys: Iterable[str], *, doses: bool = False) -> str:
    """Return what the plan says under some keys of `delivery`; empty where it says nothing.

    Parameters
    ----------
    delivery
        How an arm is delivered.
    keys
        Keys of it, in order.
    doses
        True: of exercises the doses, and nothing of those without; false: which exercises there are.

    Examples
    --------
    >>> given = Delivery(sessions=12, minutes=(45, 60), exercises=[{"exercise": "leg_press", "sets": 3}])
    >>> delivery_words(given, ["sessions", "minutes", "weeks"])
    '12 sessions; 45 to 60 minutes a session'
    >>> delivery_words(given, ["exercises"]), delivery_words(given, ["exercises"], doses=True)
    ('Leg press', 'Leg press: 3 sets')
    """
    return "; ".join(text for key in keys for text in _key_words(delivery, key, doses))


def _key_words(delivery: Delivery, key: str, doses: bool) -> Iterator[str]:
    value = getattr(delivery, key)
    if value is None:
        return
    if key == "exercises":
        yield from filter(None, (_dose(one) if doses else _exercise(one) for one in value))
    elif key == "attended":
        yield f"{value:.0%} of sessions attended"
    elif key in AROUND:
        yield AROUND[key].format(_span(value), s="" if value == 1 else "s")
    else:
        yield CHOICES.get(value, str(value)) if key in ("mode", "supervision", "tailoring") else str(value)


def _span(value: float | tuple[float, float]) -> str:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"


def _exercise(one: Prescription) -> str:
    more = [one.target, one.stage, one.position, f"side: {one.side}" if one.side else None]
    if one.supervised is not None:
        more.append("supervised" if one.supervised else "at home")
    said = ", ".join(text for text in more if text)
    return exercises()[one.exercise].label + (f" ({said})" if said else "")


def _dose(one: Prescription) -> str:
    """Return "Leg press: 3 sets, 8 to 12 repetitions, 12 to 8 RM"; empty where no dose is given."""
    parts = [
        f"{_span(value)} {unit}"
        for value, unit in (
            (one.sets, "sets"),
            (one.reps, "repetitions"),
            (one.hold_s, "s held"),
            (one.rest_s, "s of rest"),
            (one.minutes, "minutes"),
        )
        if value is not None
    ]
    parts += [f"tempo {one.tempo}"] if one.tempo else []
    parts += [_load(one)] if one.load is not None or one.load_type is not None else []
    parts += [f"effort {_span(one.effort)} of 10"] if one.effort is not None else []
    parts += [f"{_span(one.per_week)} a week"] if one.per_week is not None else []
    return f"{exercises()[one.exercise].label}: {', '.join(parts)}" if parts else ""


def _load(one: Prescription) -> str:
    unit = LOADS[one.load_type] if one.load_type else ""
    if one.load is None:
        return unit
    return f"{one.load if isinstance(one.load, str) else _span(one.load)} {unit}".strip()
