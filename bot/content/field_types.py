"""What content files are made of: names, values, days, conditions, as pydantic types that also describe themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    Tag,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

# -- words and numbers -----------------------------------------------------------------------------------------------

NAME = r"^[a-z][a-z0-9_]*$"
VALUE = r"^[a-z0-9][a-z0-9_]*$"
RULE_ID = r"^R[0-9]+[a-z]?$"
GATE_ID = r"^G[0-9]+$"
KIND_ID = r"^[KED][0-9]+$"
REMINDER_ID = r"^M[0-9]+$"
CLAIM_ID = r"^C[0-9]+$"
LAW_ID = r"^P[0-9]+$"
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MESSAGE_KEY = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$"
MESSAGE_NAME = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"
MOST_DAYS = 366  # a reminder later than in a year is a slip of the keyboard, and days are counted one by one
MOST_NUMBERS = 50  # each number of a number fact is a button and a branch of the decision diagram

Name = Annotated[str, StringConstraints(pattern=NAME)]
ValueName = Annotated[str, StringConstraints(pattern=VALUE)]
RuleId = Annotated[str, StringConstraints(pattern=RULE_ID)]
GateId = Annotated[str, StringConstraints(pattern=GATE_ID)]
KindId = Annotated[str, StringConstraints(pattern=KIND_ID)]
ReminderId = Annotated[str, StringConstraints(pattern=REMINDER_ID)]
ClaimId = Annotated[str, StringConstraints(pattern=CLAIM_ID)]
LawId = Annotated[str, StringConstraints(pattern=LAW_ID)]
Clock = Annotated[str, StringConstraints(pattern=CLOCK)]
DayText = Annotated[str, StringConstraints(pattern=DAY)]
MessageKey = Annotated[str, StringConstraints(pattern=MESSAGE_KEY)]
MessageName = Annotated[str, StringConstraints(pattern=MESSAGE_NAME)]
Sentence = Annotated[str, StringConstraints(min_length=1)]
Switch = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Positive = Annotated[int, Field(strict=True, ge=1)]
Days = Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS)]


def _in_words(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Value = Annotated[str, BeforeValidator(_in_words), WithJsonSchema({"type": ["string", "integer"]})]
"""A value of a fact; one of a number fact may be written without quotes."""


class OneOrMany:
    """Lets a list of one be written without its brackets."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}

    @staticmethod
    def _listed(written: object) -> object:
        return written if isinstance(written, list) else [written]


class ShortFor:
    """Lets a mapping with one key be written as that key's text alone."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._spelled_out, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}

    def _spelled_out(self, written: object) -> object:
        return {self._key: written} if isinstance(written, str) else written


class ContentModel(BaseModel):
    """A mapping in a content file; keys that are not declared are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Values = Annotated[tuple[Value, ...], Field(min_length=1), OneOrMany()]
Named = Annotated[tuple[str, ...], OneOrMany()]
Cites = Annotated[tuple[str, ...], Field(description="The claims of the source that this rests on, such as C14.")]
Beyond = Annotated[Switch, Field(description="true: this goes beyond the source, and the advice says so.")]

# -- conditions ------------------------------------------------------------------------------------------------------


class Not(ContentModel):
    """Every value but these."""

    values: Annotated[Values, Field(alias="not", description="The value or values that do not fit.")]


class Bounds(ContentModel):
    """From and up to a number, both included."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})
    at_least: Annotated[Whole | None, Field(description="The smallest number that fits.")] = None
    at_most: Annotated[Whole | None, Field(description="The largest number that fits.")] = None


def _kind_of_allowed(written: object) -> str:
    if not isinstance(written, dict | ContentModel):
        return "<values>"
    return "<not>" if "not" in written else "<bounds>"


Allowed = Annotated[
    Annotated[Values, Tag("<values>")] | Annotated[Not, Tag("<not>")] | Annotated[Bounds, Tag("<bounds>")],
    Discriminator(_kind_of_allowed),
]
Case = dict[str, Allowed]


class AnyOf(ContentModel):
    """Alternatives: it is enough that one of them fits."""

    any: Annotated[tuple[Case, ...], Field(min_length=1, description="The alternatives.")]


def _kind_of_when(written: object) -> str:
    return "<any>" if isinstance(written, dict) and "any" in written else "<case>"


When = Annotated[
    Annotated[AnyOf, Tag("<any>")] | Annotated[Case, Tag("<case>")],
    Discriminator(_kind_of_when),
    Field(description="The condition: every fact named must have one of the values named; `any` lists alternatives."),
]
OptionalWhen = Annotated[When, Field(default_factory=dict)]
"""A condition that may be left out: then it always fits."""
