"""flows/notes.yaml, limits.yaml, claims.yaml and faq.yaml turned into what the core knows by these names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.content.conditions import Conditions
from bot.content.models import ClaimsFile, FaqFile, LimitEntry, LimitsFile
from bot.content.references import References, is_mail, is_message
from bot.content.rule_models import NoteEntry, NotesFile, SwapEntry, WordingEntry
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.notes import NoteBook, NoteKind, Replacement, Wording
from bot.core.library import Claim, Limit


def read_claims(source: SourceFile, file: ClaimsFile) -> dict[str, Claim]:
    """Return the claims by id."""
    for id_ in file.claims:
        source.address(source.key("claims", id_), "claim", id_)
    return {id_: Claim(id_, entry.kind, entry.section, entry.structure) for id_, entry in file.claims.items()}


def read_faq(source: SourceFile, file: FaqFile, references: References) -> dict[str, tuple[str, ...]]:
    """Return the questions that many ask, each with the claims behind its answer."""
    for name in file.faq:
        source.address(source.key("faq", name), "faq", name)
        if bool(file.faq[name].cites) == file.faq[name].beyond:
            what = (
                f"the answer '{name}' has {'claims and' if file.faq[name].beyond else 'neither claims nor'} `beyond`."
            )
            why = "It rests on the article, or is said to go beyond it."
            source.fault(source.key("faq", name), "exactly-one", what, why, "Write `cites`, or `beyond: true`.")
    cited = {name: entry.cites for name, entry in file.faq.items()}
    return {name: references.cites(source, ("faq", name, "cites"), c) if c else () for name, c in cited.items()}


# -- limits ----------------------------------------------------------------------------------------------------------


def read_limits(source: SourceFile, file: LimitsFile, references: References) -> dict[str, Limit]:
    """Return the limits by name."""
    found = {}
    for id_, entry in file.limits.items():
        path = ("limits", id_)
        source.address(source.key(*path), "limit", id_)
        _check_day(source, (*path, "as_of"), entry.as_of)
        if entry.value is not None:
            found[id_] = Limit(id_, {"": entry.value})
        else:
            found[id_] = Limit(id_, entry.values or {}, entry.by or "")
        given = {"value", "by", "values"} & entry.model_fields_set
        if given in ({"value"}, {"by", "values"}):
            _check_values(source, path, entry, references)
        elif source.whole(*path):
            what = f"the limit '{id_}' has {' and '.join(sorted(given)) if given else 'no value'}."
            instead = "Write `value`, or `by` and `values`."
            source.fault(
                source.key(*path), "exactly-one", what, "One number, or one for each value of a fact.", instead
            )
    return found


def _check_day(source: SourceFile, path: Path, written: str) -> None:
    try:
        date.fromisoformat(written)
    except ValueError:
        source.fault(source.at(*path), "bad-date", f"'{written}' is no day of the calendar.", "", "Write another day.")


def _check_values(source: SourceFile, path: Path, entry: LimitEntry, references: References) -> None:
    fact = references.fact(source, source.at(*path, "by"), entry.by) if entry.by else None
    if fact is None or entry.values is None:
        return
    if not fact.finite:
        what = f"a limit cannot depend on '{fact.name}', which is a {fact.kind}."
        source.fault(source.at(*path, "by"), "not-readable", what, "It has no list of values.", "Name another fact.")
        return
    for value in entry.values:
        place = source.key(*path, "values", value)
        source.refer(place, value, fact.values, "unknown-value", f"no value of '{fact.name}'")
    missing = [value for value in fact.values if value not in entry.values]
    if missing and source.whole(*path, "values"):
        what = f"there is no limit for {', '.join(missing)}."
        why = f"'{fact.name}' can be that, too."
        source.fault(source.key(*path, "values"), "value-missing", what, why, "Add it, with its number.")


# -- notes -----------------------------------------------------------------------------------------------------------


def read_notes(source: SourceFile, file: NotesFile, limits: Mapping[str, Limit], references: References) -> NoteBook:
    """Return all kinds of note and mail, and which replaces which."""
    conditions = Conditions(references)
    kinds = {}
    for id_, entry in file.notes.items():
        path = ("notes", id_)
        source.address(source.key(*path), "note", id_)
        for ladder, texts in (("ladder", entry.ladder), ("subject", entry.subject)):
            for number, text in enumerate(texts):
                source.address(source.at(*path, ladder, number), "note", id_, text.text)
        _check_sort(source, path, id_, entry)
        _check_blanks(source, path, entry, references)
        limit = source.at(*path, "limit")
        source.refer(limit, entry.limit, references.limits, "unknown-limit", "no limit of flows/limits.yaml")
        by = limits[entry.limit].by if entry.limit in limits else ""
        kinds[id_] = NoteKind(
            id_,
            entry.limit,
            _wordings(source, (*path, "ladder"), entry.ladder, conditions),
            entry.slots,
            entry.given,
            _wordings(source, (*path, "subject"), entry.subject, conditions),
            (entry.words.at_least, entry.words.at_most) if entry.words else None,
            entry.shorten,
            entry.never,
            _wording(source, (*path, "as_mail"), entry.as_mail, conditions) if entry.as_mail else None,
            entry.heading,
            frozenset(entry.given.values()) | ({by} if by else frozenset()),
            references.cites(source, (*path, "cites"), entry.cites),
            entry.beyond,
            entry.outcome_in,
            entry.message,
        )
    swaps = tuple(
        _swap(source, ("instead", number), entry, conditions, references) for number, entry in enumerate(file.instead)
    )
    return NoteBook(kinds, swaps)


def _check_sort(source: SourceFile, path: Path, id_: str, entry: NoteEntry) -> None:
    if is_mail(id_) and not (entry.mail and entry.subject) and source.whole(*path):
        what = f"'{id_}' is an e-mail by its name, but has no {'subject' if entry.mail else '`mail: true`'}."
        instead = "Add it, or call a LinkedIn note K and a number."
        source.fault(source.key(*path), "mail-or-note", what, "", instead)
    elif not is_mail(id_) and (entry.mail or entry.subject):
        what = f"'{id_}' is a LinkedIn note by its name, which has no subject and is no mail."
        place = source.key(*path, "mail" if entry.mail else "subject")
        source.fault(place, "mail-or-note", what, "", "Delete this, or call an e-mail E and a number.")
    if is_message(id_) != entry.message and source.whole(*path):
        what = f"'{id_}' is {'a message' if entry.message else 'no message'} by its `message`, and not by its name."
        instead = "Call a message to somebody who is connected D and a number, with `message: true`."
        source.fault(source.key(*path), "mail-or-note", what, "", instead)


def _check_blanks(source: SourceFile, path: Path, entry: NoteEntry, references: References) -> None:
    for number, slot in enumerate(entry.slots):
        place = source.at(*path, "slots", number)
        fact = references.fact(source, place, slot)
        if fact is not None and fact.kind != "text":
            what = f"'{slot}' is a {fact.kind}, and nobody can be asked to type it into a note."
            instead = f"Put {slot} under `given`, or name a text fact."
            source.fault(place, "not-a-text", what, "", instead)
        if slot in entry.slots[:number]:
            source.fault(place, "duplicate-id", f"the slot '{slot}' stands here twice.", "", "Delete one of them.")
    for number, slot in enumerate(entry.shorten):
        known = entry.slots if source.whole(*path, "slots") else None
        what = "none of this note's slots"
        source.refer(source.at(*path, "shorten", number), slot, known, "unknown-slot", what)
    for blank, name in entry.given.items():
        references.fact(source, source.at(*path, "given", blank), name)
        if blank in entry.slots:
            what = f"'{blank}' is a slot already."
            source.fault(source.key(*path, "given", blank), "duplicate-id", what, "", "Choose another name for one.")


def _wordings(
    source: SourceFile, path: Path, entries: Sequence[WordingEntry], conditions: Conditions
) -> tuple[Wording, ...]:
    if entries and entries[-1].when and source.whole(*path):
        what = "the last text is only for some."
        why = "Whoever it is not for, and whose note does not fit any text above, would get none."
        place = source.key(*path, len(entries) - 1, "when")
        source.fault(place, "last-text-for-some", what, why, "Take out this `when`, or add a text for everybody.")
    return tuple(_wording(source, (*path, number), entry, conditions) for number, entry in enumerate(entries))


def _wording(source: SourceFile, path: Path, entry: WordingEntry, conditions: Conditions) -> Wording:
    return Wording(entry.text, conditions.read(source, (*path, "when"), entry.when), entry.voice, entry.without)


def _swap(
    source: SourceFile, path: Path, entry: SwapEntry, conditions: Conditions, references: References
) -> Replacement:
    for number, kind in enumerate(entry.of):
        references.note(source, source.at(*path, "of", number), kind)
    references.note(source, source.at(*path, "use"), entry.use)
    return Replacement(conditions.read(source, (*path, "when"), entry.when), frozenset(entry.of), entry.use)
