"""Where the parts that any plan has disagree: visits, outcomes, tables of data, what the report shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from coxa.errors import CoxaError
from coxa.study.base import Problem, known
from coxa.study.checks.covariate_sources import source_problems
from coxa.study.checks.measurement import measurement_problems
from coxa.study.diary import diary_problems
from coxa.study.important import report_problems
from coxa.study.plan import Study, baseline_candidates
from coxa.study.scales import outcome_scale


def shared_problems(study: Study) -> Iterator[Problem]:
    """Yield every disagreement between the parts that any plan has."""
    baselines = baseline_candidates(study.visits)
    if len(baselines) != 1:
        yield Problem(
            ("visits",),
            f"{len(baselines)} visits are the baseline in place of one; give one visit `day: 0` or mark "
            "it with `baseline: true`",
        )
    yield from _window_problems(study)
    yield from _outcome_problems(study)
    yield from source_problems(study)
    yield from _data_problems(study)
    yield from diary_problems(study.diary, study.covariates, study.groups)
    yield from measurement_problems(study)
    yield from known(
        study.report.baseline_table,
        [*study.covariates, *study.outcomes],
        "covariate or outcome",
        ("report", "baseline_table"),
    )
    found = report_problems(study.report, study.outcomes, study.covariates)
    yield from (Problem(("report", *path), message) for path, message in found)


def _window_problems(study: Study) -> Iterator[Problem]:
    windows = sorted(
        (visit.day + visit.window[0], visit.day + visit.window[1], name)
        for name, visit in study.visits.items()
        if visit.window
    )
    for (_, end, first), (start, _, second) in pairwise(windows):
        if start <= end:
            yield Problem(
                ("visits", second, "window"),
                f"windows of {first} and {second} overlap on days {start} to {end}; narrow one of them",
            )


def _outcome_problems(study: Study) -> Iterator[Problem]:
    for name, outcome in study.outcomes.items():
        try:
            outcome_scale(outcome)
        except CoxaError as error:
            yield Problem(("outcomes", name), str(error))


def _data_problems(study: Study) -> Iterator[Problem]:
    if study.data is None:
        return
    for required in ("participants", "assessments"):
        recorded = [outcome for outcome in study.outcomes.values() if outcome.source is None]
        measured = bool(recorded) and "item_responses" not in study.data.tables
        needed = required == "participants" or measured
        if needed and required not in study.data.tables:
            yield Problem(("data", "tables"), f"table `{required}` is missing; name the file that holds it")
    for name, outcome in study.outcomes.items():
        if outcome.source is not None and outcome.source.table not in study.data.tables:
            yield Problem(
                ("outcomes", name, "source"),
                f"table `{outcome.source.table}` is not among the data; name its file under `data: tables:`",
            )
    for table, source in study.data.tables.items():
        at = ("data", "tables", table)
        yield from known(source.outcomes, study.outcomes, "outcome", (*at, "outcomes"))
        yield from known(source.baselines, study.outcomes, "outcome", (*at, "baselines"))
        visits = [v for where in source.outcomes.values() if isinstance(where, dict) for v in where]
        yield from known(dict.fromkeys(visits), study.visits, "visit", (*at, "outcomes"))
        yield from known(source.dates, study.visits, "visit", (*at, "dates"))
        words = dict.fromkeys(str(word) for word in source.values.get("visit", {}).values())
        yield from known(words, study.visits, "visit", (*at, "values", "visit"))
