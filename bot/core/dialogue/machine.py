"""A flow compiled to one shared `transitions` machine: the engine of the dialogue, and its only importer.

The machine is built once per flow, holds no model and runs no callback but our own conditions;
each move happens on a throw-away cursor, so two people never share a state and nothing from YAML is ever called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from transitions import Machine

from bot.core.dialogue.flow import END, Flow

ANSWERED = "answered"


class _Event(Protocol):
    def trigger(self, model: object, known: Mapping[str, str]) -> bool: ...


class _Cursor:
    """What `transitions` moves: one field, gone after the move."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class FlowMachine:
    """Answers one question: which step comes after this one, given what is known."""

    def __init__(self, flow: Flow) -> None:
        # No model, no initial state: each live model makes the next dearer. No auto transitions: nothing may jump.
        machine = Machine(model=None, states=[*flow.step, END], initial=None, auto_transitions=False, send_event=False)
        for step in flow.steps:
            for branch in flow.after(step):
                machine.add_transition(ANSWERED, step.id, branch.go, conditions=[branch.when.fits])
        self._answered: _Event = machine.events[ANSWERED]

    def after(self, step: str, known: Mapping[str, str]) -> str:
        """Return the step after `step`; raises guards.Unknown when a branch reads a fact nobody has asked."""
        cursor = _Cursor(step)
        self._answered.trigger(cursor, known)
        return cursor.state
