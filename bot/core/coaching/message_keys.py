"""Every message that cohorts and groups can ask for: what the checker compares with the message files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bot.core.coaching.cohort import PURPOSES
from bot.core.coaching.content_editor import FIRST
from bot.core.coaching.drafts import LIMITS
from bot.core.coaching.note_text import PARTS, is_name
from bot.core.coaching.office_hours import WEEKLY
from bot.core.coaching.statistics import OTHERS, QUESTIONS
from bot.core.coaching.undelivered import WHY
from bot.core.library import Library

PLAIN: Final = (
    "unmet", "stale", "no_invitation", "promises", "several", "none_yet", "invite_how", "export",
    "group.tied", "group.none", "group.out", "group.mute", "digest.too_few", "digest.merged", "digest.how",
    "digest.table", "invite_any", "invite_open", "invite_leaked",
    "invite_renew",
)  # fmt: skip
OPTIONS: Final = (
    "open", "join", "own_case", "leave", "left", "stay", "digest", "invite", "group", "end", "ended", "back", "hand",
    "hands", "nudge", "coaches",
)  # fmt: skip
GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("invited", "member", "coach"), ("name", "coaches")),
    **dict.fromkeys(("leave", "has_left", "end", "is_ended", "was_ended", "group.is_out", "group.is_mute"), ("name",)),
    "group.no_posts": ("name", "channel"),
    **dict.fromkeys(("stranger", "digest.people"), ("number",)),
    "name_it": ("limit",),
    "not_done": ("what",),
    "invite": ("name", "day"),
    "digest.title": ("name", "day"),
    "digest.line": ("what", "number"),
    "digest.changed": ("what", "number", "before"),
    **dict.fromkeys(("digest.next", "digest.look_again"), ("day", "time")),
    "invite_many": ("name",),
    **dict.fromkeys(("renew_sure", "stay_by"), ("day",)),
    "asked_again": ("name", "day"),
    **dict.fromkeys(("invite_places", "invite_good", "joined"), ("number",)),
    "joined_of": ("number", "of"),
    **{f"ask.{key}": () for key in ("which", "posted", "options.ask")},
    **{f"ask.{name}.{part}": () for name in WEEKLY for part in ("title", "question", "answers")},
    **{f"week.{key}": ("name",) for key in ("cohort", "open")},
    **{f"week.{key}": () for key in ("title", "counts")},
    **{f"week.{key}": ("number",) for key in ("hands", "notes", "options.hands", "options.notes")},
    "week.lesson": ("what", "day", "time"),
    "week.case": ("title", "number", "of"),
    "week.joined": ("number", "of"),
    "digest.picture": ("name", "day"),
    "digest.table_is": ("name",),
    **{f"digest.column.{name}": () for name in ("day", "question", "answer", "number", "members")},
}
GROUP: Final = (
    "hello", "help", "busy", "hidden", "not_coach", "which_cohort", "here", "here_topic", "practice", "cohort", "hand",
    "questions",
    "not_found",
    *(f"check.{what}" for what in ("writes", "mute", "private", "reads_all", "admin", "unknown")),
    *(f"check.{what}" for what in ("polls", "no_polls", "polls_unknown")),
    *(f"options.{what}" for what in ("practice", "cohort", "hand", "all")),
)  # fmt: skip


CASES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("not_coach", "untied", "list", "again", "vote", "close", "only_coach", "yours", "advice_divided",
                     "advice_unvoted"), ()),
    "played": ("title",),
    "under_way": ("title", "number", "of"),
    "reading": ("number", "of", "who", "question"),
    "advising": ("number", "of", "who"),
    "verdict": ("title", "verdict"),
    "agreed": ("what", "answer", "count", "of", "told"),
    "differed": ("what", "answer", "count", "of", "told"),
    **dict.fromkeys(("divided", "unvoted"), ("what", "told")),
    **dict.fromkeys(("advice_agreed", "advice_differed"), ("answer", "count", "of")),
    "otherwise": ("verdict",),
}  # fmt: skip


LESSONS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("which_clock", "no_clock", "no_channel", "add",
                     "refresh", "choose", "confirm", "stop", "stopped", "deny", "practice",
                     "earlier", "later", "sooner", "after", "leave_out", "take_in", "own", "shipped",
                     "past", "options.lessons"), ()),
    "title": ("name",),
    **dict.fromkeys(("draft", "plan"), ("channel", "city")),
    **dict.fromkeys(("which", "mute", "stop_sure"), ("channel",)),
    "line": ("day", "time", "what"),
    **dict.fromkeys(("posted", "missed", "left_out"), ("day", "what")),
    "rests": ("claims",),
    "options.next": ("day",),
    "when": ("day", "time", "channel"),
    "unposted": ("what", "channel"),
}  # fmt: skip


HOURS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("which", "lower", "nudge_sure", "nudge_sent", "nudged_lately", "send"), ()),
    **dict.fromkeys(("some", "none", "nudge"), ("name",)),
    "raised": ("topic",),
    "one": ("place", "topic"),
    "up": ("name", "topic"),
    "was_called": ("topic", "day"),
    "uncall": (),
    "uncalled": ("name",),
    "called": ("name", "topic"),
}  # fmt: skip
COACHES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("invite", "invitation_how", "accept", "refuse", "last", "look", "means", "will", "will_not",
                     "declined"), ()),
    **dict.fromkeys(("title", "one", "lead", "remove", "is_refused", "welcome", "not_you", "you_are_out"), ("name",)),
    "invitation": ("name", "day"),
    **dict.fromkeys(("asked", "confirm", "remove_sure", "removed"), ("coach", "name")),
    **dict.fromkeys(("new_coach", "no_coach"), ("coach", "name", "coaches")),
    "waiting": ("coach",),
}  # fmt: skip
REVIEW: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("nothing", "preview", "how", "hidden_names", "names_shown", "readable_outcome", "send",
                     "show_names", "hide_names", "out", "take_back", "is_back", "read", "reading", "comment", "away",
                     "commented", "gone", "options.review", "options.notes"), ()),
    **dict.fromkeys(("which", "news", "some", "none", "answer"), ("name",)),
    **dict.fromkeys(("note", "mail"), ("who",)),
    **dict.fromkeys(("hidden", "hide_part", "show_part"), ("what",)),
    "readable": ("what", "answer"),
    "tells": ("words",),
    "unnamed": ("number",),
    **dict.fromkeys(("until", "one", "shown"), ("day",)),
    "comment_how": ("day",),
}  # fmt: skip


CONTENT_EDITOR: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("how", "shipped", "adapted", "files", "which_file", "other_draft", "for_which", "findings_how",
                     "finding_file", "change_file", "late", "disk", "stuck", "try", "drop", "undo", "back", "meanwhile",
                     "options.bench"), ()),
    **dict.fromkeys(("title", "publish", "dropped", "is_published", "undone", "fallen", "fallen_short"), ("name",)),
    **dict.fromkeys(("checking", "still_checking"), ("files",)),
    **dict.fromkeys(("fits", "several"), ("name", "files")),
    **dict.fromkeys(("findings", "more", "all_files"), ("number",)),
    **{f"first.{name}": () for name in FIRST},
    "published": ("day", "files"),
    "file": ("file",),
    "too_large": ("name", "size", "limit"),
    "too_much": ("limit",),
    "unknown": ("name", "example"),
    "finding": ("file", "line", "what"),
    "gone": ("name",),
    **dict.fromkeys(("trial.begins", "trial.begin", "trial.day", "trial.days", "trial.week", "trial.leave",
                     "trial.over", "trial.none"), ()),
    "trial.mark": ("day", "time"),
}  # fmt: skip


PRIVACY: Final[Mapping[str, tuple[str, ...]]] = {
    "nothing": ("name", "coaches"),
    "some": ("name", "coaches", "shared"),
    "note": ("day",),
    "hand": (),
    "coach": ("name",),
    **dict.fromkeys(PURPOSES, ()),
}  # fmt: skip


def asked_for(library: Library) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each message key with what fills its blanks."""
    yield from ((f"cohort.{key}", ()) for key in PLAIN)
    yield from ((f"cohort.options.{key}", ()) for key in OPTIONS)
    yield from ((f"cohort.{key}", blanks) for key, blanks in GIVEN.items())
    for purpose in PURPOSES:
        yield from ((f"cohort.purpose.{purpose}.{part}", ()) for part in ("open", "given"))
        yield from ((f"cohort.options.{verb}_{purpose}", ()) for verb in ("give", "take"))
    for question, cells in {**QUESTIONS, "verdicts": ("none",)}.items():
        yield from ((f"cohort.digest.{question}.{part}", ()) for part in ("title", *cells, OTHERS))
    yield from ((f"group.{key}", ()) for key in GROUP)
    yield "group.tied", ("name",)
    yield "group.unposted.title", ("name", "what")
    yield "group.unposted.go_on", ("again",)
    yield from ((f"group.unposted.{why}", ()) for why in (*WHY, "other"))
    measures = tuple(library.measures)
    for name in library.faq:
        yield from ((f"faq.{name}.question", ()), (f"faq.{name}.answer", measures), (f"faq.{name}.asks", ()))
    yield from _of_cases(library)
    yield from ((f"cohort.lessons.{key}", blanks) for key, blanks in LESSONS.items())
    yield from ((f"cohort.hours.{key}", blanks) for key, blanks in HOURS.items())
    yield from ((f"cohort.bench.{key}", blanks) for key, blanks in CONTENT_EDITOR.items())
    yield from ((f"cohort.coaches.{key}", blanks) for key, blanks in COACHES.items())
    yield from ((f"cohort.review.{key}", blanks) for key, blanks in REVIEW.items())
    yield from ((f"privacy.cohort.{key}", blanks) for key, blanks in PRIVACY.items())
    yield from _of_reviews(library)
    for series in library.series.values():
        yield f"series.{series.id}.title", ()
        for lesson in series.lessons:
            yield from ((f"lesson.{lesson.id}.title", ()), (f"lesson.{lesson.id}.text", measures))


def _of_reviews(library: Library) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give what stands for the parts of a note; those of an edition's own are spoken of as `other`."""
    yield from ((f"cohort.review.mask.{fact}", ()) for fact in library.facts.texts if is_name(library, fact))
    yield from ((f"cohort.draft.{key}", ()) for key in ("again", "cancel", "dropped"))
    yield "cohort.draft.too_long", ("limit", "count")
    for kind in LIMITS:
        parts = ("ask", "too_little", "preview", "send", "gone")
        yield from ((f"cohort.draft.{kind}.{part}", ()) for part in parts)
    for part in (*PARTS, "other"):
        yield from ((f"cohort.review.{sort}.{part}", ()) for sort in ("mask", "part"))


def _of_cases(library: Library) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, blanks in CASES.items():
        yield f"group.case.{key}", blanks
    for case in library.cases:
        yield from ((f"case.{case}.{part}", ()) for part in ("title", "who", "story"))
