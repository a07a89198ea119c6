"""What is proved about wording: complete, filled right, fitting, and as a note should be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time

from babel import Locale

from bot.core.advice.catalog import COUNT, PLACEHOLDER, Catalog, Message, fill, patterns, placeholders
from bot.core.advice.judge import Advice, cautions_of, reasons_of
from bot.core.advice.moments import Dated
from bot.core.advice.notes import NoteKind, Wording
from bot.core.advice.plan import AdvicePlan, PlanStep
from bot.core.advice.policy import Outcome, settled
from bot.core.advice.rules import Ruleset
from bot.core.advice.text import units
from bot.core.dialogue.explain import claims_of
from bot.core.dialogue.explain_text import MAX_WHY, size_of, why_head
from bot.core.dialogue.render import advice_message, advice_room, length
from bot.core.dialogue.session import Outgoing
from bot.core.issues import Issue, SourceLocation, SourceLocations, nearest
from bot.core.library import Library
from bot.core.message_keys import Wanted, wanted

LONGEST_DAY = date(2026, 9, 30)  # a Wednesday in September: no day takes more letters in English
LABEL_LENGTH = 30  # of more characters a phone shows the beginning only, where two buttons share a row
_LABEL = re.compile(
    r"[\w.]+\.options\.|menu\.(?!title)|option\.|sent\.|remind\.answer\.|wish\.\w+\.ask|retention\.keep$"
)
_WORD_UNITS = 8  # what a word of a title or topic takes with its space; so a blank of N units holds N/8 words


def _each(library: Library) -> Iterator[tuple[str, Catalog]]:
    yield from library.catalogs.items()


def messages_complete(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Every message that can be asked for exists, in each language or in the one it falls back on."""
    for language, catalog in _each(library):
        for key in wanted(library):
            if not catalog.has(key):
                place = _near(places, language, key)
                what = f"the message '{key}' is missing."
                yield Issue(
                    place, "message-missing", what, "Something can be said that has no words yet.", f"Add {key}."
                )


def _near(places: SourceLocations, language: str, key: str) -> SourceLocation:
    """Return the place of the message that shares the longest beginning with `key`: there a missing one belongs."""
    parts = key.split(".")
    for depth in range(len(parts) - 1, 0, -1):
        start = ".".join(parts[:depth]) + "."
        found = [p for a, p in places.by_address.items() if a[:2] == ("message", language) and a[2].startswith(start)]
        if found:
            return min(found)
    return SourceLocation(f"messages/{language}")


