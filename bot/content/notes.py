"""flows/notes.yaml, limits.yaml, claims.yaml and faq.yaml turned into what the core knows by these names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.content.conditions import Conditions
from bot.content.models import ClaimsFile, FaqFile, LimitEntry, LimitsFile
from bot.content.references import Vocabulary, is_mail
from bot.content.rule_models import NoteEntry, NotesFile, RungEntry, SwapEntry
from bot.content.source_file import Sheet
from bot.content.yaml_reader import Path
from bot.core.advice.notes import NoteBook, NoteKind, Replacement, Rung
from bot.core.library import Claim, Limit


def read_claims(sheet: Sheet, file: ClaimsFile) -> dict[str, Claim]:
    """Return the claims by id."""
    for id_ in file.claims:
        sheet.address(sheet.key("claims", id_), "claim", id_)
    return {id_: Claim(id_, entry.kind, entry.section, entry.structure) for id_, entry in file.claims.items()}


def read_faq(sheet: Sheet, file: FaqFile, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return the questions that many ask, each with the claims behind its answer."""
    for name in file.faq:
        sheet.address(sheet.key("faq", name), "faq", name)
    return {name: vocabulary.cites(sheet, ("faq", name, "cites"), entry.cites) for name, entry in file.faq.items()}


# -- limits ----------------------------------------------------------------------------------------------------------


def read_limits(sheet: Sheet, file: LimitsFile, vocabulary: Vocabulary) -> dict[str, Limit]:
    """Return the limits by name."""
    found = {}
    for id_, entry in file.limits.items():
        path = ("limits", id_)
        sheet.address(sheet.key(*path), "limit", id_)
        _check_day(sheet, (*path, "as_of"), entry.as_of)
        if entry.value is not None:
            found[id_] = Limit(id_, {"": entry.value})
        else:
            found[id_] = Limit(id_, entry.values or {}, entry.by or "")
        given = {"value", "by", "values"} & entry.model_fields_set
        if given in ({"value"}, {"by", "values"}):
            _check_values(sheet, path, entry, vocabulary)
        elif sheet.whole(*path):
            what = f"the limit '{id_}' has {' and '.join(sorted(given)) if given else 'no value'}."
            instead = "Write `value`, or `by` and `values`."
            sheet.fault(sheet.key(*path), "exactly-one", what, "One number, or one for each value of a fact.", instead)
    return found


def _check_day(sheet: Sheet, path: Path, written: str) -> None:
    try:
        date.fromisoformat(written)
    except ValueError:
        sheet.fault(sheet.at(*path), "bad-date", f"'{written}' is no day of the calendar.", "", "Write another day.")


def _check_values(sheet: Sheet, path: Path, entry: LimitEntry, vocabulary: Vocabulary) -> None:
    fact = vocabulary.fact(sheet, sheet.at(*path, "by"), entry.by) if entry.by else None
    if fact is None or entry.values is None:
        return
    if not fact.finite:
        what = f"a limit cannot depend on '{fact.name}', which is a {fact.kind}."
        sheet.fault(sheet.at(*path, "by"), "not-readable", what, "It has no list of values.", "Name another fact.")
        return
    for value in entry.values:
        place = sheet.key(*path, "values", value)
        sheet.refer(place, value, fact.values, "unknown-value", f"no value of '{fact.name}'")
    missing = [value for value in fact.values if value not in entry.values]
    if missing and sheet.whole(*path, "values"):
        what = f"there is no limit for {', '.join(missing)}."
        why = f"'{fact.name}' can be that, too."
        sheet.fault(sheet.key(*path, "values"), "value-missing", what, why, "Add it, with its number.")


# -- notes -----------------------------------------------------------------------------------------------------------


