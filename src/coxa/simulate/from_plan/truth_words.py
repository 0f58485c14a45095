"""How the true values of a simulated trial were obtained, in sentences that go with them."""

from __future__ import annotations

EXACT = "exact values follow from the assumptions in closed form"

LARGE = (
    "simulated values are from {n} participants, each followed under every arm with the same draws: the mean "
    "difference between an arm and the one it is compared with, all visits attended on their day, all items answered, "
    "every participant with a therapist, clinic and class of its own draw; an event handled as hypothetical does not "
    "happen"
)

IN_SETS = (
    "in the per-protocol and the safety set the values are of those who would be in the set under the arm, by the "
    "sessions attended, the arm received and the events that a trial would record: the mean of an arm less that of the "
    "one it is compared with"
)


IN_TARGET = (
    "values of a comparison without randomisation are of the people that its target trial is about: participants count "
    "by how likely they are to be of the treated (ATT), of the overlap (ATO), or of the groups that are compared (ATE)"
)
IN_CLINIC = (
    "values in the clinic are of all patients like its own, each followed under every arm with the same draws, also of "
    "those whom no participant resembles"
)
