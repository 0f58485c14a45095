"""A plan of a meta-analysis from the presets: exercise against no exercise, of one outcome."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from coxa.errors import CoxaError, OptionError, check_option
from coxa.meta.review.preset_figures import preset_figures
from coxa.simulate.presets import preset, preset_names
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import components
from coxa.study.pool.studies import PooledStudy, PresetFigures

PROPOSED = ("md", "smd", "rr", "or", "rd")


def propose_pool(word: str, outcome: str, measure: str = "smd") -> str:
    """Return a plan that pools the presets of a topic: arms that deliver exercise against arms that do not.

    Parameters
    ----------
    word
        In the title or the name of a preset, such as "hip".
    outcome
        In the name or the label of an outcome, such as "pain".
    measure
        "smd", "md", "rr", "or" or "rd".

    Returns
    -------
    str
        The plan as YAML, to be read by `coxa.study.read_pool` and to be edited. Trials of the topic that are not
        pooled are in it with the reason.

    Raises
    ------
    OptionError
        No preset is of the topic, or none has the figures.

    Examples
    --------
    >>> print(propose_pool("hip", "pain").splitlines()[1])
    title: 'Exercise or no exercise: pain, presets on hip'
    """
    check_option("measure", measure, PROPOSED)
    found = [name for name in preset_names() if word.lower() in f"{name} {preset(name).title}".lower()]
    if not found:
        raise OptionError(f"No preset has '{word}' in its name or title. `coxa presets` lists them.")
    studies, excluded = dict[str, Any](), dict[str, Any]()
    for name in found:
        key = name.replace("-", "_")
        comparisons, reason = _comparisons(name, outcome, measure)
        if comparisons:
            several = len(comparisons) > 1
            for asked, label in comparisons:
                place = f"{key}_{asked.arm}" if several else key
                studies[place] = _written(asked, label, key if several else None)
        else:
            excluded[key] = {"label": _trial(preset(name)), "reason": reason}
    if not studies:
        told = "; ".join(f"{one['label']}: {one['reason']}" for one in excluded.values())
        raise OptionError(f"No preset on {word} has figures of {outcome} for `{measure}`. {told}.")
    plan = {
        "pool": f"{_identifier(word)}-{_identifier(outcome)}",
        "title": f"Exercise or no exercise: {outcome}, presets on {word}",
        "question": {
            "population": f"participants of trials on {word}",
            "intervention": "exercise of any kind, alone or with other care",
            "comparator": "an arm without exercise",
            "time": "the last assessment with figures",
        },
        "outcome": {"label": outcome.capitalize(), "measure": measure, "higher_is_better": _good(outcome, measure)},
        "arms": ["Exercise", "No exercise"],
        "studies": studies,
        **({"excluded": excluded} if excluded else {}),
        "process": {
            "eligibility": f"presets of coxa on {word} with an arm that delivers exercise and one that does not",
            "sources": "the presets of coxa (docs/presets.md); no search of databases was made",
        },
    }
    text = StringIO()
    writer = YAML()
    writer.width = 110
    writer.dump(plan, text)
    return text.getvalue()


def _comparisons(name: str, outcome: str, measure: str) -> tuple[list[tuple[PresetFigures, str]], str]:
    """Return the comparisons of a preset that can be pooled, with their labels; or why there is none."""
    plan = preset(name)
    exercised = [arm for arm in plan.arms if _exercises(plan, arm)]
    others = [arm for arm in plan.arms if arm not in exercised]
    if not exercised or not others:
        return [], "every arm delivers exercise" if exercised else "no arm delivers exercise"
    outcomes = [each for each in plan.outcomes if outcome.lower() in f"{each} {plan.label('outcomes', each)}".lower()]
    if not outcomes:
        return [], f"no outcome on {outcome}"
    reasons = []
    for each in outcomes:
        kept = []
        for arm in exercised:
            for against in _references(plan, others):
                asked = PresetFigures(name=name, outcome=each, arm=arm, against=against)
                try:
                    preset_figures(PooledStudy(preset=asked), measure)
                except CoxaError as error:
                    reasons.append(str(error).split(". Give ")[0].split(" Left out")[0].rstrip("."))
                    continue
                kept.append((asked, _trial(plan)))
                break
        if kept:
            several = len(kept) > 1
            return [(one, f"{label}: {plan.label('arms', one.arm)}" if several else label) for one, label in kept], ""
    return [], reasons[0]


def _references(plan: ComparativeStudy, others: list[str]) -> Iterator[str]:
    """Yield arms without exercise, the reference of the trial first."""
    yield from sorted(others, key=lambda arm: not plan.arms[arm].reference)


def _exercises(plan: ComparativeStudy, arm: str) -> bool:
    return any(components()[code].exercise for code in plan.arms[arm].delivers)


def _written(asked: PresetFigures, label: str, trial: str | None) -> dict[str, Any]:
    plan = preset(asked.name)
    arms = f"{plan.label('arms', asked.arm)} against {plan.label('arms', asked.against).lower()}"
    return {
        "label": label,
        **({"trial": trial} if trial else {}),
        "preset": asked.model_dump(exclude_none=True),
        "context": f"{arms}. {plan.title}",
    }


def _trial(plan: ComparativeStudy) -> str:
    return plan.source.trial if plan.source else plan.title


def _good(outcome: str, measure: str) -> bool:
    """Say whether more of an outcome is better: not of pain and its like, unless they are counted as improved."""
    return measure in ("rr", "or", "rd") or not any(word in outcome.lower() for word in ("pain", "stiff", "disab"))


def _identifier(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower()).strip("-") or "review"
