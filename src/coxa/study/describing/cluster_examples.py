"""Trials whose participants come in clusters, each with an example of its `analyses:` block."""

from __future__ import annotations

from dataclasses import dataclass


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
