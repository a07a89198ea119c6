"""What a coach writes in plain words: asked for, shown as it will be read, and sent only by a tap.

A comment on a note, or a lesson in the coach's own words. What was written is kept with the cohort until it is sent or
dropped; whoever writes again writes it anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.core.advice.text import clean, units
from bot.core.coaching.cohort import Draft
from bot.core.coaching.context import CoachingReply, CoachingScreen, asks_for
from bot.core.coaching.lesson_planner import LessonPlanner
from bot.core.coaching.lessons import LONGEST
from bot.core.coaching.note_review import Review
from bot.core.coaching.releases import LONGEST_COMMENT
from bot.core.coaching.views import Button, Edited, Panel
from bot.core.dialogue.session import Block

COMMENT, WORDS = "comment", "words"
VERBS: Final = frozenset({COMMENT, WORDS, "post", "undraft"})
LIMITS: Final = {COMMENT: LONGEST_COMMENT, WORDS: LONGEST}


class DraftScreen(CoachingScreen):
    """What a coach of cohort `number` writes."""

    words = "cohort.draft"

    def pressed(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a coach's button says; None where it is out of date."""
        if verb in (COMMENT, WORDS):
            return self.asked(verb, rest[0])
        draft = self.cohort.drafts.get(self.context.person)
        if verb == "undraft":
            after = self.cohort.without_draft(self.context.person)
            return CoachingReply((Panel.of(self.say("dropped")),), {self.number: after})
        if draft is None or [draft.kind, draft.about] != rest[:2]:
            return None
        return self.sent(draft)

    def asked(self, kind: str, about: str) -> CoachingReply | None:
        """Ask for the words; the message below which that was tapped stays."""
        if not self._is_open(kind, about):
            return None
        panel = Panel.of(self.say(f"{kind}.ask"), buttons=(self._cancel(),))
        return CoachingReply((Edited(0, panel),), asking=asks_for(kind, self.number, about))

    def written(self, kind: str, about: str, text: str) -> CoachingReply:
        """Show what was written as it will be read."""
        asking = asks_for(kind, self.number, about)
        if not self._is_open(kind, about):
            return CoachingReply((Panel.of(self.say(f"{kind}.gone")),))
        lines = [line for line in map(clean, text.splitlines()) if line]
        if not lines or (kind == WORDS and len(lines) < 2):
            return CoachingReply((Panel.of(self.say(f"{kind}.too_little"), buttons=(self._cancel(),)),), asking=asking)
        if (over := units("\n".join(lines)) - LIMITS[kind]) > 0:
            said = self.say("too_long", limit=LIMITS[kind], count=over)
            return CoachingReply((Panel.of(said, buttons=(self._cancel(),)),), asking=asking)
        draft = Draft(kind, about, "\n".join(lines))
        blocks = (Block("title", self.say(f"{kind}.preview")), *(Block("text", line) for line in lines))
        send = Button(self.say(f"{kind}.send"), ("post", str(self.number), kind, about))
        panel = Panel((*blocks, Block("aside", self.say("again"))), (send, self._cancel()))
        after = self.cohort.with_draft(self.context.person, draft)
        return CoachingReply((panel,), {self.number: after}, asking=asking)

    def sent(self, draft: Draft) -> CoachingReply:
        """Pass a comment on, or put a lesson into the coach's words."""
        cohort = self.cohort.without_draft(self.context.person)
        if not self._is_open(draft.kind, draft.about):
            return CoachingReply((Panel.of(self.say(f"{draft.kind}.gone")),), {self.number: cohort})
        if draft.kind == COMMENT:
            done = Review(self.context, self.number, cohort).commented(draft.about, draft.text)
            return replace(done, cohorts={self.number: cohort})
        return LessonPlanner(self.context, self.number, cohort).worded(draft.about, draft.text)

    def _is_open(self, kind: str, about: str) -> bool:
        """Tell whether the note is still shown, or the lesson can still be changed."""
        if kind == COMMENT:
            return Review(self.context, self.number, self.cohort).release(about) is not None
        return LessonPlanner(self.context, self.number, self.cohort).open_slot(about) is not None

    def _cancel(self) -> Button:
        return Button(self.say("cancel"), ("undraft", str(self.number)))
