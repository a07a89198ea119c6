"""The bench at the door: rights, forged buttons, a trial that touches nothing, and shipped content that is renewed."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.app.content import open_library, the_flow
from bot.app.content_registry import LoadedContent, laid_over, seal_over
from bot.app.reload import ContentReloader
from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Key, PreviewTapped, TurnResult
from bot.core.coaching.cohort import ButtonPressed
from bot.core.coaching.content_version import CheckResult, FileUploaded, Finding, MeaningChange
from bot.core.dialogue.session import Picked, Said
from bot.core.library import Library
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler
from bot.storage.database import Database
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.private_chat import PrivateChat
from tests.runtime.conftest import BOT, SetClock
from tests.support.planting import copied

COACH, SECOND, RIVAL, DANA, STAN = 1, 2, 3, 10, 11
TONE = "messages/en/questions.yaml"
FEELING = "How did the conversation feel?"


def live(content: Path, shipped: Library | None) -> LoadedContent:
    return over(open_library(content), shipped)


def over(library: Library, shipped: Library | None) -> LoadedContent:
    talking = PrivateChat(library.bound_to(shipped).like(shipped) if shipped else library, the_flow(library))
    return LoadedContent(talking, CoachingChat(talking, frozenset({COACH, RIVAL}), shipped))


@dataclass
class Course:
    store: Database
    clock: SetClock
    contents: ContentReloader
    handler: UpdateHandler
    file: Path
    updates: int = 0

    async def does(self, person: int, event: object, message: int = 5) -> TurnResult:
        self.updates += 1
        extra = {"name": f"N{person}", "language": "en", "bot": "b", "reads_all": False, "message": message}
        shared = isinstance(event, ButtonPressed | FileUploaded) or (
            isinstance(event, CommandGiven) and event.command == "cohort"
        )
        turned = await self.handler.incoming(
            IncomingUpdate(self.updates, Key(BOT, person, 0, person), event, extra, shared=shared)
        )
        assert turned is not None
        return turned

    async def hears(self, person: int, event: object) -> str:
        """Let somebody do something, and return all they are told."""
        turned = await self.does(person, event)
        return "\n".join([turned.toast, *(str(call.values) for call in turned.calls)])

    async def opens(self, coach: int) -> str:
        done = await self.does(coach, CommandGiven("cohort", "new Spring"))
        return str(next(iter(done.cohorts)))  # type: ignore[attr-defined]

    async def joins(self, number: str, person: int) -> None:
        done = await self.does(COACH, ButtonPressed("invite", (number, "0")))
        secret = str(done.calls[0].values).partition(f"c_{number}_")[2][:22]
        assert "You are in" in await self.hears(person, ButtonPressed("join", (number, secret)))

    async def has_coach(self, person: int, number: str) -> None:
        """Let another coach be invited, accept and be confirmed."""
        said = await self.hears(COACH, ButtonPressed("cocoach", (number,)))
        secret = said.partition(f"start=k_{number}_")[2][:22]
        await self.does(person, ButtonPressed("willing", (number, secret)))
        await self.does(COACH, ButtonPressed("accept", (number, str(person))))

    async def is_fit(self, coach: int, old: str, new: str, file: str = TONE) -> int:
        """Let a coach hand in an edited file that passes; return the edition's number."""
        assert "m checking" in await self.hears(coach, FileUploaded("f", file, 100, file))
        job = await self.store.versions.claim(self.clock.now(), self.door_lease)
        assert job
        shipped = self.contents.live.talking.library
        text = laid_over(shipped, job.version.files)[file]
        assert old in text
        files = {**job.version.files, file: text.replace(old, new)}
        seal = seal_over(laid_over(shipped, files))
        found = CheckResult(job.number, files, changes=(MeaningChange("0 of 1"),), seal=seal)
        await self.handler.examined(Key(BOT, coach, 0, coach), found)
        return job.number

    @property
    def door_lease(self) -> Any:
        from bot.app.content_check_worker import CheckBounds

        return CheckBounds().lease

    def rows(self, *tables: str) -> list[Any]:
        with sqlite3.connect(self.file) as connection:
            return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]  # noqa: S608

    async def waiting(self) -> list[tuple[int, str]]:
        from datetime import timedelta

        found = []
        while claimed := await self.store.claim("w", self.clock.now(), timedelta(minutes=1), 50):
            for one in claimed:
                found.append((one.key.chat, str(one.call.values.get("text", ""))))
                await self.store.sent(one, 5, self.clock.now())
        return found


@pytest.fixture
async def course(store: Database, clock: SetClock, tmp_path: Path, library: Library) -> Course:
    content = copied(tmp_path / "content")
    contents = ContentReloader(over(library, None), (content / "flows", content / "messages"), live)
    handler = UpdateHandler(store, clock, contents, seconds=count(0, 60).__next__)
    return Course(store, clock, contents, handler, tmp_path / "db.sqlite3")


