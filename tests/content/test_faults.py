"""Faults as coaches make them: each gives one finding, at its line, in words that say what to do."""

from pathlib import Path

import pytest

from bot.app.content import check
from tests.content.planting import Fault, copied, line_of, plant
from tests.support.small import small

FLOW, RULES = "flows/after_interview.yaml", "flows/rules/etiquette.yaml"
CASE = "flows/cases/monday_after.yaml"
FACTS, NOTES = "flows/facts.yaml", "flows/notes.yaml"
ADVICE, QUESTIONS, TEXTS = "messages/en/advice.yaml", "messages/en/questions.yaml", "messages/en/notes.yaml"
ROLE = "  - id: role\n    when: {outcome: {not: offer}}\n    ask: role\n"
LAST_VOICE = (
    '      - "Hi {first}, it was good of you to speak with me about {topic}. '
    "I'm grateful and hope we can stay in contact.\"\n"
)
TONE = "  - {id: tone, ask: tone}\n"

FAULTS = [
    # -- routing -------------------------------------------------------------------------------------------------------
    Fault("a target that is no step", FLOW, ROLE, "  - {id: role, ask: role, next: [{else: adivce}]}\n",
          "unknown-step", "adivce", "Did you mean 'advice'?"),
    Fault("a step that nobody reaches", FLOW, TONE, "  - {id: tone, ask: tone, next: [{else: interviewed_on}]}\n",
          "unreachable-step", "{id: more_rounds", "nobody ever reaches step 'more_rounds'"),
    Fault("ways out without else", FLOW, ROLE,
          "  - {id: role, ask: role, next: [{when: {role: via_agency}, go: advice}]}\n",
          "else-missing", "go: advice", "- else:"),
    Fault("else before another way", FLOW, ROLE,
          "  - {id: role, ask: role, next: [{else: invited}, {when: {role: via_agency}, go: advice}]}\n",
          "else-not-last", "else: invited", "Move it to the end."),
    Fault("a way back up", FLOW, ROLE, "  - {id: role, ask: role, next: [{else: outcome}]}\n",
          "backwards", "{else: outcome}", "only moves forward"),
    # -- cases for groups ----------------------------------------------------------------------------------------------
    Fault("a case that comes out otherwise", CASE, "tone: rapport", "tone: reserved", "case-fails",
          "case: monday_after", "expects thank_you_then_wait by R19, but it is thank_you_then_hold by R15"),
    Fault("a case that hides its advice", CASE, "choices: [connect_now, wait_then_connect, thank_you_then_wait,",
          "choices: [connect_now, wait_then_connect,", "case-unoffered", "case: monday_after", "Nobody could be"),
    Fault("a lesson on a claim that is none", "flows/lessons/eight_weeks.yaml", "C25, C26", "C25, C99", "unknown-claim",
          "C99", "no claim of flows/claims.yaml"),
    Fault("a poll that can change nothing", CASE, "polls: [tone, thanks]", "polls: [role, tone, thanks]", "no-poll",
          "polls:", "stands under given:"),
    Fault("a fact that is none", FLOW, "    when: {experience: negative}\n", "    when: {experiense: negative}\n",
          "unknown-fact", "experiense", "Did you mean 'experience'?"),
    Fault("a value that is none", FLOW, "    when: {experience: negative}\n", "    when: {experience: negativ}\n",
          "unknown-value", "negativ}", "Did you mean 'negative'?"),
    Fault("a guard on what was not asked yet", FLOW, "    when: {experience: negative}\n",
          "    when: {experience: negative, tone: rapport}\n",
          "guard-unasked", "tone: rapport}", "has not been asked on every way here"),
    Fault("a step called state", FLOW, "  - {id: field, ask: field}", "  - {id: state, ask: field}",
          "reserved-name", "id: state"),
    Fault("a call where a step belongs", FLOW, ROLE, "  - {id: role, ask: role, next: [{else: os.system}]}\n",
          "unknown-step", "os.system", "nothing is ever called"),
    Fault("a step that asks and judges", FLOW, ROLE, "  - {id: role, ask: role, judge: etiquette}\n",
          "exactly-one", "ask: role, judge: etiquette}", "exactly one thing"),
    Fault("two steps of one name", FLOW, TONE, TONE + "  - {id: tone, ask: format}\n",
          "duplicate-id", "{id: tone, ask: format}", "stands here again"),
    Fault("a key that is none", FLOW, "description: Decides", "rulse: etiquette\ndescription: Decides",
          "unknown-key", "rulse", "Did you mean 'rules'?"),
    Fault("a conversation without advice", FLOW, "  - {id: advice, judge: etiquette} ", "  # ",
          "no-judge", "flow: after_interview", "gives no advice"),
    Fault("a conversation without its texts", FLOW, "  - {id: texts, compose: notes} ", "  # ",
          "no-compose", "flow: after_interview", "hands over no note"),
    Fault("a way past the advice", FLOW, "  - {id: relation, ask: relation}\n",
          '  - {id: relation, ask: relation, next: [{when: {relation: connected}, go: format}, {else: experience}]}\n',
          "no-judge", "flow: after_interview", "gives no advice"),
    Fault("left open on purpose, though offered", FLOW, "  - {fact: interested} ",
          "  - {fact: country}\n  - {fact: interested} ",
          "assume-offered", "{fact: country}", "is left open anyway"),
    Fault("left open on purpose twice", FLOW, "  - {fact: interested} ",
          "  - {fact: interested}\n  - {fact: interested} ",
          "duplicate-id", "{fact: interested}  ", "assumed twice"),
    # -- policy --------------------------------------------------------------------------------------------------------
    Fault("a note that is none", RULES, "    note: K10\n", "    note: K11\n", "unknown-note", "K11", "Did you mean"),
    Fault("an e-mail in place of a note", RULES, "    note: K10\n", "    note: E1\n", "mail-as-note", "note: E1"),
    Fault("a claim that is none", RULES, "    cites: [C64, C65, C66]\n", "    cites: [C64, C65, C96]\n",
          "unknown-claim", "C96"),
    Fault("a verdict that is none", RULES, "    verdict: skip\n", "    verdict: skp\n",
          "unknown-verdict", "verdict: skp", "Did you mean 'skip'?"),
    Fault("a reminder that is none", RULES, "    remind: [M1, M4, M5]\n", "    remind: [M1, M4, M55]\n",
          "unknown-reminder", "M55"),
    Fault("a row that others always forestall", RULES, "  - id: R02  ",
          "  - {id: R90, when: {relation: connected}, verdict: skip}\n"
          "  - id: R02  ", "idle-rule", "R90", "Row R01 above always fits first."),
    Fault("going ahead against a yes", RULES, "    verdict: connect_now\n    note: K10\n",
          "    verdict: connect_now\n    note: K10\n    override: K10\n",
          "override-open", "- id: R05", "although its verdict lets them"),
    Fault("a gate that speaks of going ahead where nobody does", RULES,
          "    verdicts: [skip, wait_then_connect, thank_you_then_wait, thank_you_first, thank_you_then_hold, "
          "hold_for_outcome, one_check_then_close, route_via_agency]\n    with_note: true\n",
          "    with_note: true\n", "override-open", "- id: G8", "offers no such way"),
    Fault("a gap in the rows", RULES, "    when: {thanks: {not: sent}}\n    verdict: connect_now\n",
          "    when: {thanks: no_address}\n    verdict: connect_now\n", "rules-gap", "rules: etiquette",
          "no row fits somebody with"),
    Fault("a law that does not hold", RULES, '      - {elapsed: {not: waiting}}\n      - {invited: "yes"}\n',
          "      - {elapsed: {not: waiting}}\n", "law-broken", "- id: never_in_haste", "invited: yes"),
    Fault("an example that fails", RULES,
          "    expect: {verdict: connect_now, rule: R22, note: K2, mails: [], remind: [M7], gates: [G1]}\n",
          "    expect: {verdict: connect_now, rule: R23, note: K2, mails: [], remind: [M7], gates: [G1]}\n",
          "example-fails",
          "- name: The few days are over, warm, thank-you sent", "Row R22 decides."),
    Fault("a condition that never fits", RULES, "  - id: ordinary\n    when: {tone: ordinary}\n",
          "  - id: ordinary\n    when: {tone: {not: [rapport, ordinary, reserved]}}\n",
          "never-fits", "not: [rapport, ordinary, reserved]", "decides nothing"),
    # -- facts and limits ----------------------------------------------------------------------------------------------
    Fault("a cautious value that is none", FACTS, "    cautious: reserved\n", "    cautious: reservd\n",
          "unknown-value", "reservd", "Did you mean 'reserved'?"),
    Fault("more days than a coach may set", FACTS, "starts: {waiting: 0, ready: 3, silent: 11}",
          "starts: {waiting: 0, ready: 7, silent: 11}", "out-of-bounds", "ready: 7", "2 to 5"),
    Fault("a limit without its source", "flows/limits.yaml",
          "    unit: personalised invitations a month on a free account\n", "",
          "missing-key", "notes_per_month", "'unit' is missing"),
    # -- words ---------------------------------------------------------------------------------------------------------
    Fault("a blank that nothing fills", ADVICE, 'later: "Your LinkedIn note, to be sent from {date}:"',
          'later: "Your LinkedIn note, to be sent from {day}:"', "placeholder", "to be sent from {day}", "{day}"),
    Fault("a blank that nothing fills, in the advice", ADVICE, '"Wait a little: connect from {date}."',
          '"Wait a little: connect from {day}."', "placeholder", "connect from {day}", "{day}"),
    Fault("two buttons that read the same", QUESTIONS, 'neutral: "So-so"', 'neutral: "Well"', "same-label",
          'neutral: "Well"', "the buttons 'positive' and 'neutral' of experience"),
    Fault("a message without words", ADVICE, 'name: "leave it"', 'name: ""', "message-empty", 'name: ""'),
    Fault("a blank that reaches inside", ADVICE, 'later: "Your LinkedIn note, to be sent from {date}:"',
          'later: "Your LinkedIn note, {date.__class__}:"', "placeholder-syntax", "__class__", "bare name"),
    Fault("a blank as wide as a house", ADVICE, 'later: "Your LinkedIn note, to be sent from {date}:"',
          'later: "Your LinkedIn note, {date:>1000000000}:"', "placeholder-syntax", ">1000000000"),
    Fault("a message that is missing", ADVICE, '  skip:\n    name: "leave it"\n', "  skip:\n",
          "message-missing", 'advice: "Leave it.', "verdict.skip.name"),
    Fault("a message that nobody says", ADVICE, 'menu:\n  title: "What next?"\n',
          'menu:\n  title: "What next?"\n  cheer: "Well done"\n', "message-idle", "cheer", "menu.cheer"),
    Fault("a plural form that is missing", QUESTIONS,
          '    one: "That is one character too long; there is room for {limit}. Could you say it a little shorter?"\n',
          "", "plural", "  too_long:", "'one'"),
    Fault("more claims behind an advice than one message holds", RULES, "cites: [C14, C15, C52]\n",
          f"cites: [{', '.join(f'C{n:02}' for n in range(1, 72))}]\n", "why-too-long", "- id: R20", "row 'R20'"),
    Fault("a row that is sure of something else", RULES, "beyond: true\n    why: Keeping in touch",
          "beyond: perhaps\n    why: Keeping in touch", "not-one-of", "beyond: perhaps", "judgement, true"),
    Fault("an advice nobody reads to its end", ADVICE, 'advice: "Leave it. You need not connect here."',
          'advice: "Leave it. ' + "You need not connect here. " * 40 + '"', "advice-too-long", "Leave it. You",
          "row R02 can take"),
    Fault("a note that cannot fit", TEXTS, '    briefest: "Hi {first}, I follow the work of {company} and would',
          '    briefest: "Hi {first}, I follow the work of {company} ' + "and follow it on " * 8 + "and would",
          "note-too-long", "and follow it on", "Somebody would get no note."),
    Fault("a shorter text above a longer one", NOTES,
          '      - {text: brief}     # without "before I start"\n'
          '      - {text: briefest}  # without "working with you"\n',
          "      - {text: briefest}\n      - {text: brief}\n", "idle-text", "- {text: brief}",
          "'briefest' above it is never longer"),
    Fault("a word that a neutral note must not say", TEXTS,
          '    briefest: "Hi {first}, I follow the work of {company} and would',
          '    briefest: "Hi {first}, after the interview I follow the work of {company} and would',
          "note-style", "after the interview I follow", "'interview'"),
    Fault("a description that Telegram has no room for", "messages/en/desk.yaml", '  short: "Whether, when',
          '  short: "Once more: whether, when', "text-too-long", "Once more: whether", "room for 120"),
    Fault("a locale that nobody knows", "messages/en/language.yaml", 'locale: "en_GB"', 'locale: "xx_YY"',
          "unknown-locale", "xx_YY"),
    # -- YAML ----------------------------------------------------------------------------------------------------------
    Fault("a bare yes", FACTS, '    can_change: ["yes"]\n', "    can_change: [yes]\n", "yaml-boolean-word",
          "[yes]", '"yes"'),
    Fault("a bare time", "flows/reminders.yaml", 'before: "15:00"', "before: 15:00", "yaml-time",
          "before: 15:00", '"15:00"'),
    Fault("a bare date", "messages/en/language.yaml", 'name: "English"', "name: 2026-11-25", "yaml-date", "2026-11-25"),
    Fault("a name twice", FLOW, "rules: etiquette\n", "rules: etiquette\nrules: etiquette\n",
          "yaml-duplicate-key", "rules: etiquette", "line 8"),
    Fault("an alias", FLOW, "rules: etiquette\n", "rules: *etiquette\n", "yaml-alias", "*etiquette"),
    Fault("an anchor", FLOW, "rules: etiquette\n", "rules: &etiquette etiquette\n", "yaml-anchor", "&etiquette"),
    Fault("a tag that would run a program", FLOW, "rules: etiquette\n",
          'rules: !!python/object/apply:os.system ["touch /tmp/afterword-ran"]\n', "yaml-tag", "os.system"),
    Fault("a tab", FLOW, "    when: {experience: negative}\n", "\twhen: {experience: negative}\n", "yaml-tab",
          "\twhen", "Replace the tab"),
    Fault("a bracket that stays open", FLOW, ROLE, "  - {id: role, ask: role\n", "yaml-bracket-open",
          "{id: role, ask: role"),
    Fault("a quote that stays open", FLOW, "description: Decides", 'description: "Decides', "yaml-quote-open",
          'description: "Decides'),
    Fault("a text cut off by a comment", "messages/en/terminal.yaml", 'bye: "Good luck."', "bye: Good luck #1",
          "yaml-comment-behind-text", "Good luck #1"),
]  # fmt: skip


