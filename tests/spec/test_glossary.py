"""The glossary: every term of the topics of the field is there, with a meaning, and is found by its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.cohort.dictionary import load_table
from coxa.glossary.document import glossary_document
from coxa.glossary.find import all_terms, find_terms, nearest_term
from coxa.glossary.topics import topics
from coxa.glossary.vocabularies import RED_FLAGS, VOCABULARIES
from coxa.packaged import packaged_yaml

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"

TERMS = {
    "interventions": """exercise therapy; strengthening; gluteal strengthening; core strengthening; hip flexor
        strengthening; adductor strengthening; external rotator strengthening; mobility; stretching; static
        stretching; dynamic stretching; neuromuscular exercise; proprioceptive exercise; movement-pattern
        training; gait retraining; cues; mirror; video; cadence; retraining after training; load redistribution;
        training week; surface; footwear; speed tempo; manual therapy; joint mobilisation; soft tissue;
        myofascial; massage; aquatic therapy; ultrasound; sham; heat; cold; electrical stimulation; foam rolling;
        sports performance training; orthoses; education; breathing; posture; warm-up; cool-down; medication;
        injection; surgery; usual care; wait-list; active component; passive component""",
    "exercises": """clamshell; fire hydrant; single-leg deadlift; front plank; side plank; bird dog; hip flexor
        raise; hip flexion with a band; hip hinge; march; side-lying leg raise; kneeling hip flexor stretch;
        standing hip flexor stretch; towel hamstring stretch; standing hamstring stretch; piriformis; figure-four;
        iliotibial band; low back twist; quadriceps stretch; calf stretch; leg swings; high knees; warm up; sets;
        repetitions; hold; per side; own exercise""",
    "conditions": """femoroacetabular impingement; cam; pincer; combined; labral tear; dysplasia; hip osteoarthritis;
        trochanteric bursitis; iliopsoas bursitis; gluteal tendinopathy; iliopsoas tendinopathy; proximal
        hamstring tendinopathy; muscle strain; bone stress injury; snapping hip; referred pain; lumbar;
        sacroiliac; traumatic; overuse; side; certainty; case mix""",
    "assessments": """Thomas test; Trendelenburg; straight-leg raise; range of motion; strength; limb symmetry;
        single-leg squat; movement screen; gait; pelvic drop; adduction; cadence; step width; functional task;
        affected side; measurement error; minimal detectable change""",
    "daily_log": """pain; exercises done; load; sleep; protein; hydration; soreness; medication; compliance; missing
        days""",
    "pain_guided_progression": """pain band; pain monitoring; progression; progression kept; flare; flare length;
        time to first flare; yesterday's load""",
    "training_load": """weekly distance; sessions; intensity; surface; footwear age; 10% rule; acute:chronic;
        coupled; uncoupled; EWMA; monotony; strain; change per week""",
    "red_flags": """red flag; severe pain; sharp pain; night pain; weight loss; fever; trauma; inability to bear
        weight; persistent or worsening; acted on; days to referral; run chart; when to see a doctor""",
    "goals": """patient-specific function; goal attainment; short-term goal; long-term goal; goal met; time to goal""",
    "adherence": """adherence; home programme; supervised sessions; attendance; fidelity; dose-response; EARS""",
    "return_to_sport": """return to sport; time to first run; full training; previous level; recurrence; season""",
    "confidence_and_fear": """self-efficacy; psychological readiness; PSEQ; ASES; Hip-RSI; TSK-11; PCS; fear of
        movement; sport performance anxiety""",
    "risk_factors": """age; previous injury; BMI; sport; level; distance; surface; footwear; genetic predisposition;
        family history; sitting time; adjustment; subgroup""",
}
"""Topic -> terms that a user looks up."""


OTHER_WORDS = """hydrotherapy; joint manipulation; heat therapy; cryotherapy; NMES; foam roller; orthosis; patient
    education; NSAID; corticosteroid injection; waiting list; gait retraining cues; running speed; tempo run; hip OA;
    traumatic and overuse; conditions per person; SLR; FMS; hop test; range of motion by movement; hip adduction angle;
    side to side; daily log; protein intake; water intake; painkiller; ten per cent rule; red flag screening; audit
    standard; banded hip flexion; multidirectional march; low back and hip twist; figure four
    stretch; kneeling hip flexor stretch; load redistribution; running step rate"""
