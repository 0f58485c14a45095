"""The estimand in words and the formula of its model, generated from the plan, so that none of them can disagree."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.effects import EFFECTS
from coxa.study.estimand import Estimand
from coxa.study.labels import at_visit, measured
from coxa.study.outcome import Responder
from coxa.study.parts import Compliance
from coxa.study.periods import OVER_PERIODS
from coxa.study.words import DOSE_WORDS, GROUPINGS, STRATEGY_NAMES


def model_formula(
    study: ComparativeStudy, analysis: str, subgroup: str | None = None, visits: Sequence[str] | None = None
) -> str:
    """Return the formula of an analysis, or of its joint model of the levels of a subgroup.

    The fixed effects are those of the analysis's kind of model (`coxa.study.models`). A repeated-measures model has arm
    by visit and every `adjust` term as written. An ANCOVA is fitted at one visit, so `visit` falls out of its terms; so
    it does of a repeated-measures model that has one visit (`visits` are those with data; the plan's unless given).
    Change and percent change are adjusted only for what the plan says. With a subgroup, arm (by visit) interacts with
    it. Random effects stand last; ``gr(therapist_id, by = arm)`` has a variance for each arm.

    Examples
    --------
    >>> import coxa
    >>> model_formula(coxa.preset("moa-2013"), "primary")
    'change ~ arm * visit + baseline * visit'
    """
    plan = study.analyses[analysis]
    terms = plan.terms(study.model_visits(analysis) if visits is None else visits)
    if subgroup is not None:
        terms[0] += f" * {subgroup}"
    response = study.estimands[plan.estimand].endpoint.measure
    return f"{response} ~ {' + '.join(dict.fromkeys(term for term in (*terms, *plan.random_terms()) if term))}"


LISTED = 3
"""Names that a sentence lists; of more, those that are all or nearly all of them are called so."""
MOST_BUT = 2
"""Names that are left out of nearly all."""


def named_among(names: Sequence[str], every: Sequence[str], each: str) -> str:
    """Return names as a sentence has them, short where many of them are all, or all but one or two.

    Parameters
    ----------
    names, every
        Those that are meant, and all there are.
    each
        What one of them is: "arm".

    Examples
    --------
    >>> every = ["Aquatic", "Exercise", "Stretching", "Manual", "Ultrasound"]
    >>> named_among(every, every, "arm"), named_among(every[1:], every, "arm")
    ('each of the 5 arms', 'each arm but Aquatic')
    >>> named_among(every[:2], every, "arm")
    'Aquatic and Exercise'
    """
    others = [name for name in every if name not in names]
    if len(names) <= LISTED or len(others) > MOST_BUT:
        return join_words(list(names))
    return f"each {each} but {join_words(others)}" if others else f"each of the {len(names)} {each}s"


def endpoint_words(study: ComparativeStudy, estimand: str) -> str:
    """Return the endpoint in words, with visits, for example "change from baseline in HOOS pain at Week 12"."""
    endpoint = study.estimands[estimand].endpoint
    label = study.label("outcomes", endpoint.outcome)
    return f"{measured(endpoint.measure, label)} {when_words(study, estimand)}"


def when_words(study: ComparativeStudy, estimand: str) -> str:
    """Return when the endpoint of an estimand is measured: "at Week 6 and Week 12", "over all periods"."""
    endpoint, periods = study.estimands[estimand].endpoint, study.received_in_periods
    if periods is not None and periods.own_sequences and set(endpoint.visit) == set(periods.visits):
        return OVER_PERIODS
    visits = join_words([study.label("visits", visit) for visit in endpoint.visit])
    return at_visit(endpoint.measure, visits)


def factor_words(study: ComparativeStudy, factor: str) -> str:
    """Return what a factor of a random effect is called inside a sentence: "therapist", "type of clinic"."""
    if factor not in study.covariates:
        return GROUPINGS.get(factor, factor)
    return mid_sentence(study.label("covariates", factor))


def side_label(study: ComparativeStudy, name: str) -> str:
    """Return the label of an arm, or the words of a factor: "manual therapy with exercise therapy"."""
    return study.label("arms", name) if name in study.arms else name.replace("_", " ")


def responder_words(study: ComparativeStudy, outcome: str) -> str:
    """Return the responder rule of an outcome in words, with its source; empty where it has none."""
    rule = study.outcome_part(outcome).response
    if rule is None:
        return ""
    return rule_words(study, outcome, rule) + (f" ({rule.source})" if rule.source else "")


def proportion_of(planned: PlannedAnalysis) -> str:
    """Return of whom a proportion is: "of responders (an improvement of ...)", "with a fall"."""
    if planned.response == "responder":
        return f"of responders ({responder_words(planned.study, planned.outcome_name)})"
    return f"with {mid_sentence(planned.outcome_label)}"


def no_word(planned: PlannedAnalysis) -> str:
    """Return what one who counts as no is called: "no response", or "no" of another outcome."""
    return "no response" if planned.response == "responder" else "no"


def compliance_words(rule: Compliance) -> str:
    """Return from when on a treatment counts as received: "with 6 or more sessions attended".

    Examples
    --------
    >>> compliance_words(Compliance(at_least=6))
    'with 6 or more sessions attended'
    >>> compliance_words(Compliance(measure="share_attended", at_least=0.8))
    'with at least 80% of the planned sessions attended'
    """
    if rule.measure == "share_attended":
        return f"with at least {rule.at_least:.0%} of the planned sessions attended"
    return f"with {rule.at_least:g} or more {DOSE_WORDS[rule.measure]}"


def rule_words(study: ComparativeStudy, outcome: str, rule: Responder) -> str:
    """Return a responder rule in words: "an improvement of at least 10 points from baseline"."""
    scale = study.scale(outcome)
    if rule.measure == "value":
        bound = "at least" if scale.higher_is_better else "at most"
        return f"a value of {bound} {rule.at_least:g} {scale.unit}"
    unit = "%" if rule.measure == "percent_change" else f" {scale.unit}"
    return f"an improvement of at least {rule.at_least:g}{unit} from baseline"


def estimand_attributes(study: ComparativeStudy, estimand: str) -> list[tuple[str, str]]:
    """Return the five attributes of ICH E9(R1) with their wording, in the guideline's order.

    Examples
    --------
    >>> import coxa
    >>> [name for name, _ in estimand_attributes(coxa.preset("moa-2013"), "primary")]
    ['Treatment', 'Population', 'Endpoint', 'Intercurrent events', 'Population-level summary']
    """
    plan, words = study.estimands[estimand], study.words
    scale = study.scale(plan.endpoint.outcome)
    arms = join_words([study.label("arms", arm) for arm in plan.treatment.compare])
    against = study.label("arms", plan.treatment.against)
    endpoint = endpoint_words(study, estimand)
    if plan.endpoint.measure == "responder":
        endpoint += f"; a responder has {responder_words(study, plan.endpoint.outcome)}"
    if study.endpoint_kind(estimand) == "mean" or plan.endpoint.measure == "responder":
        endpoint += f" (range {scale.low:g} to {scale.high:g} {scale.unit}, {scale.direction})"
    events = [
        f"{study.label('intercurrent_events', event)}: {how.strategy.replace('_', ' ')} "
        f"({STRATEGY_NAMES[how.strategy]}{f', value {how.value}' if how.value is not None else ''})"
        for event, how in plan.intercurrent_events.items()
    ]
    return [
        (words.compared, f"{arms}, {'each ' if len(plan.treatment.compare) > 1 else ''}against {against}"),
        ("Population", words.sets[plan.population] + _stratum_words(study, plan)),
        ("Endpoint", endpoint),
        ("Intercurrent events", "; ".join(events) or "none declared"),
        ("Population-level summary", EFFECTS[plan.summary].words),
    ]


def _stratum_words(study: ComparativeStudy, plan: Estimand) -> str:
    """Return the principal stratum of a complier average causal effect; empty of other summaries."""
    if plan.summary != "complier_average_effect" or study.compliance is None:
        return ""
    return (
        "; principal stratum: participants who receive the treatment if it is allocated, and not otherwise; it is "
        f"received {compliance_words(study.compliance)}"
    )


def estimand_title(study: ComparativeStudy, estimand: str) -> str:
    """Return one line that says what is estimated, from the plan alone."""
    treatment = study.estimands[estimand].treatment
    return f"{endpoint_words(study, estimand)}: {compared_arms(study, treatment.compare, treatment.against)}"


NAMED_ARMS = 2
"""Arms that a heading names; where more are compared with the same one, and all are, it says so."""


def compared_arms(study: ComparativeStudy, compare: Sequence[str], against: str) -> str:
    """Return which arms are compared: "Exercise against Usual care", or "every other arm against Usual care"."""
    arms = join_words([study.label("arms", arm) for arm in compare])
    if len(compare) > NAMED_ARMS and {*compare, against} == {*study.arm_order}:
        arms = f"every other {study.compared_words.arm}"
    return f"{arms} against {study.label('arms', against)}"