SMALL = "messages/en/small.yaml"
SMALL_FLOW, SMALL_RULES = "flows/small.yaml", "flows/rules/small.yaml"
SMALL_ADVICE = '    advice: "Hold it until they write."\n'
# On the small content: all that takes the whole theorem to be found.
PROVED = [
    Fault("a step that nobody reaches", SMALL_FLOW, "  - {id: relation, ask: relation}\n",
          "  - {id: relation, ask: relation, next: [{else: interviewed_on}]}\n", "unreachable-step", "{id: tone",
          "nobody ever reaches step 'tone'"),
    Fault("a guard on what was not asked yet", SMALL_FLOW, "  - {id: relation, ask: relation}\n",
          "  - {id: relation, ask: relation, when: {tone: warm}}\n", "guard-unasked", "tone: warm}",
          "has not been asked on every way here"),
    Fault("a conversation without advice", SMALL_FLOW, "  - {id: advice, judge: small}\n", "", "no-judge",
          "flow: small", "gives no advice"),
    Fault("a conversation without its texts", SMALL_FLOW, "  - {id: texts, compose: notes}\n", "", "no-compose",
          "flow: small", "hands over no note"),
    Fault("a row that others always forestall", SMALL_RULES, "  - id: R2\n",
          "  - {id: R9, when: {relation: connected}, verdict: hold}\n  - id: R2\n", "idle-rule", "R9",
          "Row R1 above always fits first."),
    Fault("going ahead against a yes", SMALL_RULES, "    verdict: connect_now\n    note: K1\n",
          "    verdict: connect_now\n    note: K1\n    override: K1\n", "override-open", "- id: R4",
          "although its verdict lets them"),
    Fault("a gap in the rows", SMALL_RULES, "  - id: R4\n", "  - id: R4\n    when: {overridden: \"no\"}\n", "rules-gap",
          "rules: small", "no row fits somebody with"),
    Fault("a law that does not hold", SMALL_RULES, "      - {elapsed: ready}\n", "      - {tone: formal}\n",
          "law-broken", "- id: not_in_haste", "tone: warm"),
    Fault("an example that fails", SMALL_RULES, "    expect: {verdict: connect_now, rule: R4,",
          "    expect: {verdict: connect_now, rule: R3,", "example-fails", "- name: The days are over",
          "Row R4 decides."),
    Fault("a gate that nobody meets", SMALL_RULES, "    verdicts: [keep_warm]\n", "    verdicts: [wait]\n",
          "idle-gate", "- id: G1", "met by nobody"),
    Fault("a case that comes out otherwise", "flows/cases/monday.yaml", "tone: warm", "tone: formal", "case-fails",
          "case: monday", "expects wait by R3, but it is hold by R2"),
    Fault("a case that hides its advice", "flows/cases/monday.yaml", "choices: [connect_now, wait, hold]",
          "choices: [connect_now, hold]", "case-unoffered", "case: monday", "Nobody could be"),
    Fault("a blank that nothing fills", SMALL, "Wait until {date}.", "Wait until {day}.", "placeholder", "{day}",
          "{day}"),
    Fault("a message that is missing", SMALL, SMALL_ADVICE, "", "message-missing", 'name: "hold it"', "verdict.hold"),
    Fault("a message that nobody says", SMALL, "faq:\n", "heading:\n  cheer: \"Well done\"\nfaq:\n", "message-idle",
          "cheer", "heading.cheer"),
    Fault("a message without words", SMALL, 'name: "hold it"', 'name: ""', "message-empty", 'name: ""'),
    Fault("two buttons that read the same", SMALL, 'formal: "Formally"', 'formal: "Warmly"', "same-label",
          'formal: "Warmly"', "the buttons 'warm' and 'formal' of tone"),
    Fault("an advice nobody reads to its end", SMALL, SMALL_ADVICE, SMALL_ADVICE.replace("Hold", "Hold it. " * 120),
          "advice-too-long", "Hold it. Hold", "row R2 can take"),
    Fault("a note that cannot fit", SMALL, '    brief: "Hi {first}, thank', '    brief: "Hi {first}, ' + "thank " * 20
          + 'thank', "note-too-long", "thank thank", "Somebody would get no note."),
    Fault("a shorter text above a longer one", "flows/notes.yaml", "      - {text: long}\n      - {text: brief}\n",
          "      - {text: brief}\n      - {text: long}\n", "idle-text", "- {text: long}",
          "'brief' above it is never longer"),
]  # fmt: skip
SLOW = {fault.code for fault in PROVED} | {"plural", "note-style", "text-too-long"}
"""What takes seconds to be found in the shipped content."""


