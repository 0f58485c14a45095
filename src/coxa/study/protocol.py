"""What only the authors of a trial know, in the words of CONSORT 2025 and SPIRIT 2025: one key for each fact."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from pydantic import Field, model_validator

from coxa.study.base import Part


class Blinding(Part):
    """Who does not know the allocation, and how that is kept."""

    who: str | None = Field(
        None,
        title="Who is blinded",
        description="Participants, providers, assessors, analysts (CONSORT 20a, SPIRIT 24a).",
    )
    how: str | None = Field(
        None,
        title="How blinding is kept",
        description="How, and how alike the treatments are (CONSORT 20b, SPIRIT 24b).",
    )
    unblinding: str | None = Field(
        None, title="Unblinding", description="When and how an allocation may be revealed (SPIRIT 24c)."
    )


class Dates(Part):
    """The days between which the trial ran."""

    first_enrolment: date | None = Field(
        None, title="First enrolment", description="Day on which recruitment began (CONSORT 23a, STROBE 5)."
    )
    last_enrolment: date | None = Field(
        None, title="Last enrolment", description="Day on which recruitment ended (CONSORT 23a, STROBE 5)."
    )
    last_follow_up: date | None = Field(
        None, title="Last follow-up", description="Day of the last assessment (CONSORT 23a, STROBE 5)."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Dates:
        names = ("first_enrolment", "last_enrolment", "last_follow_up")
        given = [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]
        for (earlier, first), (later, second) in pairwise(given):
            if first > second:
                raise ValueError(f"`{earlier}` is {first} and `{later}` is {second}; write them in order")
        return self


class RecruitmentTarget(Part):
    """How many participants were to be recruited, and by when; a committee sees it with those who were."""

    participants: int = Field(gt=0, title="Participants to recruit", description="How many, over all arms.")
    first_day: date = Field(title="Recruitment from", description="Planned first day.")
    last_day: date = Field(title="Recruitment until", description="Planned last day.")

    @model_validator(mode="after")
    def _in_order(self) -> RecruitmentTarget:
        if self.first_day >= self.last_day:
            raise ValueError(f"`first_day` is {self.first_day} and `last_day` is {self.last_day}; write them in order")
        return self


class Protocol(Part):
    """What a report and a checklist cannot take from design, analyses or data. All may be left out.

    The report prints what is given under *Trial design*. The numbers are the items that a key answers; `coxa checklist`
    shows which are still open.
    """

    version: str | None = Field(None, title="Protocol version", description="Version and its date (SPIRIT 2).")
    contributors: str | None = Field(
        None, title="Contributors", description="Who wrote the protocol, and their roles (SPIRIT 3a)."
    )
    sponsor: str | None = Field(None, title="Sponsor", description="Sponsor, with contact (SPIRIT 3b).")
    sponsor_role: str | None = Field(
        None,
        title="Role of the funders",
        description="In design, conduct, analysis, report (CONSORT 5a, SPIRIT 3c).",
    )
    committees: str | None = Field(
        None, title="Committees", description="Coordinating centre, steering and other committees (SPIRIT 3d)."
    )
    registration_date: date | None = Field(
        None, title="Date of registration", description="Day of registration (CONSORT 2, SPIRIT 4)."
    )
    protocol_access: str | None = Field(
        None, title="Protocol, where", description="Where the protocol can be read (CONSORT 3, SPIRIT 5)."
    )
    analysis_plan_access: str | None = Field(
        None,
        title="Analysis plan, where",
        description="Where the statistical analysis plan can be read (CONSORT 3, SPIRIT 5).",
    )
    data_sharing: str | None = Field(
        None, title="Data sharing", description="Data, dictionary and code: where and how (CONSORT 4, SPIRIT 6)."
    )
    funding: str | None = Field(
        None, title="Funding", description="Money and other support (CONSORT 5a, SPIRIT 7a, STROBE 22)."
    )
    conflicts: str | None = Field(
        None, title="Conflicts of interest", description="Financial and others (CONSORT 5b, SPIRIT 7b)."
    )
    dissemination: str | None = Field(
        None, title="Dissemination", description="How results are to be made known, and to whom (SPIRIT 8)."
    )
    background: str | None = Field(
        None, title="Background", description="What is known, and why the study (CONSORT 6, SPIRIT 9a, STROBE 2)."
    )
    comparator_choice: str | None = Field(
        None, title="Choice of comparator", description="Why this comparator (SPIRIT 9b)."
    )
    objectives: str | None = Field(
        None, title="Objectives", description="Aims, on benefits and on harms (CONSORT 7, SPIRIT 10, STROBE 3)."
    )
    pro_hypothesis: str | None = Field(
        None,
        title="Patient-reported outcomes",
        description="What is expected of which domain and when (CONSORT-PRO P2b).",
    )
    patient_involvement: str | None = Field(
        None, title="Patient involvement", description="In design, conduct, report (CONSORT 8, SPIRIT 11)."
    )
    framework: str | None = Field(
        None,
        title="Framework",
        description="Superiority, equivalence, non-inferiority or exploratory (CONSORT 9, SPIRIT 12); a `margin` of an "
        "analysis says it as well.",
    )
    changes: str | None = Field(
        None, title="Changes to the protocol", description="After the start, with reasons; `none` counts (CONSORT 10)."
    )
    setting: str | None = Field(
        None, title="Setting", description="Kind of place, and where (CONSORT 11, SPIRIT 13, STROBE 5)."
    )
    eligibility: str | None = Field(
        None, title="Eligibility", description="Who could take part (CONSORT 12a, SPIRIT 14a, STROBE 6a)."
    )
    sites_and_providers: str | None = Field(
        None,
        title="Sites and providers",
        description="Which sites and therapists could take part (CONSORT 12b, SPIRIT 14b).",
    )
    discontinuation: str | None = Field(
        None, title="Changes of treatment", description="Criteria for one participant (SPIRIT 15b)."
    )
    adherence_strategies: str | None = Field(
        None, title="Adherence", description="How adherence is supported and followed (SPIRIT 15c)."
    )
    concomitant_care: str | None = Field(
        None, title="Concomitant care", description="What else is allowed and what is not (SPIRIT 15d)."
    )
    harms_assessment: str | None = Field(
        None, title="Assessment of harms", description="Definition, and how asked for (CONSORT 15, SPIRIT 17)."
    )
    sample_size: str | None = Field(
        None,
        title="Sample size",
        description="How the number was found (CONSORT 16a, SPIRIT 19, STROBE 10); the numbers assumed may stand in "
        "`assumptions`.",
    )
    interim_analyses: str | None = Field(
        None, title="Interim analyses", description="Which, by whom; `none` counts (CONSORT 16b, SPIRIT 28b)."
    )
    stopping: str | None = Field(
        None, title="Stopping guidelines", description="When the trial would be stopped (CONSORT 16b, SPIRIT 28b)."
    )
    recruitment: str | None = Field(
        None, title="Recruitment", description="How enough participants are found (SPIRIT 20, STROBE 6a)."
    )
    sequence_generation: str | None = Field(
        None, title="Sequence generation", description="Who made the sequence, and with what (CONSORT 17a, SPIRIT 21a)."
    )
    concealment: str | None = Field(
        None, title="Concealment", description="What kept the next allocation unknown (CONSORT 18, SPIRIT 22)."
    )
    implementation: str | None = Field(
        None,
        title="Implementation",
        description="Who enrolled, who assigned, and whether they had the sequence (CONSORT 19, SPIRIT 23).",
    )
    blinding: Blinding | None = Field(None, description="Who is blinded, and how (CONSORT 20, SPIRIT 24).")
    data_collection: str | None = Field(
        None,
        title="Data collection",
        description="How data are collected and kept good, and how sound the instruments are (SPIRIT 25a, STROBE 8).",
    )
    pro_validity: str | None = Field(
        None,
        title="Validity of instruments",
        description="Evidence on validity and reliability (CONSORT-PRO P6a).",
    )
    pro_administration: str | None = Field(
        None, title="Questionnaires", description="Who fills them in, on paper or how else (CONSORT-PRO P6a)."
    )
    retention: str | None = Field(None, title="Retention", description="How follow-up is kept complete (SPIRIT 25b).")
    data_management: str | None = Field(
        None, title="Data management", description="Entry, coding, storage, security (SPIRIT 26)."
    )
    missing_data: str | None = Field(
        None,
        title="Missing data",
        description="How missing data are handled (CONSORT 21c, SPIRIT 27c, STROBE 12c); a report says it of each "
        "analysis by itself.",
    )
    bias: str | None = Field(None, title="Bias", description="What is done against bias in a cohort (STROBE 9).")
    confounding: str | None = Field(
        None,
        title="Confounding",
        description="Which confounders of a cohort were adjusted for, how and why, and which could not be (STROBE 7, "
        "12a, 16a).",
    )
    quantitative_variables: str | None = Field(
        None, title="Quantitative variables", description="How numbers are grouped or transformed, and why (STROBE 11)."
    )
    monitoring_committee: str | None = Field(
        None,
        title="Data monitoring committee",
        description="Who, its role, its independence; or why none (SPIRIT 28a).",
    )
    trial_monitoring: str | None = Field(
        None, title="Monitoring of the study", description="How often and how (SPIRIT 29)."
    )
    ethics: str | None = Field(None, title="Ethics", description="Committee and approval (SPIRIT 30).")
    amendments: str | None = Field(
        None, title="Amendments", description="How changes of the protocol are made known (SPIRIT 31)."
    )
    consent: str | None = Field(None, title="Consent", description="Who asks for consent, and how (SPIRIT 32a).")
    further_use: str | None = Field(
        None, title="Consent to further use", description="Of data or specimens in other studies (SPIRIT 32b)."
    )
    confidentiality: str | None = Field(
        None, title="Confidentiality", description="How personal data are protected (SPIRIT 33)."
    )
    post_trial_care: str | None = Field(
        None, title="Care after the study", description="And what is paid for harm (SPIRIT 34)."
    )
    recruitment_target: RecruitmentTarget | None = Field(
        None, description="How many were to be recruited by when, for the report to a committee (SPIRIT 20)."
    )
    dates: Dates | None = Field(None, description="When recruitment and follow-up took place (CONSORT 23a).")
    ended: str | None = Field(
        None, title="End of the study", description="Why the trial ended or was stopped (CONSORT 23b)."
    )
    concomitant_care_received: str | None = Field(
        None, title="Concomitant care received", description="What else each arm received (CONSORT 24b)."
    )
