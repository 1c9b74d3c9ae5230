"""Every type of channel, against a real server, program and session bus."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from clodputer import notify
from clodputer.model.notify.channel import TYPES
from clodputer.model.text.moment import iso
from clodputer.notify import Message, Refused, desktop, http, ping
from tests.listener import Listener, answering, listening
from tests.wait import until
from tests.workshop import ROOT, program

NOW = iso(1_800_000_000.0)
MESSAGE = Message(
    "id1",
    "failed",
    "nightly failed — ü",
    "It ended <badly> & late.",
    "clodputer show r1",
    4,
    NOW,
    "host:/home",
    "nightly",
    "r1",
)
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
SECONDS = 8.0


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def test_each_type_has_what_a_channel_needs() -> None:
    for kind in TYPES:
        module = notify.load(kind)
        assert isinstance(module.FOR_PEOPLE, bool)
        assert callable(module.send)
    with pytest.raises(KeyError):
        notify.load("pigeon")


def test_a_webhook_gets_what_the_schema_says(server: Listener) -> None:
    channel = {"url": f"{server.url}/x", "headers": {"X-Key": "k"}}
    notify.load("webhook").send(MESSAGE, channel, ENVIRON, SECONDS)
    (got,) = server.got
    assert (got.method, got.path, got.headers["X-Key"]) == ("POST", "/x", "k")
    assert "X-Clodputer-Signature" not in got.headers
    schemas = {
        name: json.loads((ROOT / "docs/schemas" / name).read_text())
        for name in ("notification.json", "moment.json")
    }
    registry = Registry().with_resources(
        (name, DRAFT202012.create_resource(schema)) for name, schema in schemas.items()
    )
    Draft202012Validator(schemas["notification.json"], registry=registry).validate(json.loads(got.body))


def test_ntfy_gets_title_priority_and_buttons(server: Listener) -> None:
    channel = {
        "url": server.url,
        "topic": "t",
        "token": "tk_1",
        "click": "https://example.org",
        "actions": [{"label": "Open", "url": "https://example.org/a"}],
    }
    long = MESSAGE._replace(text="ü" * 10_000)
    notify.load("ntfy").send(long, channel, ENVIRON, SECONDS)
    (got,) = server.got
    fields = json.loads(got.body)
    assert (got.path, got.headers["Authorization"]) == ("/", "Bearer tk_1")
    assert (fields["topic"], fields["title"], fields["priority"]) == ("t", MESSAGE.title, 4)
    assert fields["actions"] == [{"action": "view", "label": "Open", "url": "https://example.org/a"}]
    assert len(fields["message"].encode()) <= 4096


def test_links_are_buttons_and_lines(server: Listener) -> None:
    """Before the buttons of config.yaml, of which ntfy takes three in all."""
    linked = MESSAGE._replace(
        links=(("Approve", "https://a.example/?t=1"), ("Deny", "https://a.example/?t=2"))
    )
    channel = {
        "url": server.url,
        "topic": "t",
        "actions": [{"label": str(n), "url": "https://b.example"} for n in (1, 2)],
    }
    notify.load("ntfy").send(linked, channel, ENVIRON, SECONDS)
    (got,) = server.got
    fields = json.loads(got.body)
    assert [button["label"] for button in fields["actions"]] == ["Approve", "Deny", "1"]
    assert fields["message"].endswith("Approve: https://a.example/?t=1\nDeny: https://a.example/?t=2")
    assert linked.to_json()["links"][0] == {"label": "Approve", "url": "https://a.example/?t=1"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in what apprise imports
def test_apprise_delivers_to_a_service_of_its_own(server: Listener) -> None:
    """Its `json://`, which is a real one of its services; a secret in an address is not in what it says of a failure."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("apprise")
    place = server.url.replace("http://", "json://user:s3cret@")
    notify.load("apprise").send(MESSAGE, {"urls": [f"{place}/a", f"{place}/b"]}, ENVIRON, SECONDS)
    assert sorted(got.path for got in server.got) == ["/a", "/b"]
    assert MESSAGE.title in server.got[0].body.decode("unicode_escape")
    server.answer = answering(500)
    for url in (f"{place}/a", "nosuch://s3cret"):
        with pytest.raises(Refused) as refused:
            notify.load("apprise").send(MESSAGE, {"urls": [url]}, ENVIRON, SECONDS)
        assert "s3cret" not in str(refused.value)


def test_a_program_gets_the_message_on_its_standard_input(tmp_path: Path) -> None:
    told = program(tmp_path, "tell", f'cat > {tmp_path}/got; test "$1" = plain')
    notify.load("command").send(MESSAGE, {"command": [str(told), "plain"]}, ENVIRON, SECONDS)
    assert json.loads((tmp_path / "got").read_text()) == MESSAGE.to_json()
    with pytest.raises(Refused, match="ended with status 1"):
        notify.load("command").send(MESSAGE, {"command": [str(told), "other"]}, ENVIRON, SECONDS)
    with pytest.raises(Refused, match="cannot be started"):
        notify.load("command").send(MESSAGE, {"command": [str(tmp_path / "none")]}, ENVIRON, SECONDS)


