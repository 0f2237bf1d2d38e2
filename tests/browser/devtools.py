"""A headless Chromium, spoken to by its DevTools protocol over two pipes: nothing to install.

`--remote-debugging-pipe` has it read commands from descriptor 3 and write answers and events to
descriptor 4, each a JSON object that ends with a NUL.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """A Chromium of its own, with a profile that is thrown away.

    Args:
        path: The program.
        profile: A folder for its profile.
    """

    def __init__(self, path: str, profile: Path) -> None:
        to_read, self._to_write = os.pipe()
        self._to_hear, to_tell = os.pipe()
        shell = f'exec "$@" 3<&{to_read} 4>&{to_tell}'
        command = [path, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *command],
            pass_fds=(to_read, to_tell),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_tell)
        self._number = 0
        self._rest = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **given: Any) -> dict[str, Any]:
        """Call a method, and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": given}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to_write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self._next(deadline)
            if told.get("id") != self._number:
                self.events.append(told)
                continue
            assert "error" not in told, (method, told["error"])
            result: dict[str, Any] = told["result"]
            return result

    def wait_for(self, event: str, session: str) -> None:
        """Wait for an event of a session, unless it has come already."""
        deadline = time.monotonic() + PATIENCE
        while not any(e.get("method") == event and e.get("sessionId") == session
                      for e in self.events):  # fmt: skip
            self.events.append(self._next(deadline))

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._to_hear], [], [], max(0.0, left))
            assert ready, f"Chromium said nothing for {PATIENCE} s"
            more = os.read(self._to_hear, 1 << 16)
            assert more, f"Chromium ended with {self._process.poll()}"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        """End it."""
        os.close(self._to_write)
        os.close(self._to_hear)
        self._process.terminate()
        self._process.wait(PATIENCE)


class Tab:
    """A page that is open, as wide and dark as is wanted.

    Args:
        browser: Where.
        path: The file.
        width: Pixels.
        dark: Whether the reader prefers dark.
        scripts: Whether scripts run.
    """

    def __init__(
        self,
        browser: Browser,
        path: Path,
        *,
        width: int = 1100,
        dark: bool = False,
        scripts: bool = True,
    ) -> None:
        self._browser = browser
        self._width = width
        made = browser.call("Target.createTarget", url="about:blank")
        self._target = made["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._resize(900)
        self.call("Page.navigate", url=path.absolute().as_uri())
        browser.wait_for("Page.loadEventFired", self._session)

    def _resize(self, height: int) -> None:
        is_phone = self._width < 500
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=self._width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_phone,
        )

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Call a method of the page's session."""
        return self._browser.call(method, self._session, **given)

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def said(self, *methods: str) -> list[dict[str, Any]]:
        """What the page's session told so far: the events of some kinds."""
        return [
            each["params"]
            for each in self._browser.events
            if each.get("sessionId") == self._session and each.get("method") in methods
        ]

    def picture(self, height: int | None = None) -> bytes:
        """A PNG of the page from its top, all of it unless a height is given."""
        full = int(self.value("document.documentElement.scrollHeight"))
        self._resize(full if height is None else height)
        shot = self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", paperWidth=8.27)["data"])

    def close(self) -> None:
        """Close it."""
        self._browser.call("Target.closeTarget", targetId=self._target)