"""What the same things are called elsewhere."""


def terms(topic: str) -> list[str]:
    return [" ".join(term.split()) for term in TERMS[topic].split(";")]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == glossary_document()


def test_every_topic_has_its_section() -> None:
    assert [topic.name for topic in topics()] == list(TERMS)
    headings = [line[3:] for line in glossary_document().splitlines() if line.startswith("## ")]
    assert headings[-len(TERMS) :] == [topic.title for topic in topics()]


@pytest.mark.parametrize("topic", list(TERMS))
def test_every_term_is_found_by_its_words(topic: str) -> None:
    lost = [term for term in terms(topic) if not find_terms(term)]
    assert not lost


@pytest.mark.parametrize("topic", list(TERMS))
def test_every_term_is_in_the_glossary_and_not_only_a_key_of_a_plan(topic: str) -> None:
    page = glossary_document()
    for word in terms(topic):
        found = [term for term in find_terms(word) if term.kind not in ("key of a plan", "level")]
        assert found, word
        assert any(f"| `{term.name}` |" in page or f"| {term.name} |" in page for term in found), word


def test_other_words_find_what_the_glossary_has() -> None:
    page = glossary_document()
    for word in (" ".join(term.split()) for term in OTHER_WORDS.split(";")):
        found = [term for term in find_terms(word) if term.kind not in ("key of a plan", "level")]
        assert any(f"| `{term.name}` |" in page or f"| {term.name} |" in page for term in found), word


def test_other_words_for_codes_are_of_codes_that_exist() -> None:
    for name, topic in packaged_yaml("coxa.glossary", "topics.yaml").items():
        codes = {term.name for vocabulary in topic.get("vocabularies", ()) for term in VOCABULARIES[vocabulary]()}
        assert set(topic.get("also", {})) <= codes, name


def test_every_entry_of_a_topic_has_a_meaning() -> None:
    assert not [term.name for topic in topics() for term in topic.terms if not term.meaning.strip()]
    codes = [(term.name, term.kind, term.where) for term in all_terms()]
    assert len(set(codes)) == len(codes)


def test_what_is_called_so_comes_before_what_is_described_so() -> None:
    assert find_terms("labral_tear")[0].kind == "condition"
    assert find_terms("FAI")[0].name == "femoroacetabular impingement"
    assert [term.name for term in find_terms("trochanteric bursitis")] == ["trochanteric_bursitis"]
    assert find_terms("sitting bone")[0].name == "proximal_hamstring_tendinopathy"
    assert find_terms("sets")[0].name == "dose"


def test_a_word_that_is_not_there_is_answered_with_the_nearest() -> None:
    assert nearest_term("bursitus") == "bursitis"
    assert nearest_term("labrel tear") in ("labral_tear", "labral tear")
    run = CliRunner().invoke(app, ["schema", "bursitus"])
    assert run.exit_code == 2
    assert "coxa schema bursitis" in run.output
    assert CliRunner().invoke(app, ["schema", "zzqxv"]).exit_code == 2


def test_every_red_flag_has_a_meaning_of_its_own() -> None:
    assert set(RED_FLAGS) == set(load_table("red_flag_screening").fields["flag"].levels)
    assert len(set(RED_FLAGS.values())) == len(RED_FLAGS)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["fire", "hydrant"], "fire_hydrant"),
        (["conditions"], "certainty"),
        (["conditions"], "Tear of the acetabular labrum"),
        (["clinical_measures"], "abductor_strength"),
        (["components"], "cadence_retraining"),
        (["running", "cadence"], "step_rate"),
        (["red_flags"], "a lump in the groin"),
        (["hoos"], "licence"),
        (["instruments", "hoos"], "licence"),
        (["data", "goals"], "goal_number"),
        (["study"], '"$defs"'),
    ],
)
def test_the_command_shows_what_its_words_name(words: list[str], shown: str) -> None:
    run = CliRunner().invoke(app, ["schema", *words], env={"COLUMNS": "200"})
    assert run.exit_code == 0
    assert shown in run.output
