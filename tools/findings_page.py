"""Writes docs/reference/findings.md: `python -m tools.findings_page` (`make findings`).

What is wrong with the YAML itself is described where it is found (bot/content/yaml_errors.py) and only has its example
here; everything else is described in this table. A test sees that no code of a finding is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.content.yaml_errors import TRAPS, WORDS

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "findings.md"
HEAD: Final = """# Findings

What `afterword check` may find, by the code that stands behind a finding (and in `--json`). Made by `make findings`.

Each finding names the file and the line. All are told at once, in the order of the files; mend the first ones and check again.
"""


@dataclass(frozen=True)
class FindingCode:
    """A kind of finding: what is wrong, why it matters, how it looks, and the way out."""

    code: str
    what: str
    why: str
    example: str
    way_out: str


_ = FindingCode
# Rows are to be read as rows:
# fmt: off
FILES: Final = (
    _("missing-file", "A file that every content has is not there.", "What it holds would be guessed.", "no flows/limits.yaml", "Take it from the shipped content."),
    _("unreadable-file", "A file or folder cannot be read.", "What it holds would be missing in silence.", "a file without read rights", "Look at its rights and at where it lies."),
    _("wrong-ending", "A file does not end in .yaml.", "It would be passed over.", "flows/facts.yml", "Rename it."),
    _("no-first-flow", "No conversation has the name with which everybody begins.", "Nobody could begin.", "flows/talk.yaml only", "Call one of them after_interview."),
)
SHAPE: Final = (
    _("unknown-key", "A key that this place does not know.", "It would have no effect.", "verdit: skip", "Write the key that was meant; the finding names the nearest."),
    _("missing-key", "A key that has to be here is not.", "The part says too little.", "- {id: R07, when: {}}", "Add it with its value."),
    _("wrong-type", "A value of another kind than belongs here.", "It cannot be read as what it should be.", "limit: many", "Write what the finding says belongs here."),
    _("no-value", "A key, a dash or a text with nothing behind it.", "Nobody can tell what was meant.", "verdict:", "Write a value, or drop the line."),
    _("too-few", "A list or text with too little in it.", "It would say nothing.", "values: []", "Add what is missing."),
    _("too-many", "A list or text with too much in it.", "It cannot be shown or sent.", "more entries than fit", "Take some out."),
    _("out-of-range", "A number beyond what is allowed here.", "It cannot be meant.", "days: 9999", "Write a number within the range that the finding names."),
    _("not-one-of", "A word that is none of those that may stand here.", "It would mean nothing.", "kind: chioce", "Write one of the words that the finding names."),
    _("bad-name", "A name with a form that names do not have.", "Names stand in files, buttons and databases.", "id: Last week", "Write small letters, digits and _; ids are a letter and a number, such as R07."),
    _("bad-time", "No time of day.", "It could not be kept to.", 'at: "25:00"', 'Write it in quotes from "00:00" to "23:59".'),
    _("bad-date", "No day of the calendar.", "It could not be counted from.", 'as_of: "2026-02-30"', 'Write it in quotes as year-month-day, such as "2026-11-24".'),
    _("reserved-name", "A name that already means something.", "It could be taken for the other.", "a step called end", "Choose another name."),
    _("duplicate-id", "Two parts with one name.", "Only one of them would count.", "two rows R07", "Rename or delete one of them."),
    _("exactly-one", "Several things, or none, where exactly one belongs.", "Which of them counts would be chance.", "- {id: a, ask: b, judge: c}", "Keep one of them."),
    _("cannot-change", "A part that cannot be what it is declared to be.", "The promise could not be kept.", "a row that overrides itself", "Follow the way out that the finding names."),
)
NAMES: Final = (
    _("unknown-fact", "A fact that flows/facts.yaml does not have.", "A condition on it would never be met.", "when: {tome: warm}", "Write the fact that was meant, or declare it."),
    _("unknown-value", "A value that the fact does not have.", "A condition on it would never be met.", "when: {tone: wram}", "Write one of the fact's values."),
    _("unknown-step", "A step that this conversation does not have.", "The way would lead nowhere.", "go: tonne", "Write the step that was meant, or end."),
    _("unknown-rules", "A ruleset that flows/rules/ does not have.", "No advice could be given.", "rules: etiquete", "Write the name of one."),
    _("unknown-verdict", "A verdict that the rules do not have.", "Nobody could be told it.", "verdict: skipp", "Write one of the verdicts, or take it out."),
    _("unknown-note", "A note that flows/notes.yaml does not have.", "Nothing could be handed over.", "note: K99", "Write the id of one."),
    _("unknown-mail", "An e-mail that flows/notes.yaml does not have.", "Nothing could be handed over.", "with_mail: E99", "Write the id of one."),
    _("unknown-reminder", "A reminder that flows/reminders.yaml does not have.", "Nothing would be reminded of.", "remind: [M99]", "Write the id of one."),
    _("unknown-claim", "A claim that flows/claims.yaml does not have.", "The source would not say so.", "cites: [C99]", "Write the id of one."),
    _("unknown-limit", "A limit that flows/limits.yaml does not have.", "The length could not be told.", "limit: not", "Write the name of one."),
    _("unknown-slot", "A blank that this note does not have.", "Nothing could be shortened.", "shorten: [compny]", "Write one of its blanks."),
    _("unknown-sort", "A sort of message that flows/ledger.yaml does not have.", "Nothing would be counted.", "soon_after: {thanx: 1}", "Write the name of one."),
    _("unknown-message", "A protected message that does not exist.", "It would protect nothing.", "- cohort.leav", "Write its key as in messages/."),
    _("unknown-locale", "A locale that is not known.", "Dates and plurals could not be written.", "locale: en_XX", "Write one such as en_GB or es_ES."),
    _("note-as-mail", "A note where an e-mail belongs.", "It has no subject.", "with_mail: K2", "Name an e-mail, E and a number."),
    _("mail-as-note", "An e-mail where a note belongs.", "It does not fit LinkedIn's box.", "note: E1", "Name a note, K and a number."),
    _("mail-or-note", "A part that only a note has, at an e-mail, or the other way round.", "It would have no effect.", "limit: at an e-mail", "Take it out, or make it the other kind."),
)
CONDITIONS: Final = (
    _("never-fits", "A condition that nothing can meet.", "It decides nothing.", "when: {days: {at_least: 5, at_most: 2}}", "Widen it, or take the part out."),
    _("not-a-number", "Bounds on a fact that is not a number.", "It has no order.", "when: {tone: {at_least: 2}}", "Name its values."),
    _("not-a-date", "A date belongs here, and this fact is none.", "No day can be counted from it.", "from: tone", "Name a fact that is a date."),
    _("not-a-text", "A blank is to be filled by a fact that is not a text.", "Its words could not be put there.", "slots: {first: tone}", "Name a fact that is typed."),
    _("not-from-this-date", "A fact that does not follow from the date given here.", "It would never come to have that value.", "becomes: {tone: warm}", "Name one that follows from the date."),
    _("not-readable", "A fact that cannot be read at this place.", "It is not known there.", "a note's blank in a rule", "Use a fact that is known there."),
    _("not-askable", "A fact that cannot be asked.", "It follows from others.", "ask: days_since", "Ask for what it follows from."),
    _("only-for-questions", "A key that only a question has.", "It would have no effect.", "hints at a step that judges", "Take it out."),
    _("out-of-bounds", "A starting value outside the bounds of its number.", "It could not be reached.", "starts beyond the last day", "Write a number within them."),
    _("start-missing", "A value without the day on which it begins.", "It would never be true.", "values: [fresh, old], starts: {fresh: 0}", "Add it."),
    _("starts-order", "Values that begin in another order than they stand.", "The order is the order of time.", "starts: {old: 5, fresh: 9}", "Put them in order."),
    _("starts-at-zero", "The first value does not begin at 0.", "The first days would have no value.", "starts: {fresh: 1}", "Write 0."),
    _("value-missing", "A limit by a fact without a number for each of its values.", "For some nobody could tell the length.", "values: {free: 200}", "Add the value with its number."),
    _("else-missing", "Branches without an else.", "For some the way would be open.", "next: [{when: {tone: warm}, go: a}]", "Add - else: and a step as the last one."),
    _("else-not-last", "An else before the last branch.", "What follows could never be taken.", "next: [{else: a}, {when: {}, go: b}]", "Move it to the end."),
    _("else-twice", "Two elses.", "Only one can be taken.", "next: [{else: a}, {else: b}]", "Keep the last one."),
    _("backwards", "A way to the step itself or one above.", "A conversation could go round for ever.", "go: the_first_step", "Go to a later step or to end."),
    _("other-rules", "Two steps of one conversation judge by different rulesets.", "One decision has one set of rules.", "judge: other", "Write the ruleset of the flow."),
    _("offer-asked", "A fact that is offered, and asked as well.", "It would be asked twice.", "offers: [recruiter], and a step asks it", "Delete one of the two."),
    _("assume-offered", "A fact that is left open on purpose, and offered as well.", "It cannot be both.", "assumes and offers with one fact", "Delete one of the two."),
    _("last-text-for-some", "The last, shortest text of a note has a condition.", "Some would get no note.", "ladder ends with when:", "Take the condition out, or add a text for everybody."),
    _("no-step", "A reminder that comes again without a distance.", "All would come at once.", "again: {times: 2}", "Add business_days or days."),
    _("time-order", "A time that lies before the one it should follow.", "The day would be over.", 'same_day: {before: "15:00", at: "14:00"}', "Write a later time."),
    _("time-out-of-hours", "A time at which nobody is to be written to.", "Reminders keep to civil hours.", 'at: "03:00"', "Write a time within the hours that the finding names."),
    _("no-poll", "A fact that a group cannot vote on.", "A poll needs a few fixed options.", "polls: [first]", "Choose a fact with two to ten values."),
)
CONVERSATIONS: Final = (
    _("unreachable-step", "A step that nobody reaches.", "What it asks is never asked.", "every way above goes past it", "Let a step above go to it, or take it out."),
    _("idle-question", "A question that is skipped for everybody.", "Nothing can depend on it there.", "asked below what it decides", "Ask it where it matters, or take it out."),
    _("unused-question", "A question that no rule and no note reads.", "People would answer for nothing.", "ask: hobby", "Use it, or ask no more."),
    _("same-options", "Two options that lead to the same, whatever else is answered.", "The choice is none.", "warm and friendly read alike everywhere", "Make one of them, or say under alike that it is meant."),
    _("not-alike", "Options that are declared alike and are not.", "Somebody is told something else.", "alike: [[a, b]]", "Take them out of alike."),
    _("no-judge", "A conversation with an end before any advice.", "It would give none.", "a flow without a judge: step", "Add it, on every way to the end."),
    _("no-compose", "A conversation with an end before its texts.", "No note would be handed over.", "a flow without a compose: step", "Add it, on every way to the end."),
    _("guard-unasked", "A step decides by something that was not asked on every way to it.", "A condition on something nobody was asked cannot be judged.", "when: {tone: warm} above the question for tone", "Ask it above, or take it out of the condition."),
    _("fact-unasked", "A rule reads what no conversation asks.", "It would always count as its cautious value, or as open.", "a row on recruiter, asked nowhere", "Ask for it, or say under assumes that it is left open."),
    _("flow-unasked", "A rule reads what this conversation does not ask.", "Here it would always count as its cautious value, or as open.", "asked in another flow only", "Ask for it here, or say under assumes that it is left open."),
    _("step-unasked", "A step judges or writes before something that may change it was asked on every way.", "Some would get advice that another answer changes.", "judge: above ask: thanks", "Ask it above on every way, or say under assumes that it is left open."),
    _("idle-assume", "A fact is said to be left open, and is not.", "The exception hides nothing any more.", "assumes a fact that is asked", "Take it out of assumes."),
    _("idle-fact", "A fact that nothing reads.", "It only looks as if it mattered.", "a fact no rule, note or flow names", "Ask for it where it matters, or take it out."),
    _("wait-unreminded", "Somebody is told to wait and is offered no reminder.", "A wait without an end is forgotten.", "verdict: wait, no remind", "Add remind: to the row or the verdict."),
    _("day-unknown", "An advice names a day that nobody can know.", "It could not be dated.", "wait from a date that was not asked", "Ask for the date, or take the wait out."),
)
_IDLE: Final = "Move it up, widen it, or take it out."
_UNTALKED: Final = "Ask what it depends on wherever it can fit, or take it out."
RULES: Final = (
    _("rules-gap", "A set of answers that no row fits.", "Somebody would get no advice.", "no last row with when: {}", "Add a row for it, or a last one for everybody."),
    _("idle-rule", "A row that nobody meets.", "Rows above it take everybody.", "R09 below a wider R08", _IDLE),
    _("idle-verdict", "A verdict that no row gives.", "It only looks as if it could be told.", "verdicts: [skip, hold], no row with hold", "Give it in a row, or take it out."),
    _("idle-gate", "A gate that no advice meets.", "It never holds anything back.", "a gate for what R01 takes away", _IDLE),
    _("idle-remark", "A remark that no advice meets.", "It is never said.", "a remark for what R01 takes away", _IDLE),
    _("idle-note", "A note that no advice hands over.", "It is never read.", "K9, named by no row", "Hand it over, or take it out."),
    _("idle-reminder", "A reminder that no advice asks for.", "It never comes.", "M9, named by no row", "Ask for it, or take it out."),
    _("untalked-rule", "A row that fits some answers, and no conversation comes to them.", "Whoever it fits is never asked what it takes to find out.", "a row on two facts of two flows", _UNTALKED),
    _("untalked-verdict", "A verdict that no conversation comes to.", "Whoever it fits is never asked what it takes to find out.", "its one row is untalked", _UNTALKED),
    _("untalked-gate", "A gate that no conversation comes to.", "Whoever it fits is never asked what it takes to find out.", "a gate on two facts of two flows", _UNTALKED),
    _("untalked-remark", "A remark that no conversation comes to.", "Whoever it fits is never asked what it takes to find out.", "a remark on two facts of two flows", _UNTALKED),
    _("untalked-note", "A note that no conversation comes to.", "Whoever it fits is never asked what it takes to find out.", "handed over by an untalked row", _UNTALKED),
    _("untalked-reminder", "A reminder that no conversation comes to.", "Whoever it fits is never asked what it takes to find out.", "asked for by an untalked row", _UNTALKED),
    _("override-open", "Going ahead anyway is possible where it should not be, or leads to nothing.", "The button would promise what the rules do not give.", "override: on a row that connects", "Follow the way out that the finding names."),
    _("law-broken", "A law does not hold for some answers.", "The law says what must always be true; the finding shows a conversation that breaks it.", "laws: never connect before the thanks", "Change the row that decides there, or the law."),
    _("law-over-time-broken", "A law over time does not hold along some history.", "Advice would contradict what was said before.", "apart: 0 in flows/ledger.yaml", "Change the rows, the ledger or the reminders, or the law."),
    _("example-fails", "An example comes out otherwise.", "Examples are what the coach has said is right.", "given: {outcome: offer}, expect: skip", "Change the rules, or the example."),
    _("claim-dropped", "A claim of the source that nothing carries.", "The advice would leave it out in silence.", "C15, cited nowhere", "Cite it where it is followed."),
)
TEXTS: Final = (
    _("message-missing", "Something can be said that has no words.", "Nothing would be said.", "a new verdict without verdict.x.advice", "Add the key in messages/."),
    _("message-idle", "Words that nothing ever says.", "Perhaps the key is a slip of another.", "question.tonne.text", "Rename it, or delete it."),
    _("message-empty", "An empty text.", "Nothing would be said.", 'text: ""', "Write its words."),
    _("duplicate-message", "One message in two files.", "Only one of them would be said.", "notice.word twice", "Delete one of them."),
    _("placeholder", "A blank that nobody fills in.", "It would be shown as it stands.", "Dear {nmae}", "Write one of the blanks that the finding offers."),
    _("placeholder-syntax", "A blank that is not a bare name in braces.", "It could not be filled in.", "{first!r}", "Write a bare name, such as {first}."),
    _("plural", "Plural forms that this language lacks or does not have, or that count nothing.", "Some numbers would read wrong.", "one: without other:", "Write the forms that the finding names, or one text."),
    _("long-label", "A button that is longer than a phone shows.", "It would be cut off.", "a label of fifty letters", "Say it shorter."),
    _("same-label", "Two buttons of one question with the same words.", "Nobody could tell them apart.", "No and No", "Word one of them otherwise."),
    _("label-misread", "The words on a button would be read as another button.", "Whoever types the words of a button means it.", "So-so under experience: positive:", "Narrow the phrase, or word the button otherwise."),
    _("phrase-shared", "A text that means two answers to one question.", "Neither could be taken.", "fine under positive: and under neutral:", "Narrow one of the phrases."),
    _("bad-phrase", "A phrase that cannot be read.", "It would never be understood.", "went [really (well|great)", "Close its brackets, and name groups that there are."),
    _("button-too-long", "What a button carries is longer than Telegram allows.", "It could not be sent.", "a very long id of an option", "Give it a shorter name."),
    _("text-too-long", "A text that is longer than its place allows, at its longest.", "It could not be sent.", "a description of 600 letters", "Say it shorter."),
    _("advice-too-long", "An advice that is longer than one message.", "It could not be sent whole.", "twelve long reasons at once", "Shorten its reasons, cautions or gates."),
    _("why-too-long", "An explanation that is longer than one message.", "It could not be sent whole.", "a row with thirty claims", "Cite fewer."),
    _("plain-words", "A word, code, quote or long sentence that texts for candidates do not have.", "It would read like a form.", "Send an e-mail (C20)", "Say it as you would to a friend; the words are listed in messages/<language>/style.yaml."),
    _("twin-wordings", "Two wordings of a text that share more than half of their words.", "Two candidates of one manager would send the same note.", "Thanks for the interview, twice", "Word one of them otherwise."),
    _("worn-words", "Words that stand in most wordings of a note.", "Everybody writes them.", "our talk, in five of six", "Say it in other words."),
    _("voice-missing", "A text with fewer alternatives than the others of its note.", "Subject, text and closing have to be of one voice.", "three texts, two subjects", "Write as many as the others have, in the same order."),
    _("note-too-long", "The shortest text of a note does not fit at its longest.", "Somebody would get no note.", "a last wording of 210 characters", "Shorten it by what the finding says."),
    _("mail-length", "An e-mail outside the length that its kind allows.", "It would not read as what it is.", "a thank-you of three pages", "Shorten or lengthen it."),
    _("note-style", "A word that must not stand in a note, or a sign that notes do not have.", "Notes are polite and plain.", "ASAP!!!", "Word it otherwise."),
    _("idle-text", "A text of a note that nobody is ever given.", "A longer one always fits where it does.", "the shorter text above the longer", "Put the longer text first."),
    _("protected-text", "A text that no coach's version may change is changed.", "People read it before they agree to something or delete it.", "cohort.join.text in a version", "Leave it as it is."),
    _("protected-list", "A version changes the list of protected texts.", "No version decides what it may not change.", "flows/protected.yaml handed in", "Leave it out."),
)
CASES: Final = (
    _("case-fails", "A case comes out otherwise than it says.", "A group would be taught the wrong thing.", "expect: {verdict: skip}", "Change the case or the rules."),
    _("case-unoffered", "The right verdict is not among the choices.", "Nobody could be right.", "choices without the verdict", "Add it to choices."),
    _("idle-poll", "A poll whose answer changes nothing.", "The group would learn nothing from it.", "polls: [account]", "Take it out of polls."),
)
YAML_EXAMPLES: Final = {
    "yaml-boolean-word": "no", "yaml-null-word": "~", "yaml-time": "at: 09:30", "yaml-date": "as_of: 2026-11-24",
    "yaml-number-base": "0x1F", "yaml-number-underscore": "1_000", "yaml-number-zero": "0123",
    "yaml-number-exponent": "1e3", "yaml-number-point": "5.", "yaml-number-infinite": ".inf", "yaml-number-plus": "+5",
    "yaml-number-long": "1234567890123456", "yaml-merge-key": "<<: {a: b}", "yaml-equals-sign": "= ",
    "yaml-odd-space": "a no-break space at the end", "yaml-too-big": "a file of many megabytes",
    "yaml-encoding": "a file saved as Latin-1", "yaml-odd-character": "a zero-width space",
    "yaml-too-deep": "[[[[[…]]]]]", "yaml-too-many": "a file that is no YAML at all", "yaml-empty": "an empty file",
    "yaml-documents": "---", "yaml-key-not-text": "1: one", "yaml-key-not-a-name": "[a]: b",
    "yaml-duplicate-key": "when: above when:", "yaml-alias": "*thanks", "yaml-anchor": "&thanks", "yaml-tag": "!!str 5",
    "yaml-name-alone": "{tone}", "yaml-comment-behind-text": "text: Hi # there", "yaml-tab": "a tab before a key",
    "yaml-text-after-quote": "'It's here'", "yaml-text-after-bracket": "{first} is here",
    "yaml-colon-in-text": "text: Note: read", "yaml-indented-too-far": "a key further right than its neighbours",
    "yaml-dash": "steps: - id: a", "yaml-no-colon": "verdict skip", "yaml-quote-open": 'text: "Hello',
    "yaml-backslash": r'"C:\x"', "yaml-block-text": "text: | Hello", "yaml-special-sign": "@home",
    "yaml-bracket-open": "[a, b", "yaml-indentation": "a key further left than its neighbours", "yaml-syntax": "?",
}
# fmt: on
GROUPS: Final = {
    "Files": FILES,
    "The form of a part": SHAPE,
    "Names": NAMES,
    "Conditions, facts and steps as they are written": CONDITIONS,
    "Conversations, proved over everything that can be answered": CONVERSATIONS,
    "Rules, proved over everything that can be answered": RULES,
    "Texts": TEXTS,
    "Cases for groups": CASES,
}


def yaml_codes() -> Iterator[FindingCode]:
    """Return the kinds of finding about the YAML itself, as the reader words them."""
    for trap in TRAPS:
        way_out = trap.instead or "Write it in quotes: {quoted}."
        yield FindingCode(
            trap.code, "An unquoted text that means something else.", trap.why, *_plain(trap.code, way_out)
        )
    traps = {trap.code for trap in TRAPS}
    for code, (what, why, instead) in WORDS.items():
        if code in traps:
            continue
        yield FindingCode(code, _words(what[:1].upper() + what[1:]), why, *_plain(code, instead))


def _plain(code: str, way_out: str) -> tuple[str, str]:
    return YAML_EXAMPLES[code], _words(way_out)


def _words(text: str) -> str:
    blanks = {"text": "…", "quoted": '"…"', "number": "…"}
    return re.sub(r"\{(text|quoted|number)\}", lambda found: blanks[found[1]], text)


def all_codes() -> dict[str, tuple[FindingCode, ...]]:
    """Return every kind of finding, in groups."""
    return {"The YAML itself": tuple(yaml_codes()), **GROUPS}


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, codes in all_codes().items():
        parts.append(f"## {title}\n")
        parts += [
            f"### {one.code}\n\n{' '.join(filter(None, (one.what, one.why)))}\n\n"
            f"Example: `{one.example.replace('`', chr(39)).strip()}`\n\nWay out: {one.way_out}\n"
            for one in codes
        ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
