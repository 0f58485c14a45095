"""From rows to the flow of participants: each box is counted from its own rows, then all of it is proved to add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.dataset import AnalysisDataset
from coxa.frames import among
from coxa.report.topics.participants.flow.check import check_flow
from coxa.report.topics.participants.flow.people import (
    HALF,
    KEPT_ON,
    LESS,
    NO_VISIT,
    NONE_PLANNED,
    NOT_KNOWN,
    NOT_RECEIVED,
    NOT_RECORDED,
    OTHER_VISITS,
    RECEIVED,
    SCREENED_REASONS,
    STAYED,
    STOPPED,
    STOPPED_TREATMENT,
    Path,
    analysis_paths,
    follow_up_paths,
    other_visit_paths,
    periods,
    received_paths,
    screening_paths,
    session_paths,
    treatment_stop_paths,
)
from coxa.report.topics.participants.flow.record import ALL, Box, Count, Flow, Stage
from coxa.sentences import join_words
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.parts import arm_factors
from coxa.study.periods import OVER_PERIODS
from coxa.study.wording import when_words
from coxa.study.words import OF_CLUSTERS
from coxa.tables.phrases import sentence_case

NOT_ASSESSED = "Assessment for eligibility was not recorded."
TREATMENT_NOTE = "The treatment received is not recorded."
FOLLOW_UP_NOTE = "No stop of follow-up is recorded."


def participant_flow(cohort: Cohort, dataset: AnalysisDataset) -> Flow:
    """Count the flow of participants from assessment to analysis.

    Parameters
    ----------
    cohort
        Checked tables. `screening` says who was assessed; without it the flow starts at randomisation.
    dataset
        Rows of the estimand whose analysis is shown, usually that of `Study.main_analysis`.

    Returns
    -------
    Flow
        Participants are counted in the arm that they were allocated to.

    Raises
    ------
    DataError
        If a number is not the sum of what comes out of it; see `check_flow`.

    Examples
    --------
    >>> import coxa
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> cohort = coxa.read_cohort(trial.study, trial.tables)
    >>> flow = participant_flow(cohort, coxa.derive_dataset(cohort, "primary"))
    >>> [label for _, label in flow.arms]
    ['Usual care', 'Manual therapy', 'Exercise therapy', 'Manual and exercise therapy']
    """
    study = with_arms(cohort.study, "The flow of participants")
    people = cohort.table("participants")
    allocated = people[people["arm"].notna()].reset_index(drop=True)
    cluster = cluster_column(study, allocated)
    sites = allocated[cluster] if cluster else None
    words = analysis_words(study, dataset.estimand)
    found = _fates(cohort, dataset, allocated, words)
    boxes = list(_enrolment(cohort, people, allocated, cluster))
    for arm in study.arm_order:
        mine = allocated["arm"] == arm
        boxes += _arm_boxes(study, arm, allocated[mine], found, sites, words)
    if study.design == "factorial":
        boxes += _margins(study, boxes, words)
    arms = tuple((arm, study.label("arms", arm)) for arm in study.arm_order)
    return check_flow(Flow(study.design, dataset.estimand, words[2], arms, tuple(boxes)))


def cluster_column(study: ComparativeStudy, people: pd.DataFrame) -> str | None:
    """Return the column of what was randomised in a cluster trial; None in other designs, or if none is in one arm."""
    if study.design not in OF_CLUSTERS:
        return None
    named = [study.allocation.cluster] if study.allocation and study.allocation.cluster else []
    random = (factor for analysis in study.analyses.values() for factor in analysis.factors)
    for name in (*named, "site_id", *random):
        known = name in people and people[name].notna().any()
        if known and people.groupby(name, observed=True)["arm"].nunique().le(1).all():
            return str(name)
    return None


def analysis_words(study: ComparativeStudy, estimand: str) -> Path:
    """Return what those analysed and those not analysed are called, and what is analysed."""
    endpoint = study.estimands[estimand].endpoint
    at = join_words([study.label("visits", visit) for visit in endpoint.visit])
    outcome = study.label("outcomes", endpoint.outcome)
    when = when_words(study, estimand)
    if when == OVER_PERIODS:
        return "Analysed in one period or more", "Not analysed in any period", f"{outcome} {when}"
    if len(endpoint.visit) > 1:
        return f"Analysed at one or more of {at}", f"Not analysed at any of {at}", f"{outcome} {when}"
    return f"Analysed {when}", f"Not analysed {when}", f"{outcome} {when}"


def _fates(cohort: Cohort, dataset: AnalysisDataset, people: pd.DataFrame, words: Path) -> dict[str, pd.Series | None]:
    """Return what became of each allocated participant, by box."""
    study = with_arms(cohort.study, "The flow of participants")
    visits = study.estimands[dataset.estimand].endpoint.visit
    main = study.analyses_of(dataset.estimand)[:1]
    seen = set(dataset.frame["visit"].cat.categories) - set(visits)
    of_model = {visit for planned in main if planned.analysis.over_visits for visit in planned.model_visits}
    return {
        "allocated": received_paths(study, people),
        "sessions": session_paths(cohort, people),
        "follow_up": follow_up_paths(study, people),
        "treatment": treatment_stop_paths(people),
        "analysis": analysis_paths(cohort, dataset, people, words),
        "other_visits": other_visit_paths(study, dataset, people, of_model) if seen & of_model else None,
    }


def _enrolment(cohort: Cohort, people: pd.DataFrame, allocated: pd.DataFrame, cluster: str | None) -> Iterator[Box]:
    """Yield the boxes of all arms: assessed and excluded where that is recorded, and randomised."""
    study = with_arms(cohort.study, "The flow of participants")
    screened = cohort.table("screening")
    n_clusters = _clusters(allocated[cluster]) if cluster else None
    if len(screened):
        outside = screened[~among(screened["participant_id"], allocated["participant_id"])]
        known = among(outside["participant_id"], people["participant_id"])
        paths = screening_paths(outside, known, sentence_case(study.words.outside))
        at = screened["site_id"] if cluster == "site_id" and screened["site_id"].notna().any() else None
        assessed = None if at is None or n_clusters is None else _clusters(pd.concat([at, allocated["site_id"]]))
        lost = None if assessed is None or n_clusters is None else assessed - n_clusters
        excluded = Count("Excluded", len(outside), lost, divide(paths, SCREENED_REASONS))
        yield Box("assessed", "main", "enrolment", ALL, Count("Assessed for eligibility", len(screened), assessed),
                  into=("excluded", "enrolled"))  # fmt: skip
        yield Box("excluded", "leaving", "enrolment", ALL, excluded)
    count = Count(study.words.enrolled, int(allocated["participant_id"].nunique()), n_clusters)
    into = tuple(f"allocated.{arm}" for arm in study.arm_order)
    yield Box("enrolled", "main", "enrolment", ALL, count, into, note="" if len(screened) else NOT_ASSESSED)


def _arm_boxes(
    study: ComparativeStudy,
    arm: str,
    people: pd.DataFrame,
    found: dict[str, pd.Series | None],
    sites: pd.Series | None,
    words: Path,
) -> Iterator[Box]:
    """Yield the boxes of one arm; each of allocation, follow-up and analysis goes into the next."""
    mine = {name: None if paths is None else paths.loc[people.index] for name, paths in found.items()}
    clusters = None if sites is None else sites.loc[people.index]
    n_clusters = None if clusters is None else _clusters(clusters)

    def main(stage: Stage, label: str, paths: pd.Series | None, order: Sequence[str], into: str, note: str) -> Box:
        name = "allocated" if stage == "allocation" else stage
        parts = () if paths is None else divide(paths, order, clusters)
        count = Count(label, len(people), n_clusters, parts)
        onward = (f"{into}.{arm}",) if into else ()
        return Box(f"{name}.{arm}", "main", stage, arm, count, onward, note="" if parts else note)

    def beside(name: str, stage: Stage, label: str, paths: pd.Series, order: Sequence[str], about: str, part: str = ""
               ) -> Box:  # fmt: skip
        count = Count(label, len(paths), None, divide(paths, order))
        return Box(f"{name}.{arm}", "beside", stage, arm, count, about=((f"{about}.{arm}", part),))

    allocates = study.words.allocates
    treated = RECEIVED[allocates], NOT_RECEIVED[allocates]
    label = "Allocated" if allocates else "In the group"
    yield main(
        "allocation",
        label,
        mine["allocated"],
        (*treated, NOT_KNOWN),
        "follow_up",
        TREATMENT_NOTE if study.treats else "",
    )
    sessions = mine["sessions"]
    if sessions is not None and any(path != (NONE_PLANNED,) for path in sessions):
        yield beside(
            "sessions", "allocation", "Sessions", sessions, (HALF, LESS, NOT_RECORDED, NONE_PLANNED), "allocated"
        )
    stops = (STAYED, STOPPED, *periods(study))
    yield main("follow_up", "Follow-up", mine["follow_up"], stops, "analysis", FOLLOW_UP_NOTE)
    treatment = mine["treatment"]
    if treatment is not None:
        yield beside("treatment", "follow_up", "Treatment", treatment, (KEPT_ON, STOPPED_TREATMENT), "follow_up")
    yield main("analysis", "Analysis", mine["analysis"], words[:2], "", "")
    analysed, others = mine["analysis"], mine["other_visits"]
    if analysed is None or others is None:
        return
    without = others[[path[0] == words[1] for path in analysed]]
    if len(without):
        said = "Of those not analysed"
        yield beside("other_visits", "analysis", said, without, (OTHER_VISITS, NO_VISIT), "analysis", words[1])


def _margins(study: ComparativeStudy, boxes: Iterable[Box], words: Path) -> Iterator[Box]:
    """Yield, for each factor of a factorial design, how many of those analysed have it and how many have not."""
    having = arm_factors(study.arms)
    analysed = {box.arm: part.n for box in boxes if box.id.startswith("analysis.")
                for part in [box.count.part(words[0])] if part}  # fmt: skip
    about = tuple((f"analysis.{arm}", words[0]) for arm in analysed)
    for factor in dict.fromkeys(factor for factors in having.values() for factor in factors):
        label = factor.replace("_", " ")
        n_with = sum(n for arm, n in analysed.items() if factor in having[arm])
        parts = (Count(f"With {label}", n_with), Count(f"Without {label}", sum(analysed.values()) - n_with))
        count = Count(f"{words[0]}, by {label}", sum(analysed.values()), None, parts)
        yield Box(f"margin.{factor}", "beside", "analysis", ALL, count, about=about)


def divide(
    paths: Iterable[Path], order: Sequence[str] = (), clusters: pd.Series | None = None, always: int = 2
) -> tuple[Count, ...]:
    """Divide people by what they belong to, at every depth.

    Parameters
    ----------
    paths
        A path for each of them.
    order
        Labels that come first, in this order, at any depth; the others follow, the largest first.
    clusters
        The cluster of each of them. Of the first label everybody's clusters are counted, of the others those that are
        not in one before.
    always
        So many labels of `order` are there even if nobody is in them.

    Examples
    --------
    >>> [(part.label, part.n) for part in divide([("a",), ("b", "x"), ("b", "y")], ("a", "b"))]
    [('a', 1), ('b', 2)]
    """
    groups: dict[str, list[Path]] = {}
    sites: dict[str, set[object]] = {}
    paths = list(paths)
    known = [None] * len(paths) if clusters is None else clusters.astype(object).where(clusters.notna(), None)
    for path, site in zip(paths, known, strict=True):
        groups.setdefault(path[0], []).append(path[1:])
        sites.setdefault(path[0], set()).update(() if site is None else (site,))
    first = [label for index, label in enumerate(order) if label in groups or index < always]
    rest = sorted(set(groups) - set(order), key=lambda label: (-len(groups[label]), label))
    counts: list[Count] = []
    seen: set[object] = set()
    for label in (*first, *rest):
        mine = groups.get(label, [])
        deeper = [path for path in mine if path]
        new = sites.get(label, set()) - seen
        seen |= new
        parts = divide(deeper, order, always=0) if deeper else ()
        counts.append(Count(label, len(mine), None if clusters is None else len(new), parts))
    return tuple(counts)


def _clusters(values: pd.Series) -> int:
    return int(values.nunique())
