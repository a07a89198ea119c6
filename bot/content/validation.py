"""Whether a file has the shape of its model; what pydantic finds wrong is said in our own plain words.

No sentence of pydantic's reaches a person; an error without a sentence here gets the last one.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from bot.content import field_types
from bot.content.models import FACT_KINDS
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.issues import nearest

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[str | int, ...]
Said = tuple[str, str, str, str]
"""Code, what, why, instead."""

_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table of 'name: value' lines",
    "model_type": "a table of 'name: value' lines",
}
_PATTERNS = {
    field_types.NAME: (
        "bad-name",
        "no name",
        "Write small letters, digits and _, with a letter first, such as last_week.",
    ),
    field_types.VALUE: ("bad-name", "no name of a value", "Write small letters, digits and _, such as no_address."),
    field_types.RULE_ID: ("bad-name", "no id of a rule", "Write R and a number, such as R07 or R7b."),
    field_types.GATE_ID: ("bad-name", "no id of a gate", "Write G and a number, such as G3."),
    field_types.KIND_ID: (
        "bad-name",
        "no id of a note or e-mail",
        "Write K (note) or E (e-mail) and a number, such as K2.",
    ),
    field_types.REMINDER_ID: ("bad-name", "no id of a reminder", "Write M and a number, such as M4."),
    field_types.CLAIM_ID: ("bad-name", "no id of a claim", "Write C and a number, such as C15."),
    field_types.CLOCK: ("bad-time", "no time of day", 'Write it in quotes from "00:00" to "23:59", such as "09:30".'),
    field_types.DAY: ("bad-date", "no date", 'Write it in quotes as year-month-day, such as "2026-11-24".'),
    field_types.MESSAGE_KEY: ("bad-name", "no name of a message", "Write letters, digits and _, such as not_sure."),
}


def shaped(source: SourceFile, model: type[Model]) -> Model | None:
    """Return the file as `model`, less what has the wrong shape, which is reported; None when too little is left."""
    nothings = list(_nothings(source.rest))
    for path in nothings:
        what = f"'{path[-1]}' has no value." if isinstance(path[-1], str) else "nothing stands behind this dash."
        source.fault(source.key(*path), "no-value", what, "Nobody can tell what was meant.", "Write one, or drop it.")
    source.cut(nothings)
    while True:
        try:
            return model.model_validate(source.rest)
        except ValidationError as wrong:
            found = [(_path_in(source.rest, error["loc"]), error) for error in wrong.errors(include_url=False)]
        for path, error in found:
            if not _follows_from_cuts(source, path, error):
                _report(source, model, path, error)
        paths = {path for path, _ in found}
        if () in paths:
            return None
        source.cut(paths)


def _nothings(value: object, path: Path = ()) -> Iterator[Path]:
    """Find every place where a value was left out."""
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for name, found in inner:
        if found is None:
            yield (*path, name)
        else:
            yield from _nothings(found, (*path, name))


def _path_in(value: object, loc: Location) -> Path:
    """Return the part of pydantic's location that leads through `value`; the tags of unions lead nowhere."""
    path: Path = ()
    for element in loc:
        inside = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        if element in inside:
            value, path = value[element], (*path, element)  # type: ignore[index]  # it is inside
    return path


def _follows_from_cuts(source: SourceFile, path: Path, error: ErrorDetails) -> bool:
    """Tell whether an error says only that something is missing which was itself cut out."""
    if error["type"] == "too_short" or (error["type"] == "missing" and isinstance(error["loc"][-1], int)):
        return not source.whole(*path)
    lost = {"missing": error["loc"][-1:], "union_tag_not_found": ("kind",)}.get(error["type"])
    return lost is not None and not source.whole(*path, *lost)


def _report(source: SourceFile, model: type[BaseModel], path: Path, error: ErrorDetails) -> None:
    if error["type"] == "extra_forbidden":
        source.fault(source.key(*path), *_unknown_key(model, error))
    elif error["type"] == "missing":
        source.fault(source.key(*path), *_missing(model, error))
    elif error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        _no_kind(source, path)
    else:
        place = source.key(*path) if error["loc"][-1:] == ("[key]",) else source.at(*path)
        source.fault(place, *_SAYINGS.get(error["type"], _unreadable)(error))


# -- keys ------------------------------------------------------------------------------------------------------------


def _unknown_key(model: type[BaseModel], error: ErrorDetails) -> Said:
    key = str(error["loc"][-1])
    known = [name for owner in _models_at(model, error["loc"][:-1]) for name in _fields(owner)]
    why = "'any' stands alone: what it should go with belongs into each alternative." if known == ["any"] else ""
    return "unknown-key", f"'{key}' is no key here.", why or "It would have no effect.", nearest(key, known)


