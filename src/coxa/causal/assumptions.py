"""What effects of compliers, doses and mediators rest on, in words that a report prints next to them."""

from __future__ import annotations

COMPLIER_ASSUMPTIONS = (
    ("Randomisation", "Arms differ by chance alone in all that comes before."),
    (
        "Exclusion",
        "Allocation acts on the outcome through what was received alone. It has no effect in participants who would "
        "have received the same in either arm.",
    ),
    ("Monotonicity", "No participant would receive the treatment only if allocated to the other arm."),
    ("Relevance", "Allocation changes what is received: the first-stage F says how much."),
    (
        "No interference",
        "The outcome of a participant does not depend on what others received, and there is one version of received.",
    ),
    ("Missing outcomes", "Participants with an outcome are like those without, given arm and covariates."),
)
"""What the complier average causal effect assumes, by name."""

MEDIATION_ASSUMPTIONS = (
    ("Randomisation", "No common cause of the arm and of mediator or outcome: chance allocates the arm."),
    (
        "No unmeasured common cause of mediator and outcome",
        "Given arm and covariates, participants with more and with less of the mediator differ in nothing else that "
        "acts on the outcome. Randomisation of the arm does not secure this.",
    ),
    (
        "No common cause that the arm changes",
        "Nothing that the arm changes acts on both mediator and outcome (such as attendance on fear and on pain).",
    ),
    ("Order", "The mediator is measured before the outcome, and without error: error makes the indirect effect small."),
    ("Models", "Mediator and outcome are linear in their terms as written, with normal residuals of the mediator."),
    ("Missing values", "Participants without mediator or outcome are like those with both, given arm and covariates."),
)
"""What natural effects assume, by name."""

DOSE_WARNING = (
    "Participants chose how many sessions they came to. Those who came to more may differ from others in what acts on "
    "the outcome, or may have come because they improved, so that the curve is an association and not the effect of a "
    "dose."
)
"""What goes with every curve."""