async def to_the_tone(course: Course, person: int) -> str:
    """Answer from the first question on; return what is asked about the tone, by whatever content talks."""
    await course.does(person, CommandGiven("new"))
    for text in ("No", "Well", "Nothing yet", "The hiring manager", "No"):
        said = await course.hears(person, Said(text))
    return said


async def test_only_the_cohort_hears_what_was_published_and_undo_restores(course: Course) -> None:
    spring, autumn = await course.opens(COACH), await course.opens(RIVAL)
    await course.joins(spring, DANA)
    version = await course.is_fit(COACH, FEELING, "And the talk?")
    assert "And the talk?" not in await to_the_tone(course, DANA), "not before it is published"
    assert "talks with it" in await course.hears(COACH, ButtonPressed("publish", (spring, str(version))))
    assert "And the talk?" in await to_the_tone(course, DANA)
    for other in (STAN, RIVAL):
        assert FEELING in await to_the_tone(course, other)
    second = await course.is_fit(COACH, "And the talk?", "Well, the talk?")
    await course.does(COACH, ButtonPressed("publish", (spring, str(second))))
    assert "Well, the talk?" in await to_the_tone(course, DANA)
    assert "had before" in await course.hears(COACH, ButtonPressed("undo", (spring, str(second))))
    assert "And the talk?" in await to_the_tone(course, DANA)
    assert "out of date" in await course.hears(COACH, ButtonPressed("undo", (spring, str(second))))
    assert "had before" in await course.hears(COACH, ButtonPressed("undo", (spring, str(version))))
    assert FEELING in await to_the_tone(course, DANA)
    assert autumn != spring


async def test_forged_buttons_and_foreign_files_change_and_reveal_nothing(course: Course) -> None:
    spring, autumn = await course.opens(COACH), await course.opens(RIVAL)
    await course.joins(spring, DANA)
    published = await course.is_fit(COACH, FEELING, "And the secret talk?")
    await course.does(COACH, ButtonPressed("publish", (spring, str(published))))
    draft = await course.is_fit(COACH, "And the secret talk?", "And the hidden talk?")
    await course.does(RIVAL, CommandGiven("start"))
    kept, dice = course.rows("cohort", "edition", "trial"), random.Random(1)  # noqa: S311 - no secret
    verbs = ("bench", "files", "file", "for", "try", "publish", "undo", "drop")
    for number in range(600):
        verb, which = dice.choice(verbs), str(dice.choice((draft, published, draft + 1, 0, "x", "9" * 30)))
        stranger = dice.choice((RIVAL, DANA, STAN))
        aim = dice.choice((spring, autumn if verb not in ("bench", "files", "file") else spring))
        said = await course.hears(stranger, ButtonPressed(verb, (aim, which)[: dice.choice((2, 2, 1))]))
        assert "talk?" not in said
        assert aim == autumn or "out of date" in said, (number, stranger, verb)
    for data in ("leave", "wait:7", "begin", "1:x", "wait:x", ""):
        assert "This trial is over" in await course.hears(STAN, PreviewTapped(data))
    assert course.rows("cohort", "edition", "trial") == kept
    for stranger in (DANA, STAN):
        assert "I can only read text and taps" in await course.hears(stranger, FileUploaded("f", "facts.yaml", 9))
    assert course.rows("cohort", "edition", "trial") == kept
    mine = await course.hears(COACH, ButtonPressed("bench", (spring,)))
    assert "Publish for" in mine
    assert "Undo" in mine


async def test_another_coach_of_the_cohort_cannot_publish_what_is_not_theirs(course: Course) -> None:
    spring = await course.opens(COACH)
    await course.has_coach(SECOND, spring)
    draft = await course.is_fit(COACH, FEELING, "One?")
    assert "out of date" in await course.hears(SECOND, ButtonPressed("publish", (spring, str(draft))))
    theirs = await course.is_fit(SECOND, FEELING, "Two?")
    await course.does(SECOND, ButtonPressed("publish", (spring, str(theirs))))
    said = await course.hears(COACH, ButtonPressed("publish", (spring, str(draft))))
    assert "checked once more, together with that" in said
    assert await course.store.versions.claim(course.clock.now(), course.door_lease)


