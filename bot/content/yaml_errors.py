"""What can be wrong with a YAML file, in words: for every fault what, why, and what to write instead.

Words and the patterns that choose them; the reading itself is in `yaml_source.py`.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from bot.core.issues import Issue, SourceLocation

MAX_BYTES = 512 * 1024  # many times the largest file meant; it bounds the time and memory of everything below
MAX_DEPTH = 20  # lists and tables inside each other; nobody finds their way in more
HOPELESS_DEPTH = 100  # behind a place too deep, faults are still looked for; but PyYAML gets slower with each level
MAX_ISSUES = 500  # more than anybody reads; a file with so many faults is something else than our YAML


class Trap(NamedTuple):
    """An unquoted text that not every reader of YAML takes for a text."""

    pattern: str  # of the whole text
    code: str
    why: str
    instead: str = "Write it in quotes: {quoted}."


# Rows are to be read as rows:
# fmt: off
_NUMERAL = "Write a number in plain digits, a text in quotes: {quoted}."
_HOUR = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]*)?)?([ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?))?"
TRAPS = (  # the first that fits explains; exact true, false and null never come here
    Trap(r"(?i:yes|no|on|off|y|n|true|false)", "yaml-boolean-word", "Unquoted, many programs read true or false.",
          "Write it in quotes: {quoted}; for a switch write true or false."),
    Trap(r"~|(?i:null)", "yaml-null-word", "Unquoted, it stands for 'nothing' and not for a text.",
          "Write it in quotes: {quoted}; for 'nothing' write null."),
    Trap(r"[-+]?[0-9_]+(:[0-9_]+)+(\.[0-9_]*)?", "yaml-time", "Unquoted, 12:30 becomes the number 750."),
    Trap(rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(([Tt]|[ \t]+){_HOUR})?", "yaml-date",
          "Unquoted, many programs turn a date into something else than a text."),
    Trap(r"[-+]?0[xXoObB][0-9a-fA-F_]+", "yaml-number-base", "Unquoted, 0x1F becomes 31.", _NUMERAL),
    Trap(r"[-+]?([0-9]+_[0-9_]*(\.[0-9_]*)?|[0-9]+\.[0-9]*_[0-9_]*|\.[0-9_]*[0-9][0-9_]*_[0-9_]*|\._+[0-9][0-9_]*)",
          "yaml-number-underscore", "Unquoted, 1_000 becomes 1000.", _NUMERAL),
    Trap(r"[-+]?0[0-9]+(\.[0-9]*)?", "yaml-number-zero", "Unquoted, 0123 becomes 83 or 123.", _NUMERAL),
    Trap(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+", "yaml-number-exponent", "1e3 becomes 1000.", _NUMERAL),
    Trap(r"[-+]?([0-9]+\.|\.[0-9]+)", "yaml-number-point", "A number has digits around its point.", _NUMERAL),
    Trap(r"(?i:[-+]?\.inf|\.nan)", "yaml-number-infinite", "Unquoted, it stands for no ordinary number.", _NUMERAL),
    Trap(r"\+[0-9]+(\.[0-9]+)?", "yaml-number-plus", "Unquoted, the plus sign gets lost.", _NUMERAL),
    Trap(r"(?=(\D*[0-9]){16})-?[0-9]+(\.[0-9]+)?", "yaml-number-long", "Digits behind the 15th get lost.", _NUMERAL),
    Trap(r"<<", "yaml-merge-key", "It mixes in entries from another place.", "Write these entries here."),
    Trap(r"=", "yaml-equals-sign", "Unquoted, some programs cannot read it."),
    Trap(r"(?s:[^\S \t\n].*|.*[^\S \t\n])", "yaml-odd-space", "A special space, as web pages have them, begins or "
          "ends it.", "Replace that by an ordinary space."),
)
_QUOTE = "Put the whole text between double quotes."
_SPACES = "What belongs together is seen by the number of spaces at the start of a line."
# code: what, why, instead; {text} is what stands there, {quoted} the same as one has to write it
WORDS: dict[str, tuple[str, str, str]] = {
    "yaml-too-big": (f"the file is larger than {MAX_BYTES} bytes.", "Nobody could check it.", "Make several of it."),
    "yaml-encoding": ("the byte {text} is not UTF-8.", "Letters such as ä or é are read in this encoding only.",
        "Save the file again, with the encoding UTF-8."),
    "yaml-odd-character": ("the invisible character {text} stands here.", "It can change texts.", "Delete it."),
    "yaml-too-deep": (f"{{text}} is nested more than {MAX_DEPTH} deep.", "Nobody could follow it.", "Nest it less."),
    "yaml-too-many": (f"reading stops after {MAX_ISSUES} faults.", "One fault can cause many.", "Mend the first ones."),
    "yaml-empty": ("the file is empty.", "", "Write its content, or delete the file."),
    "yaml-documents": ("{text} begins a second document.", "Only what stands before it would be read.",
        "Delete the line, or make two files."),
    "yaml-key-not-text": ("the name {text} is no text.", "A number, true, false, null or nothing names no entry.",
        "Write it in quotes: {quoted}."),
    "yaml-key-not-a-name": ("no name begins at {text}.", "A list or table cannot be the name of an entry.",
        "Put a text that begins with { or [ between double quotes."),
    "yaml-duplicate-key": ("the name {text} stands here again; it stands in line {number} first.",
        "Of two equal names, one would be lost.", "Delete one of them, or give it another name."),
    "yaml-alias": ("{text} refers to another place.", "Each place of a file stands for itself.",
        "Write it out here; put a text that begins with * between double quotes."),
    "yaml-anchor": ("{text} gives this place a name.", "Each place of a file stands for itself.",
        "Delete that name; put a text that begins with & between double quotes."),
    "yaml-tag": ("the tag {text} stands before a value.", "Content does not choose its kind, and runs no code.",
        "Delete it; put a text that begins with ! between double quotes."),
    "yaml-name-alone": ("{text} stands in brackets without a value.", "Each name has a colon, a space and a value.",
        "Write them; or, if the brackets belong to a text, put the whole text between double quotes."),
    "yaml-comment-behind-text": ("{text} stands behind an unquoted text.", "As a comment, it is cut off that text.",
        "Put the whole text between double quotes; or move the comment to a line of its own."),
    "yaml-tab": ("a tab stands before {text}.", _SPACES, "Replace the tab by spaces, two for each level."),
    "yaml-text-after-quote": ("{text} stands behind a quote that ended the text.", "Perhaps it was an apostrophe, or "
        "a line above lacks a quote.", r'Put the whole text between double quotes, with \" for a quote inside it.'),
    "yaml-text-after-bracket": ("{text} stands behind a closing bracket.",
        "A text that begins with { or [ is taken for a table or a list.", _QUOTE),
    "yaml-colon-in-text": ("a second colon stands in the line, at {text}.",
        "A colon with a space behind it ends a name; no unquoted text can hold one.", _QUOTE),
    "yaml-indented-too-far": ("no name can end at {text}.", "Indented like this, the line goes on with the text above.",
        "Begin the line in the column of its neighbours; or, if it goes on with a text, put that text in quotes."),
    "yaml-dash": ("a list begins in the middle of the line, at {text}.", "Each entry of a list has its own line.",
        "Begin the list on the next line; or put a text that begins with a dash between double quotes."),
    "yaml-no-colon": ("{text} is no 'name: value'.", "A name ends with a colon and a space.",
        "Write a space behind the colon; or, if it goes on with the text above, indent it further than that."),
    "yaml-quote-open": ("the quote that opens {text} never closes.", "All below is taken for a part of this text.",
        "Write the same quote at the end of the text."),
    "yaml-backslash": ("a backslash stands where it may not, near {text}.",
        "Between double quotes, it gives a special meaning to what follows.", r"Write \\ for a backslash."),
    "yaml-block-text": ("{text} does not begin on the next line.", "Behind | or > a text begins on the next line.",
        "Move it there, indented; or put it between double quotes instead."),
    "yaml-special-sign": ("{text} begins with a sign that means something else.",
        "No unquoted text begins with one of @ ` % & * ! | > [ ] { } or a comma.", _QUOTE),
    "yaml-bracket-open": ("{text} has no closing bracket, or no comma between two entries.",
        "Commas separate the entries, and a bracket ends them.",
        "Write the comma or the bracket; or put a text that begins with a bracket between double quotes."),
    "yaml-indentation": ("{text} does not fit the lines above.", _SPACES,
        "Begin lines that belong together in the same column, and see whether a quote or bracket above stays open."),
    "yaml-syntax": ("{text} cannot be read.", "It is no YAML.", "Compare it with a line that works."),
} | {trap.code: ("{text} stands without quotes.", trap.why, trap.instead) for trap in TRAPS}
# What PyYAML and libyaml complain about ("context; problem"), and whether it is shown where the broken thing begins
# instead of where they noticed. The first that fits explains.
COMPLAINTS = (
    (r"mapping values", False, "yaml-indented-too-far"),
    (r"sequence entries", False, "yaml-dash"),
    (r"expected ':'", True, "yaml-no-colon"),
    (r"quoted scalar; found unexpected (end|doc)", True, "yaml-quote-open"),
    (r"quoted scalar", False, "yaml-backslash"),
    (r"block scalar", True, "yaml-block-text"),
    (r"an? (anchor|alias|tag|directive)|tag handle|cannot start|node content", True, "yaml-special-sign"),
    (r"flow (sequence|mapping)", True, "yaml-bracket-open"),
    (r"block (mapping|collection)|document start", False, "yaml-indentation"),
    (r"", False, "yaml-syntax"),
)
# fmt: on


def issue(place: SourceLocation, code: str, text: str = "", number: int = 0) -> Issue:
    """Return the finding `code` about the `text` at `place`."""
    line = " ".join(text[:200].split())
    line = line if len(line) <= 40 else line[:39] + "…"
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    quoted = json.dumps(text if len(text) <= 40 else "…", ensure_ascii=False)
    filled = {"{text}": f"'{shown}'" if shown else "the end of the line", "{quoted}": quoted, "{number}": str(number)}
    what, why, instead = (re.sub(r"\{\w+\}", lambda slot: filled[slot[0]], words) for words in WORDS[code])
    return Issue(place, code, what, why, instead)
