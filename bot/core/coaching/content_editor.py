"""The content as a coach changes it: a file is handed in, checked, tried, published for one cohort, and taken back.

Nothing is checked here: that takes seconds and is done elsewhere (`CheckResult` tells the outcome).
A coach acts on a cohort they coach and on an edition of their own; an edition is published only as it was checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.advice.text import clean
from bot.core.chat.commands import newcomer
from bot.core.chat.person import Preview
from bot.core.coaching.cohort import Cohort
from bot.core.coaching.content_version import (
    CheckResult,
    ContentVersion,
    FileUploaded,
    Finding,
    MeaningChange,
    UploadedFile,
    handed_out,
    meant,
)
from bot.core.coaching.context import CoachingContext, CoachingReply
from bot.core.coaching.views import Button, FileToHandOver, Panel, Shown
from bot.core.dialogue.session import Block

VERBS: Final = frozenset({"bench", "files", "file", "for", "try", "publish", "undo", "drop"})
LARGEST: Final = 256 * 1024
"""Bytes of one file: six times the largest there is."""
MOST: Final = 1024 * 1024
"""Bytes of an edition."""
FIRST: Final = {
    "questions": "messages/{language}/questions.yaml",
    "notes": "messages/{language}/notes.yaml",
    "advice": "messages/{language}/advice.yaml",
    "faq": "messages/{language}/faq.yaml",
    "rules": "flows/rules/etiquette.yaml",
}
"""The files that coaches want first, each under the name of its words."""
PAST: Final = 5
"""So many editions can be gone back to, one after another."""
LISTED: Final = 8
"""Findings or changes in one message; all of them are in a file below it where there are more."""
LONGEST: Final = 320  # characters of one of them in a message, which holds 4,096
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class ContentEditor:
    """One request to hand in, look at, try or publish content."""

    context: CoachingContext

    def say(self, key: str, **values: str | int) -> str:
        """Word something that is said here."""
        return self.context.catalog.say(f"cohort.bench.{key}", **values)

    # -- a document comes ----------------------------------------------------------------------------------------------

    def handed(self, document: FileUploaded) -> CoachingReply:
        """Take a document in; only ever asked for a coach."""
        own, name = self.context.repository.coached(self.context.person), clean(document.name)[:LONGEST] or "?"
        files = meant(self.context.sources, document.name, document.caption)
        if not files:
            return self._said("unknown", name=name, example=handed_out(min(self.context.sources)))
        if document.size > LARGEST:
            size = -(-document.size // 1024)
            return self._said("too_large", name=name, size=size, limit=LARGEST // 1024)
        paper, drafts = UploadedFile(document.id, name, files), self._drafts()
        before = next(iter(drafts.values()), None)
        cohort = before.cohort if before is not None and before.cohort in own else 0
        cohort = cohort or (next(iter(own)) if len(own) == 1 else 0)
        papers = (*(before.papers if before else ()), paper)
        kept = before.files if before else {}
        if sum(map(len, kept.values())) + document.size > MOST:
            return self._said("too_much", limit=MOST // 1024)
        state = ContentVersion(self.context.person, self.context.now, "asked", files=kept, papers=papers)
        fresh, gone = _fresh(self.context), dict.fromkeys(drafts)
        if not cohort:
            buttons = [Button(one.name, ("for", str(n), str(fresh))) for n, one in sorted(own.items())]
            return CoachingReply((Panel.of(self.say("for_which"), buttons=buttons),), versions={**gone, fresh: state})
        sent = self._sent(state, cohort, own[cohort])
        return CoachingReply((self._checking(sent),), versions={**gone, fresh: sent})

    def _sent(self, version: ContentVersion, number: int, cohort: Cohort) -> ContentVersion:
        """Return an edition that is to be checked, on top of what its cohort talks with."""
        base = self.context.repository.version(cohort.version) if cohort.version else None
        files = {**(base.files if base else {}), **version.files}
        return replace(version, state="sent", cohort=number, base=cohort.version, files=files, findings=(), changes=())

    def _drafts(self) -> dict[int, ContentVersion]:
        return {n: one for n, one in self.context.repository.versions(self.context.person).items() if one.draft}

    # -- it was checked ------------------------------------------------------------------------------------------------

    def examined(self, found: CheckResult) -> CoachingReply:
        """Take in what checking came to, and tell the coach; what was thrown away meanwhile is not spoken of."""
        version = self.context.repository.version(found.number)
        cohort = self.context.repository.cohort(version.cohort) if version else None
        if version is None or cohort is None or (version.draft and version.coach not in cohort.coaches):
            return CoachingReply(versions={found.number: None} if version else {})
        fits = not found.findings and not found.trouble
        if version.draft:
            # A document that cannot be placed is asked for again; one that is gone is, too.
            after = replace(version, state="ready" if fits else "refused", files=found.files, papers=(),
                            findings=found.findings, changes=found.changes, seal=found.seal)  # fmt: skip
            panels = self._fit(found.number, after, cohort) if fits else self._unfit(after, cohort, found)
            return CoachingReply(panels, versions={found.number: after})
        if fits or cohort.version != found.number:
            return CoachingReply(versions={found.number: replace(version, seal=found.seal)})
        return self._fallen(version, cohort, found)

    def _fallen(self, version: ContentVersion, cohort: Cohort, found: CheckResult) -> CoachingReply:
        """Let a cohort fall back on the shipped content; what it had becomes a draft of its coach's, or is gone."""
        busy = any(one.draft for one in self.context.repository.versions(version.coach).values())
        draft = replace(version, state="refused", base=0, findings=found.findings, changes=(), seal="")
        after = replace(cohort, version=0, past=())
        gone = dict.fromkeys((*cohort.past, found.number))
        told: dict[int, tuple[Shown, ...]] = {}
        for coach, name in cohort.coaches.items():
            if name:
                one = self._in_language_of(coach)
                key = "fallen" if found.findings else "fallen_short"
                head = Block("title", one.say(key, name=cohort.name))
                told[coach] = one._listed(head, one._findings(found.findings), one._source(found.findings))
        versions = {**gone, found.number: None if busy else draft}
        return CoachingReply(
            cohorts={version.cohort: after}, told=told, versions={n: e for n, e in versions.items() if n}
        )

    def _in_language_of(self, coach: int) -> ContentEditor:
        requester = replace(self.context.requester, language=self.context.repository.language(coach))
        return ContentEditor(replace(self.context, requester=requester))

    def _fit(self, number: int, version: ContentVersion, cohort: Cohort) -> tuple[Shown, ...]:
        head = Block("title", self.say("fits", name=cohort.name, files=_names(self._changed(version))))
        lines = [_told(change, lines=1) for change in version.changes]
        text = "\n\n".join(_told(change) for change in version.changes)
        source = FileToHandOver("changes.txt", text, self.say("change_file"))
        return self._listed(head, lines, source, self._buttons(number, version, cohort))

    def _unfit(self, version: ContentVersion, cohort: Cohort, found: CheckResult) -> tuple[Shown, ...]:
        buttons = self._buttons(found.number, version, cohort)
        if found.trouble == "unnamed":
            files = ", ".join(meant(self.context.sources, found.about, ""))
            return (Panel.of(self.say("several", name=found.about, files=files), buttons=buttons),)
        if found.trouble:
            words = {"name": found.about} if found.trouble == "gone" else {}
            return (Panel.of(self.say(found.trouble, **words), buttons=buttons),)
        head = Block("title", self.say("findings", number=len(found.findings)))
        how = Block("aside", self.say("findings_how"))
        return self._listed(head, self._findings(found.findings), self._source(found.findings), buttons, how)

    def _findings(self, findings: Iterable[Finding]) -> list[str]:
        return [self.say("finding", file=one.file, line=one.line, what=one.what) for one in findings]

    def _source(self, findings: Iterable[Finding]) -> FileToHandOver:
        return FileToHandOver("findings.txt", "\n\n".join(self._findings(findings)), self.say("finding_file"))

    def _listed(
        self, head: Block, lines: list[str], everything: FileToHandOver, buttons: tuple[Button, ...] = (), *end: Block
    ) -> tuple[Shown, ...]:
        """Return the first lines, each as far as there is room, and all of them in a file where that is more."""
        rest, shown = len(lines) - LISTED, [_short(line) for line in lines[:LISTED]]
        more = (Block("aside", self.say("more", number=rest)),) if rest > 0 else ()
        panel = Panel((head, *(Block("item", line) for line in shown), *more, *end), buttons)
        return (panel,) if "\n\n".join(shown) == everything.text else (panel, everything)

    # -- buttons -------------------------------------------------------------------------------------------------------

    def pressed(self, verb: str, number: int, cohort: Cohort, rest: list[str]) -> CoachingReply | None:
        """Do what a coach's button says; None where it is out of date."""
        match verb:
            case "bench":
                return CoachingReply((self._editor(number, cohort),))
            case "files":
                return CoachingReply((self._files(number, everything=rest[0] == "all"),))
            case "file":
                return self._file(cohort, rest[0])
            case _:
                which = int(rest[0]) if rest[0].isascii() and rest[0].isdecimal() and len(rest[0]) < 20 else 0
                version = self.context.repository.version(which) if which else None
                if verb == "undo":
                    return self._undo(number, cohort, which)
                if version is None or not version.draft or version.coach != self.context.person:
                    return None
                if verb == "for":
                    return self._for(number, cohort, which, version)
                return self._with(verb, number, cohort, which, version) if version.cohort == number else None

    def _with(
        self, verb: str, number: int, cohort: Cohort, which: int, version: ContentVersion
    ) -> CoachingReply | None:
        """Do something with a draft of this cohort."""
        if verb == "drop":
            panel = Panel.of(self.say("dropped", name=cohort.name), buttons=(self._back("bench", number),))
            return CoachingReply((panel,), versions={which: None})
        if version.state != "ready":
            return None
        if verb == "try":
            # Counted from the instant, so that no button of an earlier trial counts by it.
            person = newcomer(self.context.library, self.context.requester.language, turn=which % 2**30)
            begin = Button(self.say("trial.begin"), played="begin")
            panel = Panel.of(self.say("trial.begins"), buttons=(begin,))
            return CoachingReply(
                (panel,),
                trial=Preview(which, number, replace(person, zone=self.context.requester.zone), self.context.now),
            )
        return self._publish(number, cohort, which, version)

    def _for(self, number: int, cohort: Cohort, which: int, version: ContentVersion) -> CoachingReply | None:
        if version.state != "asked":
            return None
        sent = self._sent(version, number, cohort)
        return CoachingReply((self._checking(sent),), versions={which: sent})

    def _publish(self, number: int, cohort: Cohort, which: int, version: ContentVersion) -> CoachingReply:
        if version.base != cohort.version:
            own = {file: text for file, text in version.files.items() if file in self._changed(version)}
            sent = self._sent(replace(version, files=own), number, cohort)
            return CoachingReply((Panel.of(self.say("meanwhile")),), versions={which: sent})
        past = (*cohort.past, cohort.version)
        after = replace(cohort, version=which, past=past[-PAST:])
        kept = replace(version, state="published", since=self.context.now, changes=())
        gone = {one: None for one in past[:-PAST] if one}
        undo = Button(self.say("undo"), ("undo", str(number), str(which)))
        panel = Panel.of(self.say("is_published", name=cohort.name), buttons=(undo, self._back("bench", number)))
        return CoachingReply((panel,), {number: after}, versions={**gone, which: kept})

    def _undo(self, number: int, cohort: Cohort, which: int) -> CoachingReply | None:
        if not which or cohort.version != which:
            return None
        past = cohort.past or (0,)
        after = replace(cohort, version=past[-1], past=past[:-1])
        panel = Panel.of(self.say("undone", name=cohort.name), buttons=(self._back("bench", number),))
        return CoachingReply((panel,), {number: after}, versions={which: None})

    def _editor(self, number: int, cohort: Cohort) -> Panel:
        live = self.context.repository.version(cohort.version) if cohort.version else None
        which, draft = next(iter(self._drafts().items()), (0, None))
        here = draft is not None and draft.cohort == number
        texts = [self.say("shipped") if live is None else self._published(live)]
        if draft is not None and not here and draft.cohort:
            texts.append(self.say("other_draft"))
        elif draft is not None and draft.state == "sent":
            texts.append(self.say("still_checking", files=_names(self._changed(draft))))
        texts.append(self.say("how"))
        buttons = self._buttons(which, draft, cohort) if draft is not None and here else ()
        if live is not None:
            buttons = (*buttons, Button(self.say("undo"), ("undo", str(number), str(cohort.version))))
        files = Button(self.say("files"), ("files", str(number)))
        buttons = (*buttons, files, self._back("show", number))
        return Panel.of(self.say("title", name=cohort.name), *texts, buttons=buttons)

    def _published(self, live: ContentVersion) -> str:
        day = self.context.catalog.shown(live.since.date())
        return self.say("published", day=day, files=_names(live.files))

    def _buttons(self, which: int, draft: ContentVersion, cohort: Cohort) -> tuple[Button, ...]:
        about = (str(draft.cohort), str(which))
        drop = Button(self.say("drop"), ("drop", *about))
        if draft.state != "ready":
            return (drop,)
        publish = Button(self.say("publish", name=cohort.name), ("publish", *about))
        return (Button(self.say("try"), ("try", *about)), publish, drop)

    def _files(self, number: int, *, everything: bool) -> Panel:
        """Offer the files that coaches want first, by what they are about; or all of them by their names."""
        files = sorted(self.context.sources)
        if everything:
            buttons = [Button(file, ("file", str(number), str(n))) for n, file in enumerate(files)]
            return Panel.of(self.say("which_file"), buttons=(*buttons, self._back("files", number)))
        first = {name: file.format(language=self.context.catalog.language) for name, file in FIRST.items()}
        buttons = [
            Button(self.say(f"first.{name}"), ("file", str(number), str(files.index(file))))
            for name, file in first.items()
            if file in files
        ]
        rest = Button(self.say("all_files", number=len(files)), ("files", str(number), "all"))
        return Panel.of(self.say("which_file"), buttons=(*buttons, rest, self._back("bench", number)))

    def _file(self, cohort: Cohort, place: str) -> CoachingReply | None:
        files = sorted(self.context.sources)
        if not (place.isascii() and place.isdecimal() and len(place) < 4 and int(place) < len(files)):
            return None
        file = files[int(place)]
        base = self.context.repository.version(cohort.version) if cohort.version else None
        text = (base.files if base else {}).get(file, self.context.sources[file])
        return CoachingReply((FileToHandOver(handed_out(file), text, self.say("file", file=file)),))

    def _changed(self, version: ContentVersion) -> list[str]:
        """Return the files that an edition changes of what it goes on from."""
        base = self.context.repository.version(version.base) if version.base else None
        before = {**self.context.sources, **(base.files if base else {})}
        files = {file for file, text in version.files.items() if text != before.get(file)}
        return sorted(files | {paper.meant[0] for paper in version.papers})

    def _checking(self, version: ContentVersion) -> Panel:
        return Panel.of(self.say("checking", files=_names(self._changed(version))))

    def _back(self, where: str, number: int) -> Button:
        return Button(self.say("back"), (where, str(number)))

    def _said(self, key: str, **values: str | int) -> CoachingReply:
        return CoachingReply((Panel.of(self.say(key, **values)),))


def _fresh(context: CoachingContext) -> int:
    """Return a number for a content version, higher than those before: microseconds since 1970."""
    number = (context.now - _EPOCH) // timedelta(microseconds=1)
    while context.repository.version(number) is not None:
        number += 1
    return number


def _names(files: Iterable[str]) -> str:
    return ", ".join(sorted(files)) or "–"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _told(change: MeaningChange, lines: int | None = None) -> str:
    return "\n".join((change.head, *(f"– {line}" for line in change.lines[:lines])))
