"""A real Chromium without a window, driven over its DevTools protocol by two pipes; one for all tests of a process."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

# A page that is not there after so many seconds never comes.
PATIENCE = 100.0


def find() -> str:
    """The path of the browser; empty where there is none."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))),
        "",
    )


class Browser:
    """One tab. What it says by itself is kept in `said`: requests, messages of the console, faults of a page."""

    def __init__(self, folder: Path) -> None:
        """folder: for its profile, and for whatever it keeps in its home."""
        to_it, ours = os.pipe()
        theirs, from_it = os.pipe()
        arguments = [
            find(),
            "--headless=new",
            "--no-sandbox",  # it shows nothing but our own file, and root has no other choice
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-extensions",
            f"--user-data-dir={folder}/profile",
            "--remote-debugging-pipe",
        ]
        # It reads orders from descriptor 3 and answers on 4. (Other shells than bash know no descriptor above 9.)
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_it} 4>&{from_it}', "bash", *arguments],
            pass_fds=[to_it, from_it],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_it)
        os.close(from_it)
        self._write, self._read, self._rest, self._number = ours, theirs, b"", 0
        self.said: list[dict[str, Any]] = []
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._session = ""
            self.call("Browser.close")
        except (OSError, EOFError):
            pass  # it went by itself
        finally:
            os.close(self._write)
            os.close(self._read)
            try:
                self._process.wait(100)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def call(self, method: str, **parameters: Any) -> Any:
        """What a method of the protocol returns. Raises AssertionError when it says that something is wrong, EOFError."""
        self._number += 1
        number = self._number
        order = {"id": number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._write, json.dumps(order).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self.said.append(message)

    def open(self, url: str, width: int = 1440, height: int = 900, *, dark: bool = False) -> None:
        """Show a page in a window of that size, and wait until it is loaded; what was said before is forgotten."""
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.said.clear()
        self.call("Page.navigate", url=url)
        while not any(one.get("method") == "Page.loadEventFired" for one in self.said):
            self.said.append(self._message())

    def ask(self, expression: str) -> Any:
        """What an expression of JavaScript is, evaluated beside the page, where its policy does not hold."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A picture of the page."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **self._clip(whole))
        path.write_bytes(b64decode(answer["data"]))

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def requested(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        return [
            one["params"]["request"]["url"]
            for one in self.said
            if one.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What stands in its console, and faults of scripts."""
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(one["params"])[:500] for one in self.said if one.get("method") in kinds]

    def _message(self) -> dict[str, Any]:
        until = monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - monotonic()))
            assert ready, "the browser says nothing any more"
            part = os.read(self._read, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        value: dict[str, Any] = json.loads(message)
        return value
