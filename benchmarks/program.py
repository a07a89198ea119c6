"""`make bench`: what things cost, each also as a ratio to one bare `transitions` step in the same run.

Times differ from machine to machine and hour to hour; the ratios say whether a change made something dearer.
Nothing is asserted here.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from transitions import Machine

from bot.app.content import check, open_library
from bot.core.advice.judge import judge
from bot.core.advice.notes import compose
from bot.core.dialogue.engine import advance
from bot.core.dialogue.session import Said, Session, Started
from bot.core.dialogue.view import SessionView
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.candidate import TYPED
from tests.support.tenfold import tenfold

ANSWERS = {
    "relation": "1", "experience": "1", "outcome": "1", "role": "1", "invited": "2", "tone": "1",
    "interviewed_on": "friday", "thanks": "2", "format": "1", "account": "1", "profile": "1",
}  # fmt: skip


def median(work: Callable[[], object], *, runs: int, inner: int = 1) -> float:
    """Return the median seconds of one call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(inner):
            work()
        times.append((time.perf_counter() - start) / inner)
    return statistics.median(times)


def bare_step() -> Callable[[], object]:
    """One move of `transitions` with one condition, as its documentation shows it, on a throw-away model."""

    class Cursor:
        state = "a"

    machine = Machine(model=None, states=["a", "b"], initial=None, auto_transitions=False)
    machine.add_transition("go", "a", "b", conditions=[lambda _known: True])
    event = machine.events["go"]
    return lambda: event.trigger(Cursor(), {})


def turns(library: Library) -> Iterator[float]:
    """Yield the seconds of each `advance` of whole conversations, after one to warm up."""
    for number in range(200):
        session = advance(library, Session(flow="after_interview", zone="Europe/Berlin"), Started(), NOW).session
        asked = "relation"
        while asked:
            text = ANSWERS.get(asked) or TYPED[asked]
            start = time.perf_counter()
            turn = advance(library, session, Said(text), NOW)
            took = time.perf_counter() - start
            session = turn.session
            last = turn.messages[-1]
            asked = last.name.removeprefix("question ") if last.kind == "question" else ""
            if number:
                yield took


def whole(*command: str) -> float:
    """Return the median seconds of a whole process."""

    def run() -> None:
        subprocess.run([sys.executable, "-m", "bot", *command], capture_output=True, check=False)

    return median(run, runs=7)


def tenfold_checked() -> float:
    """Return the seconds of one check of ten times the content."""
    with tempfile.TemporaryDirectory() as folder:
        content = tenfold(Path(folder))
        return median(lambda: check(content), runs=1)


def main() -> None:
    """Measure and print."""
    library = open_library(None)
    spent = sorted(turns(library))
    view = finished(library)
    kind = library.notebook.kinds["K2"]
    slots = view.slots(kind)
    step = median(bare_step(), runs=30, inner=1000)
    route = library.routes["after_interview"]
    rows = {
        "one bare transitions step": step,
        "one step of the compiled flow": median(lambda: route._machine.after("tone", {}), runs=30, inner=1000),
        "one judge()": median(lambda: judge_once(library, view), runs=30, inner=200),
        "one note composed": median(
            lambda: compose(kind, slots, 200, view.catalog, wordings=["full"]), runs=30, inner=200
        ),
        "one advance(), median of whole conversations": statistics.median(spent),
        "one advance(), 99th percentile": spent[int(len(spent) * 0.99)],
        "a session written out and read back": median(
            lambda: Session.from_json(json.loads(json.dumps(view.session.to_json()))), runs=30, inner=200
        ),
        "loading all content": median(lambda: open_library(None), runs=5),
        "afterword check, in process": median(lambda: check(None), runs=3),
        "afterword check of ten times the flows and rules": tenfold_checked(),
        "afterword --help, whole process": whole("--help"),
        "afterword check, whole process": whole("check"),
    }
    width = max(map(len, rows))
    print(f"{'':{width}}  {'time':>12}  {'steps':>9}")
    for name, seconds in rows.items():
        print(f"{name:{width}}  {seconds * 1e6:>9,.1f} µs  {seconds / step:>9,.1f}")


def judge_once(library: Library, view: SessionView) -> object:
    """Judge the finished conversation."""
    return judge(
        view.outcomes,
        library.reminders,
        library.facts,
        view.session.facts,
        view.route.assumed,
        NOW,
        view.session.place,
    )


def finished(library: Library) -> SessionView:
    """Return a conversation that has come to its end."""
    session = advance(library, Session(flow="after_interview", zone="Europe/Berlin"), Started(), NOW).session
    asked = "relation"
    while asked:
        turn = advance(library, session, Said(ANSWERS.get(asked) or TYPED[asked]), NOW)
        session, last = turn.session, turn.messages[-1]
        asked = last.name.removeprefix("question ") if last.kind == "question" else ""
    return SessionView(library, session, NOW)


if __name__ == "__main__":
    main()
