"""Whether a coach's edition leaves alone what it may not change: the texts that flows/protected.yaml names."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.advice.catalog import Message, patterns
from bot.core.issues import Issue, SourceLocation, SourceLocations
from bot.core.library import Library

FILE = "flows/protected.yaml"
QUOTED = 160  # characters of a text that a finding quotes
_WHY = "People read it before they agree to something, so it is the same for everybody and belongs to no edition."


def protected_known(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Every name that is protected is one of a message, or of a group of messages."""
    keys = {key for catalog in library.catalogs.values() for key in catalog.messages}
    for name in library.protected:
        if not any(key == name or key.startswith(f"{name}.") for key in keys):
            what = f"no message is called '{name}', and no group of messages."
            instead = "Write its key as it stands in messages/, such as cohort.leave."
            yield Issue(places.at("protected", name), "unknown-message", what, "It would protect nothing.", instead)


def protected_kept(
    library: Library, places: SourceLocations, shipped: Library, theirs: SourceLocations
) -> Iterator[Issue]:
    """Report protected texts that are other than in the `shipped` content; `theirs` is where those stand."""
    if library.protected != shipped.protected:
        what = "the list of protected texts is another than the one I was shipped with."
        yield Issue(
            SourceLocation(FILE), "protected-list", what, "No edition decides what it may not change.", "Leave it out."
        )
    for language, catalog in library.catalogs.items():
        known = shipped.catalogs[language].messages if language in shipped.catalogs else {}
        for key in sorted(catalog.messages.keys() | known.keys()):
            if shipped.binds(language, key) and catalog.messages.get(key) != known.get(key):
                place = places.by_address.get(("message", language, key))
                place = place or SourceLocation(theirs.at("message", language, key).file)
                yield Issue(place, "protected-text", f"'{key}' is changed.", _WHY, _instead(known.get(key)))


def _instead(message: Message | None) -> str:
    if message is None:
        return "Take it out."
    said = " / ".join(patterns(message))
    return f'Put it back as it was: "{said if len(said) <= QUOTED else said[: QUOTED - 1] + "…"}"'