async def test_what_was_checked_for_one_cohort_is_not_published_for_another(course: Course) -> None:
    spring, other = await course.opens(COACH), await course.opens(COACH)
    assert "For which cohort" in await course.hears(COACH, FileUploaded("f", TONE, 100, TONE))
    (draft,) = [row[1] for row in course.rows("edition")[0]]
    await course.does(COACH, ButtonPressed("for", (spring, str(draft))))
    said = await course.hears(COACH, ButtonPressed("publish", (spring, str(draft))))
    assert "out of date" in said, "it is not checked yet"
    draft = await course.is_fit(COACH, FEELING, "One?")
    assert "out of date" in await course.hears(COACH, ButtonPressed("publish", (other, str(draft))))
    assert "talks with it" in await course.hears(COACH, ButtonPressed("publish", (spring, str(draft))))


async def test_a_trial_touches_no_row_of_anybodys(course: Course) -> None:
    spring = await course.opens(COACH)
    await to_the_tone(course, COACH)
    draft = await course.is_fit(COACH, FEELING, "And the talk?")
    before = course.rows("person", "session", "case_")
    begun = await course.hears(COACH, ButtonPressed("try", (spring, str(draft))))
    assert "A trial for you alone" in begun
    assert "connected on LinkedIn" in await course.hears(COACH, PreviewTapped("begin"))
    for text in ("No", "Well", "Nothing yet", "The hiring manager", "No"):
        said = await course.hears(COACH, Said(text))
    assert "And the talk?" in said
    assert "Trial · " in said
    for text in ("Warm and lively", "Yesterday", "Not yet", "1"):
        said = await course.hears(COACH, Said(text))
    assert course.rows("person", "session", "case_") == before
    said = await course.hears(COACH, PreviewTapped("wait:7"))
    assert "Trial · Monday 30 November" in said
    assert course.rows("person", "session", "case_") == before
    own = await course.hears(COACH, Picked("back", 0))
    assert "Trial" not in own, "a button of the coach's own conversation stays theirs"
    assert "over" in await course.hears(COACH, PreviewTapped("leave"))
    assert course.rows("trial") == [[]]


async def test_renewed_content_lets_a_cohort_fall_back_and_its_coaches_are_told(course: Course) -> None:
    spring = await course.opens(COACH)
    await course.has_coach(SECOND, spring)
    await course.does(SECOND, CommandGiven("cohort"))
    await course.joins(spring, DANA)
    version = await course.is_fit(COACH, FEELING, "And the talk?")
    await course.does(COACH, ButtonPressed("publish", (spring, str(version))))
    assert "And the talk?" in await to_the_tone(course, DANA)
    content = course.file.parent / "content"
    (content / "messages" / "en" / "faq.yaml").write_text(
        (content / "messages" / "en" / "faq.yaml").read_text().replace("Should I", "Shall I", 1)
    )
    course.contents.registry.renew(live(content, None))
    assert FEELING in await to_the_tone(course, DANA), "until it is proved anew, the shipped content talks"
    job = await course.store.versions.claim(course.clock.now() + course.door_lease * 99999, course.door_lease)
    assert job
    assert job.number == version
    await course.waiting()
    found = CheckResult(version, job.version.files, (Finding(TONE, 63, "it does not fit."),))
    await course.handler.examined(Key(BOT, COACH, 0, COACH), found)
    told = await course.waiting()
    assert {chat for chat, text in told if "t fit any more" in text and "line 63" in text} == {COACH, SECOND}
    assert FEELING in await to_the_tone(course, DANA)
    assert "Throw it away" in await course.hears(COACH, ButtonPressed("bench", (spring,))), "to be mended"


async def test_a_protected_text_of_an_edition_from_before_the_rule_is_never_said(course: Course) -> None:
    """It is refused today; whatever was published, the shipped words stand above the button that shows a note."""
    spring = await course.opens(COACH)
    await course.joins(spring, DANA)
    words, lie = "Counts: not shared.", "Counts: nobody ever sees them."
    version = await course.is_fit(COACH, words, lie, "messages/en/cohort.yaml")
    await course.does(COACH, ButtonPressed("publish", (spring, str(version))))
    said = await course.hears(DANA, CommandGiven("cohort"))
    assert "in their own way" in said, "the edition does talk"
    assert words in said
    assert lie not in said


def test_an_edition_that_changes_a_protected_text_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.app.content import check, default_folders
    from bot.verification import checks

    monkeypatch.setattr(checks, "findings", lambda _proof: [])  # what else is proved takes seconds, and is tested
    content = copied(tmp_path / "content")
    file = content / "messages" / "en" / "review.yaml"
    text = file.read_text(encoding="utf-8").replace("The names are in it.", "Hidden, all of it.")
    file.write_text(text, encoding="utf-8")
    (issue,) = check(content, default_folders()[0].parent)[1]
    line = next(n for n, one in enumerate(text.split("\n"), 1) if "Hidden, all" in one)
    assert (issue.place.file, issue.place.line, issue.code) == ("messages/en/review.yaml", line, "protected-text")
    assert check(content)[1] == [], "it is the operator's own content otherwise"