def marked(fault: Fault) -> object:
    return pytest.param(fault, id=fault.name, marks=[pytest.mark.slow] if fault.code in SLOW else [])


def gives_one_finding(content: Path, fault: Fault) -> None:
    plant(content, [fault])
    _, issues = check(content)
    assert [(i.place.file, i.place.line, i.code) for i in issues] == [(fault.file, line_of(content, fault), fault.code)]
    assert fault.says in str(issues[0])
    assert issues[0].what.endswith(".")


@pytest.mark.parametrize("fault", [marked(fault) for fault in FAULTS])
def test_one_fault_gives_one_finding_at_its_line(tmp_path: Path, fault: Fault) -> None:
    gives_one_finding(copied(tmp_path), fault)


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in PROVED])
def test_one_fault_in_a_small_content_gives_one_finding(tmp_path: Path, fault: Fault) -> None:
    gives_one_finding(small(tmp_path), fault)


def test_nothing_is_found_in_the_small_content(tmp_path: Path) -> None:
    assert check(small(tmp_path))[1] == []


@pytest.mark.slow
def test_a_gate_that_nobody_meets_is_found_beside_the_examples_that_miss_it(tmp_path: Path) -> None:
    content = copied(tmp_path)
    old = "    when: {tone: reserved}\n    verdicts: [connect_now, connect_neutral]\n"
    fault = Fault(
        "a gate on nothing", RULES, old, old.replace("}", ", relation: connected}", 1), "idle-gate", "- id: G2"
    )
    plant(content, [fault])
    _, issues = check(content)
    assert {issue.code for issue in issues} == {"idle-gate", "example-fails"}
    (found,) = (issue for issue in issues if issue.code == "idle-gate")
    assert (found.place.file, found.place.line) == (RULES, line_of(content, fault))
    assert "met by nobody" in str(found)


@pytest.mark.slow
def test_a_voice_less_than_in_the_other_wordings_is_found(tmp_path: Path) -> None:
    content = copied(tmp_path)
    plant(content, [Fault("a voice less", TEXTS, LAST_VOICE, "", "voice-missing", "", "Write 1 more")])
    _, issues = check(content)
    assert [issue.code for issue in issues] == ["voice-missing"]
    assert "'note.K7.briefest' has 5 wordings" in str(issues[0])


def test_there_are_enough_of_them() -> None:
    assert len(FAULTS) >= 40
    assert len({fault.code for fault in FAULTS}) >= 30