def _missing(model: type[BaseModel], error: ErrorDetails) -> Said:
    key = error["loc"][-1]
    if isinstance(key, int):
        return "too-few", "the list is too short.", "", "Write two numbers, such as [0, 5]."
    fields = [_fields(owner).get(key) for owner in _models_at(model, error["loc"][:-1])]
    why = next((field.description for field in fields if field is not None and field.description), "")
    return "missing-key", f"'{key}' is missing here.", why, f"Add {key}: and its value."


def _no_kind(source: SourceFile, path: Path) -> None:
    written = source.value(path)
    if not isinstance(written, dict):
        source.fault(source.at(*path), *_wrong_type("model_type", written))
    elif "kind" not in written:
        why = f"It says how the fact is asked: {', '.join(FACT_KINDS)}."
        source.fault(source.key(*path), "missing-key", "'kind' is missing here.", why, "Add kind: and its value.")
    else:
        what = f"{_shown(written['kind'])} is no kind of fact."
        source.fault(source.at(*path, "kind"), "not-one-of", what, "", nearest(str(written["kind"]), FACT_KINDS))


# -- values ----------------------------------------------------------------------------------------------------------


def _shown(value: object) -> str:
    """Name a value that stands in the wrong place."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return f"'{value[:40]}…'" if len(value) > 40 else f"'{value}'"
    return "a list" if isinstance(value, list) else "a table"


def _wrong_type(kind: str, value: object) -> Said:
    instead = ""
    if kind == "string_type" and isinstance(value, int | float):
        instead = "Write it in quotes."
    elif kind == "tuple_type" and isinstance(value, str):
        instead = f"Write [{value[:40]}]."
    return "wrong-type", f"{_shown(value)} stands where {_TYPES[kind]} belongs.", "", instead


def _of_type(error: ErrorDetails) -> Said:
    return _wrong_type(error["type"], error["input"])


def _not_one_of(error: ErrorDetails) -> Said:
    words = [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ",").split(",")]
    words = [{"True": "true", "False": "false"}.get(word, word) for word in words]  # as they are written in YAML
    return "not-one-of", f"{_shown(error['input'])} cannot stand here.", "", nearest(str(error["input"]), words)


def _out_of_range(error: ErrorDetails) -> Said:
    low, high = error["ctx"].get("ge"), error["ctx"].get("le")
    bound = f"at most {high}" if low is None else f"at least {low}"
    return "out-of-range", f"{_shown(error['input'])} cannot stand here; it has to be {bound}.", "", ""


def _too_short(error: ErrorDetails) -> Said:
    return "too-few", f"too little stands here; at least {error['ctx']['min_length']} is needed.", "", ""


def _too_long(error: ErrorDetails) -> Said:
    return "too-many", f"too much stands here; {error['ctx']['max_length']} is the most.", "", ""


def _empty_text(_error: ErrorDetails) -> Said:
    return "no-value", "the text is empty.", "", "Write it, in quotes."


def _bad_pattern(error: ErrorDetails) -> Said:
    code, what, instead = _PATTERNS[error["ctx"]["pattern"]]
    return code, f"{_shown(error['input'])} is {what}.", "", instead


def _unreadable(error: ErrorDetails) -> Said:
    return "wrong-type", f"{_shown(error['input'])} cannot stand here.", "", "Compare it with a part that works."


_SAYINGS: dict[str, Callable[[ErrorDetails], Said]] = {
    **dict.fromkeys(_TYPES, _of_type),
    "literal_error": _not_one_of,
    "greater_than_equal": _out_of_range,
    "less_than_equal": _out_of_range,
    "too_short": _too_short,
    "too_long": _too_long,
    "string_too_short": _empty_text,
    "string_pattern_mismatch": _bad_pattern,
}

# -- which model a finding is about ----------------------------------------------------------------------------------


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models_at(model: type[BaseModel], loc: Location) -> list[type[BaseModel]]:
    """Return the models that declare what may stand at pydantic's location `loc`."""
    reached: list[Any] = [model]
    for element in loc:
        reached = [inner for kind in reached for inner in _inside(kind, element)]
    return [option for kind in reached for option in _options(kind) if _is_model(option)]


def _inside(kind: Any, element: str | int) -> Iterator[Any]:
    """Walk one element of a location down a type: a key, the place in a list, or the tag of a union."""
    options = list(_options(kind))
    tagged = [option for option in options if _tag(option) == element]
    yield from tagged
    for option in [] if tagged else options:
        if _is_model(option) and element in _fields(option):
            yield _fields(option)[str(element)].annotation
        elif get_origin(option) is dict:
            yield get_args(option)[1]
        elif get_origin(option) is tuple and isinstance(element, int):
            yield get_args(option)[0]


def _options(kind: Any) -> Iterator[Any]:
    """Return the members of a type, with their annotations and without."""
    if get_origin(kind) is Annotated:
        yield kind
        yield from _options(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _options(member)
    else:
        yield kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _tag(kind: Any) -> str | None:
    pieces = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((piece.tag for piece in pieces if isinstance(piece, Tag)), None)