def read_notes(sheet: Sheet, file: NotesFile, limits: Mapping[str, Limit], vocabulary: Vocabulary) -> NoteBook:
    """Return all kinds of note and mail, and which replaces which."""
    conditions = Conditions(vocabulary)
    kinds = {}
    for id_, entry in file.notes.items():
        path = ("notes", id_)
        sheet.address(sheet.key(*path), "note", id_)
        for ladder, texts in (("ladder", entry.ladder), ("subject", entry.subject)):
            for number, text in enumerate(texts):
                sheet.address(sheet.at(*path, ladder, number), "note", id_, text.text)
        _check_sort(sheet, path, id_, entry)
        _check_blanks(sheet, path, entry, vocabulary)
        limit = sheet.at(*path, "limit")
        sheet.refer(limit, entry.limit, vocabulary.limits, "unknown-limit", "no limit of flows/limits.yaml")
        by = limits[entry.limit].by if entry.limit in limits else ""
        kinds[id_] = NoteKind(
            id_,
            entry.limit,
            _rungs(sheet, (*path, "ladder"), entry.ladder, conditions),
            entry.slots,
            entry.given,
            _rungs(sheet, (*path, "subject"), entry.subject, conditions),
            (entry.words.at_least, entry.words.at_most) if entry.words else None,
            entry.shorten,
            entry.never,
            _rung(sheet, (*path, "as_mail"), entry.as_mail, conditions) if entry.as_mail else None,
            entry.heading,
            frozenset(entry.given.values()) | ({by} if by else frozenset()),
            vocabulary.cites(sheet, (*path, "cites"), entry.cites),
            entry.beyond,
        )
    swaps = tuple(
        _swap(sheet, ("instead", number), entry, conditions, vocabulary) for number, entry in enumerate(file.instead)
    )
    return NoteBook(kinds, swaps)


def _check_sort(sheet: Sheet, path: Path, id_: str, entry: NoteEntry) -> None:
    if is_mail(id_) and not (entry.mail and entry.subject) and sheet.whole(*path):
        what = f"'{id_}' is an e-mail by its name, but has no {'subject' if entry.mail else '`mail: true`'}."
        instead = "Add it, or call a LinkedIn note K and a number."
        sheet.fault(sheet.key(*path), "mail-or-note", what, "", instead)
    elif not is_mail(id_) and (entry.mail or entry.subject):
        what = f"'{id_}' is a LinkedIn note by its name, which has no subject and is no mail."
        place = sheet.key(*path, "mail" if entry.mail else "subject")
        sheet.fault(place, "mail-or-note", what, "", "Delete this, or call an e-mail E and a number.")


def _check_blanks(sheet: Sheet, path: Path, entry: NoteEntry, vocabulary: Vocabulary) -> None:
    for number, slot in enumerate(entry.slots):
        place = sheet.at(*path, "slots", number)
        fact = vocabulary.fact(sheet, place, slot)
        if fact is not None and fact.kind != "text":
            what = f"'{slot}' is a {fact.kind}, and nobody can be asked to type it into a note."
            instead = f"Put {slot} under `given`, or name a text fact."
            sheet.fault(place, "not-a-text", what, "", instead)
        if slot in entry.slots[:number]:
            sheet.fault(place, "duplicate-id", f"the slot '{slot}' stands here twice.", "", "Delete one of them.")
    for number, slot in enumerate(entry.shorten):
        known = entry.slots if sheet.whole(*path, "slots") else None
        what = "none of this note's slots"
        sheet.refer(sheet.at(*path, "shorten", number), slot, known, "unknown-slot", what)
    for blank, name in entry.given.items():
        vocabulary.fact(sheet, sheet.at(*path, "given", blank), name)
        if blank in entry.slots:
            what = f"'{blank}' is a slot already."
            sheet.fault(sheet.key(*path, "given", blank), "duplicate-id", what, "", "Choose another name for one.")


def _rungs(sheet: Sheet, path: Path, entries: Sequence[RungEntry], conditions: Conditions) -> tuple[Rung, ...]:
    if entries and entries[-1].when and sheet.whole(*path):
        what = "the last text is only for some."
        why = "Whoever it is not for, and whose note does not fit any text above, would get none."
        place = sheet.key(*path, len(entries) - 1, "when")
        sheet.fault(place, "last-text-for-some", what, why, "Take out this `when`, or add a text for everybody.")
    return tuple(_rung(sheet, (*path, number), entry, conditions) for number, entry in enumerate(entries))


def _rung(sheet: Sheet, path: Path, entry: RungEntry, conditions: Conditions) -> Rung:
    return Rung(entry.text, conditions.read(sheet, (*path, "when"), entry.when))


def _swap(sheet: Sheet, path: Path, entry: SwapEntry, conditions: Conditions, vocabulary: Vocabulary) -> Replacement:
    for number, kind in enumerate(entry.of):
        vocabulary.note(sheet, sheet.at(*path, "of", number), kind)
    vocabulary.note(sheet, sheet.at(*path, "use"), entry.use)
    return Replacement(conditions.read(sheet, (*path, "when"), entry.when), frozenset(entry.of), entry.use)
