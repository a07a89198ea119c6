"""A real browser, driven over the W3C WebDriver protocol: Chromium and its chromedriver, where they are installed."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the protocol gives to elements


def missing() -> str:
    """Return why no browser can be driven here; "" where one can."""
    if not any(map(shutil.which, BROWSERS)):
        return "no Chromium is installed (Debian: apt-get install chromium chromium-driver)"
    return (
        "" if shutil.which("chromedriver") else "no chromedriver is installed (Debian: apt-get install chromium-driver)"
    )


class Browser:
    """One window; `width` and `height` in CSS pixels."""

    def __init__(self, width: int, height: int, *, dark: bool = False) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = tempfile.TemporaryDirectory(prefix="afterword-browser-")
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        flags = [*FLAGS, f"--user-data-dir={self.folder.name}", f"--window-size={width},{height}"]
        flags += ["--force-dark-mode"] if dark else []
        options = {"args": flags, "binary": next(filter(None, map(shutil.which, BROWSERS)))}
        # A phone: the page's own viewport counts, and a window cannot be as narrow without it.
        options["mobileEmulation"] = {
            "deviceMetrics": {"width": width, "height": height, "pixelRatio": 2, "touch": False}
        }
        self._wait()
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self.session = str(self._call("POST", "/session", wanted)["sessionId"])
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._of("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [feature]}})

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        try:
            self._of("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            self.folder.cleanup()

    def open(self, file: Path) -> None:
        self._of("POST", "/url", {"url": file.as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns."""
        return self._of("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def tap(self, selector: str, text: str = "") -> None:
        """Click the first shown element that fits the selector and says `text`, as a person does."""
        script = """
          const shown = [...document.querySelectorAll(arguments[0])].filter((e) => e.offsetParent !== null
            && (!arguments[1] || e.textContent.trim() === arguments[1]));
          if (shown.length) shown[0].scrollIntoView({block: "center"});
          return shown;
        """
        element, *_ = self.run(script, selector, text)
        self._of("POST", f"/element/{element[ELEMENT]}/click", {})

    def type(self, selector: str, text: str) -> None:
        element = self._of("POST", "/element", {"using": "css selector", "value": selector})
        self._of("POST", f"/element/{element[ELEMENT]}/clear", {})
        self._of("POST", f"/element/{element[ELEMENT]}/value", {"text": text})

    def press(self, keys: str) -> None:
        """Press keys on whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._of("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def text(self, selector: str) -> str:
        """Return the text that is seen there."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def picture(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self._of("GET", "/screenshot")))

    def log(self) -> list[str]:
        """Return what the browser complained about."""
        return [str(entry["message"]) for entry in self._of("POST", "/se/log", {"type": "browser"})]

    def _of(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call(method, f"/session/{self.session}{path}", body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - chromedriver, started here
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def _wait(self) -> None:
        end = time.monotonic() + 15
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:
                assert time.monotonic() < end, "chromedriver does not answer"
            time.sleep(0.1)