def messages_idle(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """No message is there that nothing can ever say."""
    keys = wanted(library)
    for language, catalog in _each(library):
        for key in catalog.messages:
            if key not in keys:
                place = places.at("message", language, key)
                why = "It may be left over, or its name may be misspelt."
                yield Issue(place, "message-idle", f"nothing ever says '{key}'.", why, nearest(key, keys))


def messages_filled(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Placeholders are names that the message is given; counted messages have the plural forms of their language."""
    keys = wanted(library)
    for language, catalog in _each(library):
        for key, message in catalog.messages.items():
            if key not in keys:
                continue
            place = places.at("message", language, key)
            for name in sorted({n for p in patterns(message) for n in placeholders(p)} - keys[key].offers):
                offered = nearest(name, keys[key].offers) or "This message has no placeholders."
                yield Issue(place, "placeholder", f"'{key}' wants {{{name}}}, which nobody fills in.", "", offered)
            if not all(pattern.strip() for pattern in patterns(message)):
                yield Issue(place, "message-empty", f"'{key}' is empty.", "Nothing would be said.", "Write its words.")
            yield from _plural_faults(key, message, keys[key], catalog, place)
            yield from _label_faults(key, message, place)


def _plural_faults(key: str, message: object, want: Wanted, catalog: Catalog, place: SourceLocation) -> Iterator[Issue]:
    if not isinstance(message, Mapping):
        if want.counted:
            what = f"'{key}' counts by {{{COUNT}}} and needs a text for each plural form."
            yield Issue(place, "plural", what, "", "Write one: and other: below it.")
        return
    if not want.counted:
        yield Issue(place, "plural", f"'{key}' counts nothing, so it has no plural forms.", "", "Write one text.")
        return
    needed = set(Locale.parse(catalog.say("language.locale")).plural_form.tags) | {"other"}
    for form in sorted(needed - set(message)):
        yield Issue(
            place, "plural", f"'{key}' lacks the plural form '{form}'.", "This language has it.", f"Add {form}:."
        )


def _label_faults(key: str, message: Message, place: SourceLocation) -> Iterator[Issue]:
    for label in patterns(message) if _LABEL.match(key) else ():
        if len(fill(label, dict.fromkeys(placeholders(label), "10"))) > LABEL_LENGTH:
            what = f"the button '{label}' has more than {LABEL_LENGTH} characters."
            yield Issue(place, "long-label", what, "A phone would cut it off.", "Say it shorter.")


def labels_differ(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that no two buttons of a question read the same: who types the words could only mean one of them."""
    for language, catalog in _each(library):
        seen: dict[tuple[str, str], str] = {}
        for key in wanted(library):
            question, _, option = key.rpartition(".")
            if not question.endswith(".options") or not catalog.has(key):
                continue
            label = catalog.text_of(key).casefold()
            other = seen.setdefault((question, label), option)
            if other != option:
                what = f"the buttons '{other}' and '{option}' of {question.split('.')[1]} read the same."
                place = places.at("message", language, key)
                yield Issue(place, "same-label", what, "Nobody could tell them apart.", "Word one of them otherwise.")


def advice_short(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that no advice, cut to its first reason, is longer than an advice may be, with the longest dates."""
    for language, catalog in _each(library):
        if not _speakable(library, catalog):
            continue  # what is missing or cannot be filled in is another finding
        for ruleset in library.rulesets.values():
            longest: dict[str, tuple[int, str]] = {}
            for outcome in library.outcomes[ruleset.id].root.outcomes:
                if outcome is not None:
                    found = settled(outcome)
                    size = length(_longest_advice(library, ruleset, catalog, found).blocks)
                    longest[found.verdict] = max((size, found.rule), longest.get(found.verdict, (0, "")))
            for verdict, (size, rule) in longest.items():
                if size > advice_room(library):
                    what = f"the advice of row {rule} can take {size} characters."
                    why = f"It should keep to {advice_room(library)}, so that it is read to its end."
                    place = places.at("message", language, f"verdict.{verdict}.advice")
                    yield Issue(place, "advice-too-long", what, why, "Shorten its reasons, cautions or gates.")


def why_short(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that what an advice rests on fits one message; the lists below it are cut to what is left."""
    for language, catalog in _each(library):
        if not _speakable(library, catalog):
            continue  # as above
        for ruleset in library.rulesets.values():
            longest: dict[str, int] = {}
            for outcome in library.outcomes[ruleset.id].root.outcomes:
                if outcome is not None:
                    found = settled(outcome)
                    size = size_of(why_head(ruleset, catalog, found, claims_of(found, ruleset)))
                    longest[found.rule] = max(size, longest.get(found.rule, 0))
            for rule in (rule for rule, size in longest.items() if size > MAX_WHY):
                what = f"the claims of row '{rule}' take {longest[rule]} characters in '{language}'."
                why = f"Whoever asks why gets them in one message, which holds {MAX_WHY}."
                yield Issue(places.at("rules", ruleset.id, "rule", rule), "why-too-long", what, why, "Cite fewer.")


def _speakable(library: Library, catalog: Catalog) -> bool:
    """Tell whether every message is there and wants nothing that it is not given."""
    return all(
        catalog.has(key) and all(placeholders(p) <= want.offers for p in catalog.alternatives(key))
        for key, want in wanted(library).items()
    )


def _longest_advice(library: Library, ruleset: Ruleset, catalog: Catalog, outcome: Outcome) -> Outgoing:
    day = LONGEST_DAY
    dates = tuple(Dated(kind, day, time(10), datetime.combine(day, time(10), UTC)) for kind in outcome.remind)
    plan = AdvicePlan((PlanStep("request", day, time(10)),), dates, ())
    reasons, cautions = reasons_of(outcome, ruleset), cautions_of(outcome, ruleset)
    advice = Advice(outcome, plan, reasons, cautions, cites=(), flips=())
    return advice_message(ruleset, library.facts, catalog, advice, room=advice_room(library))


# -- notes -------------------------------------------------------------------------------------------------------------


def longest_slots(kind: NoteKind, library: Library, catalog: Catalog) -> dict[str, str]:
    """Return the longest text that each blank of `kind` can be filled with."""
    filled = {slot: "m" * library.facts[slot].max_length for slot in kind.slots}
    for name, source in kind.given.items():
        keys = [f"word.{source}.{value}" for value in library.facts[source].values]
        words = [catalog.say(key) for key in keys if catalog.has(key)]  # a missing one is another finding
        filled[name] = max(words, key=units) if words else "Wednesday 30 September"
    return filled


def _texts(library: Library) -> Iterator[tuple[str, Catalog, NoteKind, str, str]]:
    for language, catalog in _each(library):
        for kind in library.notebook.kinds.values():
            for wording in (*kind.ladder, *kind.subject, *([kind.as_mail] if kind.as_mail else ())):
                key = f"note.{kind.id}.{wording.text}"
                if catalog.has(key):
                    for pattern in catalog.alternatives(key):
                        yield language, catalog, kind, key, pattern


def notes_fit(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that the last wording of every ladder fits the smallest limit with the longest slots."""
    for language, catalog, kind, key, pattern in _texts(library):
        if key not in {f"note.{kind.id}.{text}" for text in _last(kind)} or (
            placeholders(pattern) - {*kind.slots, *kind.given}
        ):
            continue
        limit = _least(kind, library)
        over = units(fill(pattern, longest_slots(kind, library, catalog))) - limit
        if over > 0:
            what = f"the shortest wording of {kind.id} is {over} characters over {limit} with the longest blanks."
            place = places.at("message", language, key)
            yield Issue(place, "note-too-long", what, "Somebody would get no note.", f"Shorten it by {over}.")
    yield from _mail_lengths(library, places)


def _last(kind: NoteKind) -> set[str]:
    """Return the texts that must fit: the last of those for people who fill every blank, and of those who leave one."""
    ladder = kind.subject or kind.ladder
    return {
        next(one.text for one in reversed(ladder) if one.without == left) for left in {one.without for one in ladder}
    }


def _least(kind: NoteKind, library: Library) -> int:
    return min(library.limits[kind.limit].values.values())


def texts_given(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that every wording of a note or subject is given to somebody: none above it always fits when it would."""
    for language, catalog in _each(library):
        for kind in library.notebook.kinds.values():
            longest = longest_slots(kind, library, catalog)
            for ladder in (kind.ladder, kind.subject):
                for number, wording in enumerate(ladder):
                    above = next((r for r in ladder[:number] if _forestalls(kind, r, wording, catalog, longest)), None)
                    if above is not None and not _too_long(kind, wording, library, catalog, longest):
                        what = f"the text '{wording.text}' of {kind.id} is given to nobody in '{language}'."
                        why = f"'{above.text}' above it is never longer, and so is taken first."
                        place = places.at("note", kind.id, wording.text)
                        yield Issue(place, "idle-text", what, why, "Put the longer text first.")


def _too_long(kind: NoteKind, wording: Wording, library: Library, catalog: Catalog, longest: Mapping[str, str]) -> bool:
    """Tell whether `wording` is the last text and does not fit: another finding, and the cause of this one."""
    last = wording.text in _last(kind)
    texts = catalog.alternatives(f"note.{kind.id}.{wording.text}") if last else ()
    sizes = [units(fill(pattern, longest)) for pattern in texts if placeholders(pattern) <= longest.keys()]
    return max(sizes, default=0) > _least(kind, library)


def _forestalls(kind: NoteKind, above: Wording, wording: Wording, catalog: Catalog, longest: Mapping[str, str]) -> bool:
    """Tell whether `above` always fits where `wording` does, for everybody who might get that, in each voice."""
    keys = [f"note.{kind.id}.{one.text}" for one in (above, wording)]
    if above.without != wording.without or not wording.when.within(above.when) or not all(map(catalog.has, keys)):
        return False
    voices, own = map(catalog.alternatives, keys)
    return len(voices) == len(own) and all(_never_longer(*pair, longest) for pair in zip(voices, own, strict=True))


def _never_longer(one: str, other: str, longest: Mapping[str, str]) -> bool:
    """Tell whether `one` is no longer than `other` whatever stands in the blanks, each of one character at least."""
    spare = units(PLACEHOLDER.sub("", other)) - units(PLACEHOLDER.sub("", one))
    for slot in placeholders(one) | placeholders(other):
        more = one.count("{" + slot + "}") - other.count("{" + slot + "}")
        spare -= more * (units(longest.get(slot, "")) if more > 0 else 1)
    return spare >= 0


def voices_kept(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that all texts of a note have equally many wordings, and its email as many, or as many in each voice."""
    for language, catalog in _each(library):
        for kind in library.notebook.kinds.values():
            keys = [f"note.{kind.id}.{wording.text}" for wording in kind.ladder]
            counts = {key: len(catalog.alternatives(key)) for key in keys if catalog.has(key)}
            most = max(counts.values(), default=0)
            wanted = {key: most for key, count in counts.items() if count < most}
            mail = f"note.{kind.id}.{kind.as_mail.text}" if kind.as_mail else ""
            if catalog.has(mail) and len(catalog.alternatives(mail)) not in (most, most * len(kind.voices)):
                counts[mail], wanted[mail] = len(catalog.alternatives(mail)), most
            for key, needed in wanted.items():
                what = f"'{key}' has {counts[key]} wordings, but another of {kind.id} has {needed}."
                why = "Two members of a panel might get the same words."
                instead = f"Write {abs(needed - counts[key])} more, in the same order."
                yield Issue(places.at("message", language, key), "voice-missing", what, why, instead)


def _mail_lengths(library: Library, places: SourceLocations) -> Iterator[Issue]:
    for language, _catalog, kind, key, pattern in _texts(library):
        if kind.words is None or key.rpartition(".")[2] in {wording.text for wording in kind.subject}:
            continue
        fewest = len(fill(pattern, dict.fromkeys(placeholders(pattern), "word")).split())
        room = {s: library.facts[s].max_length // _WORD_UNITS if s in kind.slots else 3 for s in placeholders(pattern)}
        most = len(fill(pattern, {slot: "word " * count for slot, count in room.items()}).split())
        low, high = kind.words
        if fewest < low or most > high:
            what = f"the body of {kind.id} has {fewest} to {most} words; it should have {low} to {high}."
            yield Issue(places.at("message", language, key), "mail-length", what)


def notes_polite(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that a note greets by name, asks and shouts nothing, and holds nothing left over or forbidden."""
    for language, catalog, kind, key, pattern in _texts(library):
        place = places.at("message", language, key)
        is_subject = key.rpartition(".")[2] in {wording.text for wording in kind.subject}
        for what in _rude(kind, pattern, catalog, is_subject=is_subject):
            yield Issue(place, "note-style", f"{key}: {what}")


def _rude(kind: NoteKind, pattern: str, catalog: Catalog, *, is_subject: bool) -> Iterator[str]:
    if "{first}" not in pattern and not is_subject:
        yield "it does not greet by name ({first}) (C23)."
    if "?" in pattern and not kind.is_mail:
        yield "it asks a question; a note demands no answer (C24)."
    if pattern.count("!") > 1:
        yield "it has more than one exclamation mark (C34)."
    if re.search(r"[\[\]<>]|https?:|www\.", pattern):
        yield "it holds a bracket or a link; nothing in it may look left over."
    if kind.never:
        for word in catalog.alternatives(f"note.{kind.id}.never"):
            if re.search(rf"\b{re.escape(word)}\b", pattern, re.IGNORECASE):
                yield f"it must never say '{word}' (C68)."
