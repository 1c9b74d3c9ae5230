"""What each `@fake` directive does; settings first, wherever they stand, then the rest in order, then the result."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from types import FrameType
from typing import Any, NoReturn, Optional

from tests.fakes import fake_bytes, fake_leaks
from tests.fakes.fake_events import Talk
from tests.fakes.fake_shapes import ERROR_TYPES, NO_REPLY, failure

EXITS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 0}  # what the real one makes of signals


class Unknown(Exception):
    """A directive that does not exist, or with words it cannot take."""


class Play:
    """One run's directives. Methods `set_*` are settings, methods `do_*` happen in order."""

    def __init__(self, talk: Talk, log_line: str) -> None:
        self.talk = talk
        self.log_line = log_line
        self.status = 0
        self.wants_init = True
        self.wants_result = True
        self.changes: dict[str, Any] = {}  # of the closing result
        self.then_hang = False
        self.term_marker = ""
        self.term_seconds = 0.0
        self.is_deaf = False
        self.counted: dict[str, int] = {}

    def all(self, directives: list[tuple[str, str]]) -> int:
        """Play them all; the exit status."""
        wanted = [found for found in (self._now(*directive) for directive in directives) if found]
        for name, _ in wanted:
            if not hasattr(self, "set_" + name) and not hasattr(self, "do_" + name):
                known = sorted(
                    key[key.index("_") + 1 :] for key in dir(self) if key.startswith(("set_", "do_"))
                )
                raise Unknown(f"no directive {name!r}; known: {', '.join(known)}, times")
        actions = []
        for name, rest in wanted:
            if hasattr(self, "set_" + name):
                self._play("set_" + name, rest)
            else:
                actions.append((name, rest))
        for number in EXITS:
            signal.signal(number, self._signalled)
        for name, rest in actions:
            if name not in EARLY:
                self._begin()
            self._play("do_" + name, rest)
        self._begin()
        if self.wants_result:
            if self.talk.text == "done" and self.changes.get("result") is not ...:
                self.talk.say("done")
            self.talk.result(**self.changes)
        if self.then_hang:
            self.do_hang("")
        return self.status

    def _now(self, name: str, rest: str) -> Optional[tuple[str, str]]:
        """`times N FILE directive`: only in the first N runs that share FILE."""
        if name != "times":
            return name, rest
        count, path, inner = rest.split(None, 2)
        if path not in self.counted:
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(handle, b".")
            self.counted[path] = os.lseek(handle, 0, os.SEEK_CUR)
            os.close(handle)
        if self.counted[path] > int(count):
            return None
        name, _, rest = inner.partition(" ")
        return name, rest

    def _play(self, method: str, rest: str) -> None:
        try:
            getattr(self, method)(rest)
        except (ValueError, KeyError) as error:
            raise Unknown(f"{method} {rest}: {error!r}") from error

    def _begin(self) -> None:
        if self.wants_init and not self.talk.began:
            self.talk.init()

    def _signalled(self, number: int, frame: Optional[FrameType]) -> None:
        if self.term_marker:
            self.do_append(f"{self.term_marker} {signal.Signals(number).name}")
        if self.is_deaf:
            return
        time.sleep(self.term_seconds)
        os._exit(EXITS[signal.Signals(number)])

    # Settings.

    def set_no_init(self, rest: str) -> None:
        self.wants_init = False

    def set_no_result(self, rest: str) -> None:
        self.wants_result = False

    def set_deaf(self, rest: str) -> None:
        self.is_deaf = True

    def set_on_signal(self, rest: str) -> None:
        self.term_marker = rest

    def set_slow_to_leave(self, rest: str) -> None:
        self.term_seconds = float(rest)

    def set_exit(self, rest: str) -> None:
        self.status = int(rest)

    def set_is_error_exit_0(self, rest: str) -> None:
        self.changes.update(is_error=True)

    def set_zero_turns(self, rest: str) -> None:
        self.changes.update(
            num_turns=0, stop_reason=None, api_error_status=..., terminal_reason=..., **NO_REPLY
        )

    def set_result_then_hang(self, rest: str) -> None:
        self.then_hang = True

    def set_mcp(self, rest: str) -> None:
        for word in rest.split():
            name, _, status = word.partition("=")
            self.talk.servers.append({"name": name, "status": status or "connected", "source": "dynamic"})

    def set_cost(self, rest: str) -> None:
        self.talk.cost = float(rest)

    def set_usage(self, rest: str) -> None:
        given, made = rest.split()
        self.talk.tokens = (int(given), int(made))

    # Silence, time and the outside world.

    def do_touch(self, rest: str) -> None:
        """By now the signal handlers are installed."""
        with open(rest, "a"):
            pass

    def do_append(self, rest: str) -> None:
        path, _, text = rest.partition(" ")
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, (text or str(os.getpid())).encode() + b"\n")
        os.close(handle)

    def do_spawnlog(self, rest: str) -> None:
        self.do_append(f"{rest} {self.log_line}")

    def do_await(self, rest: str) -> None:
        while not os.path.exists(rest):
            time.sleep(0.005)

    def do_sleep(self, rest: str) -> None:
        end = time.monotonic() + float(rest)
        while time.monotonic() < end:
            time.sleep(max(0.0, end - time.monotonic()))

    def do_hang(self, rest: str) -> None:
        while True:
            signal.pause()

    def do_leak(self, rest: str) -> None:
        kind, marker = rest.split(None, 1)
        fake_leaks.leak(kind, marker)

    def do_stderr(self, rest: str) -> None:
        sys.stderr.write(rest + "\n")
        sys.stderr.flush()

    def do_crash(self, rest: str) -> NoReturn:
        """Die of a signal in mid-sentence."""
        number = signal.Signals["SIG" + (rest or "KILL")]
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        while True:
            signal.pause()

    # Talk.

    def do_say(self, rest: str) -> None:
        self.talk.say(str(json.loads(rest)) if rest.startswith('"') else rest)

    def do_tool(self, rest: str) -> None:
        command, _, printed = rest.partition(" # ")
        self.talk.tool_result(self.talk.call("Bash", {"command": command}), printed, False)

    def do_write(self, rest: str) -> None:
        """`write PATH WORDS`: the tool Write, really."""
        path, _, words = rest.partition(" ")
        call = self.talk.call("Write", {"file_path": os.path.abspath(path), "content": words})
        with open(path, "w", encoding="utf-8") as file:
            file.write(words)
        self.talk.tool_result(call, words, False)

    def do_tool_without_result(self, rest: str) -> None:
        self.talk.call("Bash", {"command": rest})

    def do_tool_running(self, rest: str) -> None:
        self.talk.call("Bash", {"command": rest or "tail -f /dev/null"})
        self.do_hang("")

    def do_denied(self, rest: str) -> None:
        tool, _, given = rest.partition(" ")
        self.talk.denied(tool, json.loads(given) if given else {"command": "touch made"})

    def do_structured(self, rest: str) -> None:
        self.talk.structured = json.loads(rest)
        call = self.talk.call("StructuredOutput", self.talk.structured)
        self.talk.tool_result(call, "Structured output provided successfully", False)
        self.changes.update(stop_reason="tool_use")
        self.talk.text = json.dumps(self.talk.structured)

    def do_retry(self, rest: str) -> None:
        name, status, *attempts = rest.split()
        for attempt in range(1, int(attempts[0] if attempts else 1) + 1):
            self.talk.retry(name, int(status), attempt)

    def do_rate_limit(self, rest: str) -> None:
        status, seconds, *kind = rest.split()
        self.talk.rate_limit(status, int(time.time() + float(seconds)), kind[0] if kind else "five_hour")

    def do_limit(self, rest: str) -> None:
        seconds, *kind = rest.split()
        resets = int(time.time() + float(seconds))
        info = self.talk.rate_limit("rejected", resets, kind[0] if kind else "five_hour")
        at = time.strftime("%I:%M%p", time.gmtime(resets)).lstrip("0").lower()
        more = {"api_error": "usage_limit_reached", "api_error_type": "rate_limit_error"}
        text = f"You've hit your 5-hour limit · resets {at} (UTC)"
        self.talk.api_error("rate_limit", 429, text, **more, api_error_params={"rate_limit_info": info})
        self._api_failed(429, **more)

    def do_api_error(self, rest: str) -> None:
        name, _, word = rest.partition(" ")
        status = int(word) if word else None
        more = {"api_error_type": ERROR_TYPES.get(status, "api_error")} if status else {}
        if name == "server_error" and not status:
            more = {"api_error": "connection_failed"}
        self.talk.api_error(name, status, f"API Error: {word or 'connection'} the fake said {name}", **more)
        self._api_failed(status, **more)

    def _api_failed(self, status: Optional[int], **more: Any) -> None:
        self.status = self.status or 1
        self.talk.cost, self.talk.tokens = 0.0, (0, 0)
        told = {"is_error": True, "api_error_status": status, "terminal_reason": "api_error"}
        self.changes.update(told, stop_reason="stop_sequence", **NO_REPLY, **more)

    def do_error(self, rest: str) -> None:
        subtype, _, message = rest.partition(" ")
        self.status = self.status or 1
        self.changes.update(failure(subtype, message or "the fake said so"), stop_reason="tool_use")

    def do_again(self, rest: str) -> None:
        """A result, then another turn: what the end of a background task brings."""
        self.talk.result()
        self.talk.init()
        self.talk.turns, self.talk.text = 1, "done"

    # Bytes.

    def do_raw(self, rest: str) -> None:
        self.talk.write(rest.encode() + b"\n")

    def do_torn(self, rest: str) -> None:
        """Lines that no parser can take, among them a result cut off by another line."""
        self.talk.write(fake_bytes.TORN)
        self.talk.say("lone surrogate \ud800 and NUL \x00")
        self.talk.text = "done"

    def do_cut_result(self, rest: str) -> None:
        """The result line breaks off: no line end, no closing brace."""
        self.talk.write(fake_bytes.CUT_RESULT)
        self.wants_result = False

    def do_flood(self, rest: str) -> None:
        """So many megabytes of stream events; `flood 50 line` makes one line of them."""
        megabytes, *how = rest.split()
        for piece in fake_bytes.flood(float(megabytes), self.talk.session, "line" in how):
            self.talk.write(piece)


EARLY = {
    "touch",
    "append",
    "spawnlog",
    "stderr",
}  # happen before the init event when they stand before other things