def test_a_program_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    hung = program(tmp_path, "hang", f"sleep 600 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(Refused, match="took longer"):
        notify.load("command").send(MESSAGE, {"command": [str(hung)]}, ENVIRON, 0.5)
    pid = int((tmp_path / "pid").read_text())

    def gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z"
        except OSError:
            return True

    if sys.platform == "linux":
        until(gone)


def test_notify_send_is_called_so_that_text_is_no_option_and_no_markup(tmp_path: Path) -> None:
    """Without any session it says so, instead of starting a bus of its own."""
    if sys.platform == "darwin":
        pytest.skip("macOS has osascript")
    program(
        tmp_path,
        "notify-send",
        f'printf "%s\\n" "$@" > {tmp_path}/got; echo "$XDG_RUNTIME_DIR" >> {tmp_path}/got',
    )
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": "/run/user/1"}
    saved = os.environ["PATH"]
    os.environ["PATH"] = environ["PATH"]
    try:
        desktop.send(MESSAGE._replace(title="--help"), {}, environ, SECONDS)
    finally:
        os.environ["PATH"] = saved
    lines = (tmp_path / "got").read_text().splitlines()
    assert lines[:7] == [
        "-a",
        "clodputer",
        "-u",
        "normal",
        "--",
        "--help",
        "It ended &lt;badly&gt; &amp; late.",
    ]
    assert lines[-1] == "/run/user/1"
    if not os.path.exists(f"/run/user/{os.geteuid()}/bus"):
        with pytest.raises(Refused, match="no desktop session"):
            desktop.send(MESSAGE, {}, {"PATH": environ["PATH"]}, SECONDS)


def test_a_desktop_on_a_real_session_bus_shows_it(tmp_path: Path) -> None:
    """A real dbus-daemon, a real notify-send, and a desktop of ours that takes what it sends."""
    missing = [name for name in ("dbus-daemon", "notify-send") if shutil.which(name) is None]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.environ.get("CI") != "true":
        pytest.importorskip("jeepney")
    from tests.notify.desktop import Desktop

    address = f"unix:path={tmp_path}/bus"
    bus = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", f"--address={address}"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    environ = {**ENVIRON, "DBUS_SESSION_BUS_ADDRESS": address}
    try:
        until(lambda: os.path.exists(tmp_path / "bus"))
        with pytest.raises(Refused, match="notify-send ended with status 1"):  # nobody on this bus shows it
            desktop.send(MESSAGE, {}, environ, SECONDS)
        with Desktop(address) as there:
            desktop.send(MESSAGE, {}, environ, SECONDS)
            assert [(name, title) for name, title, _ in there.shown] == [("clodputer", MESSAGE.title)]
            assert "It ended &lt;badly&gt; &amp; late." in there.shown[0][2]
    finally:
        bus.kill()
        bus.wait()


@pytest.mark.parametrize(
    ("status", "headers", "said", "after"),
    [
        (429, {"Retry-After": "120"}, "429", 120.0),
        (503, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, "503", 0.0),
        (500, {"Retry-After": "soon"}, "500", None),
        (404, {}, "404", None),
        (302, {"Location": "http://localhost:1/elsewhere"}, "redirects to localhost", None),
        (308, {"Location": "/elsewhere"}, "redirects to 127.0.0.1", None),
    ],
)
def test_what_a_server_answers_is_said_without_the_address(
    server: Listener, status: int, headers: dict[str, str], said: str, after: float
) -> None:
    server.answer = answering(status, headers, b"why\x1b[31m")
    with pytest.raises(Refused, match=said) as refused:
        http.send(f"{server.url}/secret-path", b"{}", {}, ENVIRON, SECONDS)
    assert refused.value.retry_after == after
    assert "secret-path" not in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(server.got) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http:///x", "https:x"])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(Refused):
        http.send(url, b"", {}, ENVIRON, SECONDS)


def test_a_server_that_is_down_or_silent_is_an_error_in_words(server: Listener) -> None:
    with listening() as other:
        url = other.url
    with pytest.raises(Refused, match=r"127\.0\.0\.1"):
        http.send(url, b"", {}, ENVIRON, SECONDS)
    server.answer = server.hang
    with pytest.raises(Refused, match="in time"):
        http.send(server.url, b"", {}, ENVIRON, 0.3)


def test_the_proxy_of_the_environment_is_used_unless_no_proxy_names_the_host(server: Listener) -> None:
    environ = {**ENVIRON, "http_proxy": server.url}
    http.send("http://hook.example/x", b"a", {}, environ, SECONDS)
    assert server.got[0].path == "http://hook.example/x"
    with pytest.raises(Refused):
        http.send("http://hook.example.invalid/x", b"a", {}, {**environ, "no_proxy": ".invalid"}, SECONDS)
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("https://hc.io/uuid", "", "https://hc.io/uuid?rid=1"),
        ("https://hc.io/uuid/", "/start", "https://hc.io/uuid/start?rid=1"),
        ("https://hc.io/key/slug?create=1", "/3", "https://hc.io/key/slug/3?create=1&rid=1"),
    ],
)
def test_the_address_of_a_ping(url: str, path: str, expected: str) -> None:
    assert ping.address(url, path, "1") == expected
