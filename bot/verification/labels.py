"""Facts, answers and verdicts by the names that people see; where a message is missing, by their ids."""

from __future__ import annotations

from bot.core.advice.catalog import Catalog


def short_name(catalog: Catalog, fact: str) -> str:
    """Return a fact in short."""
    return _said(catalog, f"question.{fact}.short", fact)


def label(catalog: Catalog, fact: str, value: str) -> str:
    """Return an answer as its button says it."""
    return _said(catalog, f"question.{fact}.options.{value}", value)


def verdict_name(catalog: Catalog, verdict: str) -> str:
    """Return a verdict in a few words."""
    return _said(catalog, f"verdict.{verdict}.name", verdict)


def _said(catalog: Catalog, key: str, otherwise: str) -> str:
    return catalog.say(key) if catalog.has(key) else otherwise
