"""The atlas in a real browser: found, searched, read on a phone, by keyboard, and in the dark. Run by `make slow`.

Skipped where no Chromium can be driven; what a document alone can show is in test_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bot.core.library import Library
from bot.verification.atlas.page import page
from tests.support.browser import Browser, missing
from tests.support.hostile_content import HOSTILE, spoilt

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]
PHONE, DESK = (375, 812), (1280, 900)
ARROW_DOWN, TAB, SPACE = "\ue015", "\ue004", " "
RADIOS = "#asked fieldset:last-child label"
SCROLLS = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"

CONTRAST = """
  const light = (colour) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.match(/[\\d.]+/g).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    const colour = getComputedStyle(e).backgroundColor;
    return !/, 0\\)$/.test(colour) ? colour : e.parentElement ? ground(e.parentElement) : "rgb(255, 255, 255)";
  };
  document.querySelectorAll("details").forEach((e) => { e.open = true; });
  const says = (e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return Math.min(...[...document.querySelectorAll("main *, header *")].filter(says).map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
"""


@pytest.fixture(scope="module")
def file(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("atlas") / "atlas.html"
    made.write_text(page(library, "after_interview", "en"), encoding="utf-8")
    return made


@pytest.fixture
def phone(file: Path) -> Iterator[Browser]:
    with Browser(*PHONE) as browser:
        browser.open(file)
        yield browser
        assert browser.log() == [], "the browser complains about nothing"


def test_a_situation_is_found_by_tapping_on_a_phone(phone: Browser) -> None:
    for answer in ("No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "0–2 business days ago"):
        phone.tap(RADIOS, answer)
    assert phone.text("#result").startswith("Still possible")
    phone.tap(RADIOS, "Not yet")
    found = phone.text("#result")
    assert "Verdict: Thank-you now, request later" in found
    assert "Send a thank-you email now. Then connect on LinkedIn from the day." in found
    assert "A request in the first few days can look too eager" in found
    assert "Dear Dana," in found
    assert phone.text("#verdict") == "Verdict: Thank-you now, request later", "a screen reader says it"
    assert not phone.run(SCROLLS), "nothing is wider than the phone"
    phone.tap("#anew")
    assert phone.text("#result") == ""


def test_every_example_of_the_rules_is_found_with_the_row_that_is_expected(phone: Browser, library: Library) -> None:
    """As somebody would who never saw the project: choose what fits, from the top, until the verdict is there."""
    script = """
      document.getElementById("anew").click();
      const given = arguments[0];
      let taps = 0;
      while (!document.querySelector("#result h3") && taps < 20) {
        const [input] = [...document.querySelectorAll("#asked fieldset:last-child input")]
          .filter((radio) => given[radio.name] === undefined || given[radio.name] === +radio.value.split(".")[0]);
        input.click();
        taps += 1;
      }
      return [document.querySelector("#result a").textContent, taps];
    """
    facts, own = library.facts, library.flows["after_interview"]
    later = {name for flow in library.flows.values() for name in flow.asks} - set(own.asks)
    taps = []
    for example in library.rulesets["etiquette"].examples:
        if facts.by_name.keys() & example.given.keys() & {"overridden", *own.offers, *later}:
            continue  # what is asked on request only, or in the follow-up
        told: Mapping[str, str] = {**facts.cautious, **example.given}
        numbers = {name: facts[name].values.index(value) for name, value in told.items() if facts[name].finite}
        row, count = phone.run(script, numbers)
        taps.append(count)
        if "rule" in example.expect:
            assert row.removeprefix("Row ") in example.expect["rule"], example.name
        else:
            ruleset = library.rulesets["etiquette"]
            assert ruleset.rule[row.removeprefix("Row ")].verdict in example.expect["verdict"], example.name
    assert len(taps) > 30
    assert max(taps) <= 9, "nobody taps for a minute"


def test_an_earlier_answer_can_be_changed_and_days_that_cannot_be_are_not_offered(phone: Browser) -> None:
    for answer in ("No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "0–2 business days ago"):
        phone.tap(RADIOS, answer)
    phone.tap(RADIOS, "Not yet")
    legends = "return [...document.querySelectorAll('fieldset legend')].map((e) => e.textContent)"
    late = "Interview day: How many days ago was it?"
    assert late in phone.run(legends), "over a weekend it may be more days than business days"
    phone.tap("#further label", "3 or more days ago")
    phone.tap("#asked label", "11 or more business days ago")
    assert late not in phone.run(legends), "then it is more than three days ago in any case"
    assert "Verdict: Thank-you first" in phone.text("#result")
    phone.tap("#asked label", "0–2 business days ago")
    assert "Verdict: Thank-you now, request later" in phone.text("#result")
    phone.tap("#asked label", "0–2 days ago")
    phone.tap("#asked label", "3–10 business days ago")
    assert "Verdict: Thank-you first" in phone.text("#result"), "what was chosen after it gives way"


def test_words_are_searched_and_links_lead_out_of_the_search(phone: Browser) -> None:
    phone.type("#q", "rejection far")
    everything = phone.run("return document.querySelectorAll('main .item').length")
    left = phone.run("return [...document.querySelectorAll('main .item')].filter((e) => e.offsetParent).length")
    assert 0 < left < everything / 10
    assert phone.text("#found") == ("1 place" if left == 1 else f"{left} places")
    phone.type("#q", "rejection zebra")
    assert "Nothing holds all these words" in phone.text("#found"), "what holds the most of them stands there"
    assert phone.run("return [...document.querySelectorAll('main .item')].some((e) => e.offsetParent)")
    phone.type("#q", "zebra")
    assert "Nothing on this page holds any of these words" in phone.text("#found")
    phone.type("#q", "R12")
    phone.tap("#row-R12 a[href='#claim-C54']")
    assert phone.run("return document.querySelector('#claim-C54').offsetParent !== null")
    assert phone.run("return location.hash") == "#claim-C54"


def test_it_is_worked_by_keyboard_alone(phone: Browser) -> None:
    phone.run("document.querySelector('#asked input').focus()")
    phone.press(ARROW_DOWN * 3)  # the last answer: connected already
    assert "Keep in touch lightly" in phone.text("#result")
    assert phone.run("return document.activeElement.name") == "relation", "the focus stays where it was"
    phone.run("document.querySelector('.skip').focus()")
    assert phone.run("return document.querySelector('.skip').getBoundingClientRect().left") >= 0


@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESK, False), (PHONE, True)])
def test_nothing_is_wider_than_the_screen_and_everything_stands_out(
    file: Path, tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    with Browser(*size, dark=dark) as browser:
        browser.open(file)
        assert not browser.run(SCROLLS)
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") is not dark
        assert browser.run(CONTRAST) >= 4.5, "WCAG AA"
        browser.picture(tmp_path / "seen.png")
        assert (tmp_path / "seen.png").stat().st_size > 10_000


def test_no_content_is_run(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_text(page(spoilt(library), "after_interview", "en"), encoding="utf-8")
    with Browser(*PHONE) as browser:
        browser.open(file)  # an alert would be an unexpected one, and fail whatever comes next
        browser.tap(f"{RADIOS}:last-child")
        assert HOSTILE in browser.text("#result")
        assert browser.run("return document.images.length") == 0
        assert browser.log() == []
