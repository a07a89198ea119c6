"""Facts, answers and verdicts by the names that people see; where a message is missing, by their ids."""

from __future__ import annotations

from bot.core.advice.catalog import Catalogue


def short_name(catalogue: Catalogue, fact: str) -> str:
    """Return a fact in short."""
    return _said(catalogue, f"question.{fact}.short", fact)


def label(catalogue: Catalogue, fact: str, value: str) -> str:
    """Return an answer as its button says it."""
    return _said(catalogue, f"question.{fact}.options.{value}", value)


def verdict_name(catalogue: Catalogue, verdict: str) -> str:
    """Return a verdict in a few words."""
    return _said(catalogue, f"verdict.{verdict}.name", verdict)


def _said(catalogue: Catalogue, key: str, otherwise: str) -> str:
    return catalogue.say(key) if catalogue.has(key) else otherwise
