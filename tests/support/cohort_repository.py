"""What is kept of cohorts, in memory: for tests of what is said and decided, which need no store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.coaching.cohort import BotMembership, Cohort
from bot.core.dialogue.session import Session


@dataclass
class Rolls:
    """Some cohorts by number, and interviews by person and number."""

    kept: dict[int, Cohort]
    interviews: Mapping[int, Mapping[int, Session]] = field(default_factory=dict)

    def cohort(self, number: int) -> Cohort | None:
        return self.kept.get(number)

    def coached(self, person: int) -> Mapping[int, Cohort]:
        return {n: one for n, one in self.kept.items() if person in one.coaches}

    def joined(self, person: int) -> Mapping[int, Cohort]:
        return {n: one for n, one in self.kept.items() if person in one.members}

    def tied(self, chat: int) -> Mapping[int, Cohort]:
        return {n: one for n, one in self.kept.items() if one.chat == chat}

    def polling(self, poll: str) -> Mapping[int, Cohort]:  # noqa: ARG002 - as the Protocol has it
        return {}

    def room(self, chat: int) -> BotMembership | None:  # noqa: ARG002 - as the Protocol has it
        return None

    def version(self, number: int) -> None:  # noqa: ARG002 - as the Protocol has it
        return None

    def versions(self, coach: int) -> Mapping[int, Any]:  # noqa: ARG002 - as the Protocol has it
        return {}

    def channels(self, person: int) -> Mapping[int, BotMembership]:  # noqa: ARG002 - as the Protocol has it
        return {}

    def language(self, person: int) -> str:  # noqa: ARG002 - as the Protocol has it
        return "en"

    def cases(self, people: frozenset[int]) -> Mapping[int, Mapping[int, Session]]:
        return {person: self.interviews[person] for person in people if person in self.interviews}
