"""The case of the week in a group: a coach begins it and closes its polls; how they came out moves it on.

Whose tap counts is looked up each time; whatever else is tapped or told changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.advice.catalog import Catalog
from bot.core.coaching.case_studies import again, begun, counted
from bot.core.coaching.cohort import ButtonPressed, Cohort, CohortRepository, PollResult
from bot.core.coaching.exercise import ExerciseTurn, list_panel
from bot.core.coaching.speaker import Reply, Speaker
from bot.core.coaching.views import Closing, Panel
from bot.core.library import Library


@dataclass(frozen=True)
class Classroom:
    """One visit."""

    library: Library
    speaker: Speaker
    repository: CohortRepository

    def asked(self) -> Reply:
        """List the cases for a coach of this group."""
        here = self.repository.tied(self.speaker.chat)
        if not here:
            return self._said("untied")
        own = {number: cohort for number, cohort in sorted(here.items()) if self.speaker.person in cohort.coaches}
        if not own:
            return self._said("not_coach")
        number, cohort = next(iter(own.items()))
        sitting = self._sitting(cohort)
        return Reply((list_panel(self.library, self._catalog(cohort), number, sitting, cohort.played),))

    def pressed(self, pressed: ButtonPressed) -> Reply:
        """Begin a case, close its poll, or post it again, for a coach of this group."""
        number, what = [*pressed.about, "", ""][:2]
        here = self.repository.tied(self.speaker.chat)
        cohort = next((one for n, one in here.items() if str(n) == number), None)
        if cohort is None or self.speaker.person not in cohort.coaches:
            return Reply(toast=self._here().say("group.case.only_coach"))
        if pressed.verb == "case" and what in self.library.cases:
            exercise = begun(what, self.speaker.topic, cohort.exercise)
            after = replace(cohort, exercise=exercise)
            sitting = ExerciseTurn(self.library, self._catalog(after), exercise)
            # The list becomes the story, as it is edited in its place; polls of an earlier case take no more votes.
            return Reply((sitting.story(), *self._others(cohort), sitting.poll(int(number))), {int(number): after})
        sitting_ = self._sitting(cohort)
        if sitting_ is None or not sitting_.running or what != str(sitting_.exercise.turn):
            return self._stale()
        if pressed.verb == "again":
            exercise = again(sitting_.exercise, self.speaker.topic)
            after = replace(cohort, exercise=exercise)
            poll = ExerciseTurn(self.library, self._catalog(after), exercise).poll(int(number))
            return Reply((*self._others(cohort), poll), {int(number): after})
        if pressed.verb != "close" or pressed.polled is None:
            return self._stale()
        if sitting_.exercise.closing:  # tapped again: how it came out has not been told, so what is seen now counts
            return self._counted(int(number), cohort, pressed.polled)
        after = replace(cohort, exercise=replace(sitting_.exercise, closing=pressed.polled.poll, posted=()))
        return Reply((Closing(), *self._others(cohort)), {int(number): after})

    def _others(self, cohort: Cohort) -> tuple[Closing, ...]:
        """Close whatever polls of the cohort's stand open, but for the one that was tapped."""
        posted = cohort.exercise.posted if cohort.exercise and cohort.chat == self.speaker.chat else ()
        return tuple(Closing(message) for message in posted if message != self.speaker.message)

    def polled(self, polled: PollResult) -> Reply:
        """Go on after a poll that was closed; any other poll is nobody's business."""
        for number, cohort in sorted(self.repository.polling(polled.poll).items()):
            return self._counted(number, cohort, polled)
        return Reply()

    def _counted(self, number: int, cohort: Cohort, polled: PollResult) -> Reply:
        """Take the votes of the open poll, and post the next one, or the verdict after the last."""
        sitting = self._sitting(cohort)
        if sitting is None or not sitting.running:
            return Reply()
        exercise = counted(sitting.exercise, polled.votes)
        after = replace(cohort, exercise=exercise)
        sitting = ExerciseTurn(self.library, self._catalog(after), exercise)
        if sitting.study is None:  # the votes are those of another poll, or the content has changed
            return self._stale()
        place = (cohort.chat, exercise.topic)
        if sitting.running:
            return Reply((sitting.poll(number),), {number: after}, place=place)
        played = tuple(dict.fromkeys((*cohort.played, exercise.case)))
        return Reply((sitting.verdict(),), {number: replace(after, played=played)}, place=place)

    def _sitting(self, cohort: Cohort) -> ExerciseTurn | None:
        exercise = cohort.exercise
        return ExerciseTurn(self.library, self._catalog(cohort), exercise) if exercise else None

    def _catalog(self, cohort: Cohort) -> Catalog:
        return self.library.catalog(cohort.language)

    def _stale(self) -> Reply:
        return Reply(toast=self._here().say("cohort.stale"))

    def _said(self, key: str) -> Reply:
        return Reply((Panel.of(self._here().say(f"group.case.{key}")),))

    def _here(self) -> Catalog:
        tied = self.repository.tied(self.speaker.chat)
        return self.library.catalog(next((cohort.language for _, cohort in sorted(tied.items())), ""))
