"""What is shown of cohorts: panels with buttons, in private and in the group.

It words and arranges; who may see what is decided in `private_chat` and `group_chat`. The buttons of a member
carry the member's own turn, a coach's are checked against the coach's rights when they are tapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.advice.catalog import Catalog
from bot.core.coaching.cohort import OUTSIDE, PURPOSES, BotMembership, Cohort, Member
from bot.core.dialogue.session import Block


@dataclass(frozen=True)
class Button:
    """Something to tap: with `about` it comes back as `Pressed`, `link` opens that address, `copy` is to be pasted.

    With `played` it belongs to what a coach tries out.
    """

    label: str
    about: tuple[str, ...] = ()
    link: str = ""
    copy: str = ""
    played: str = ""


@dataclass(frozen=True)
class Panel:
    """A message about cohorts."""

    blocks: tuple[Block, ...]
    buttons: tuple[Button, ...] = field(default=())

    @classmethod
    def of(cls, title: str, *texts: str, items: Iterable[str] = (), buttons: Iterable[Button] = ()) -> Panel:
        """Return a panel of a title, texts and a list."""
        lines = (*(Block("text", text) for text in texts), *(Block("item", item) for item in items))
        return cls((Block("title", title), *lines), tuple(buttons))


@dataclass(frozen=True)
class Ballot:
    """An anonymous poll, with a button below it if it is to be closed by us."""

    question: str
    options: tuple[str, ...]
    button: Button | None = None


@dataclass(frozen=True)
class Closing:
    """A poll takes no more votes: that of this message, else the one whose button was tapped."""

    message: int = 0


@dataclass(frozen=True)
class Edited:
    """A panel that takes the place of another message, or of none (0) where what was tapped is to stay."""

    message: int
    panel: Panel


@dataclass(frozen=True)
class FileToHandOver:
    """A file to hand over."""

    name: str
    text: str
    caption: str


@dataclass(frozen=True)
class Bar:
    """A number in a picture, with what it was before (None: nothing is known of that)."""

    label: str
    number: int
    before: int | None = None


@dataclass(frozen=True)
class Plot:
    """A small picture: bars in groups, each with its title; `caption` says in words what it shows."""

    groups: tuple[tuple[str, tuple[Bar, ...]], ...]
    caption: str


Shown = Panel | Ballot | Closing | Edited | FileToHandOver | Plot
"""What can be shown in a chat."""


def deep_link(bot: str, payload: str, where: str = "start") -> str:
    """Return the address that opens the bot `bot` (its username) with a payload of at most 64 of A-Z a-z 0-9 _ -."""
    return f"https://t.me/{bot}?{where}={payload}"


def channel_link(bot: str) -> str:
    """Return the address that offers to add the bot `bot` to a channel, where it may post and nothing else."""
    return f"https://t.me/{bot}?startchannel&admin=post_messages"


def coaches_of(cohort: Cohort, catalog: Catalog) -> str:
    """Name the coaches; one whom the bot has not met yet has no name here."""
    return ", ".join(name or catalog.say("cohort.unmet") for name in cohort.coaches.values())


def invitation(number: int, cohort: Cohort, secret: str, catalog: Catalog) -> Panel:
    """Ask somebody who followed an invitation whether they want to join, and say what that means."""
    join = Button(catalog.say("cohort.options.join"), ("join", str(number), secret))
    title = catalog.say("cohort.invited", name=cohort.name, coaches=coaches_of(cohort, catalog))
    return Panel.of(title, items=catalog.alternatives("cohort.promises"), buttons=(join,))


def membership(number: int, cohort: Cohort, person: int, catalog: Catalog, bot: str) -> Panel:
    """Show a member what they agreed to, with a button for each purpose and one for leaving."""
    member = cohort.members[person]
    title = catalog.say("cohort.member", name=cohort.name, coaches=coaches_of(cohort, catalog))
    items, buttons = [], []
    for purpose in PURPOSES:
        agreed = purpose in member.agreed
        items.append(catalog.say(f"cohort.purpose.{purpose}.{'given' if agreed else 'open'}"))
        verb = "take" if agreed else "give"
        about = (verb, str(number), str(member.turn_of(purpose)), purpose)
        buttons.append(Button(catalog.say(f"cohort.options.{verb}_{purpose}"), about))
    items += [catalog.say("cohort.bench.adapted")] if cohort.version else []
    if member.stay_by is not None:
        items.append(catalog.say("cohort.stay_by", day=member.stay_by.date()))
    shown = [release for release in cohort.releases if release.person == person]
    items += [catalog.say("cohort.review.shown", day=catalog.shown(one.until.date())) for one in shown]
    buttons.append(Button(catalog.say("cohort.review.options.review"), ("review", str(number))))
    buttons.append(Button(catalog.say("cohort.options.hand"), ("hand", str(number))))
    buttons.append(Button(catalog.say("cohort.options.own_case"), link=deep_link(bot, "practice")))
    buttons.append(Button(catalog.say("cohort.options.leave"), ("leave", str(number), str(member.turn))))
    return Panel.of(title, items=items, buttons=buttons)


def leaving(number: int, cohort: Cohort, member: Member, catalog: Catalog) -> Panel:
    """Ask once more before somebody leaves."""
    about = (str(number), str(member.turn))
    return Panel.of(
        catalog.say("cohort.leave", name=cohort.name),
        buttons=(
            Button(catalog.say("cohort.options.left"), ("left", *about)),
            Button(catalog.say("cohort.options.stay"), ("show", str(number))),
        ),
    )


def coaching(number: int, cohort: Cohort, coach: int, catalog: Catalog, bot: str, room: BotMembership | None) -> Panel:
    """Show a coach their cohort; `room` is what is known of its group.

    How many came by the present invitation is told, so that one that reaches others is noticed; not who, nor how many
    members there are, which is a count like any other.
    """
    group = catalog.say(f"cohort.group.{_group_state(cohort, room)}")
    link = deep_link(bot, f"g_{number}", "startgroup")
    texts = [group]
    if cohort.code:
        key = "cohort.joined_of" if cohort.places else "cohort.joined"
        texts.append(catalog.say(key, number=cohort.joins, **({"of": cohort.places} if cohort.places else {})))
    waiting = {button.about[0]: button for button in waiting_buttons(number, cohort, catalog, coach)}
    return Panel.of(
        catalog.say("cohort.coach", name=cohort.name, coaches=coaches_of(cohort, catalog)),
        *texts,
        buttons=(
            Button(catalog.say("cohort.options.digest"), ("digest", str(number))),
            Button(catalog.say("cohort.options.invite"), ("invite", str(number))),
            Button(catalog.say("cohort.options.group"), link=link),
            waiting.get("notes") or Button(catalog.say("cohort.review.options.notes"), ("notes", str(number))),
            Button(_lessons_label(cohort, catalog), ("lessons", str(number))),
            waiting.get("hands") or Button(catalog.say("cohort.options.hands"), ("hands", str(number))),
            Button(catalog.say("cohort.options.nudge"), ("nudge", str(number))),
            *([Button(catalog.say("cohort.ask.options.ask"), ("ask", str(number)))] if cohort.chat else []),
            Button(catalog.say("cohort.bench.options.bench"), ("bench", str(number))),
            Button(catalog.say("cohort.options.coaches"), ("coaches", str(number))),
            Button(catalog.say("cohort.options.end"), ("end", str(number))),
        ),
    )


def waiting_buttons(number: int, cohort: Cohort, catalog: Catalog, coach: int) -> list[Button]:
    """Return the buttons to what waits for a coach, with how much that is."""
    waiting = {"hands": len(cohort.hands), "notes": cohort.unread(coach)}
    return [
        Button(catalog.say(f"cohort.week.options.{what}", number=count), (what, str(number)))
        for what, count in waiting.items()
        if count
    ]


def _lessons_label(cohort: Cohort, catalog: Catalog) -> str:
    plan = cohort.plan
    if plan is None or not plan.confirmed or plan.first is None:
        return catalog.say("cohort.lessons.options.lessons")
    return catalog.say("cohort.lessons.options.next", day=plan.slots[plan.first].day)


def _group_state(cohort: Cohort, room: BotMembership | None) -> str:
    if not cohort.chat:
        return "none"
    if room is not None and room.standing in OUTSIDE:
        return "out"
    return "tied" if room is None or room.may_write else "mute"


def several(cohorts: Mapping[int, Cohort], catalog: Catalog) -> Panel:
    """Let somebody choose one of their cohorts."""
    buttons = (Button(cohort.name, ("show", str(number))) for number, cohort in sorted(cohorts.items()))
    return Panel.of(catalog.say("cohort.several"), buttons=buttons)
