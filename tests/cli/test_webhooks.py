"""`clodputer webhooks`, and what install and doctor say of webhooks."""

from __future__ import annotations

import json
import plistlib
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import cron, installation, launchd, plan
from clodputer.schedulers.plan import Wanted
from clodputer.schedulers.unit import SPOOL, SWEEP, WEBHOOKS, Alarm, Frame
from clodputer.store.home import Home
from clodputer.store.triggers import deliveries
from clodputer.views.doctor.finding import PROBLEM
from clodputer.views.doctor.outside import webhooks as doctor
from tests.cli.promises import wrong
from tests.doctoring import facts, one
from tests.workshop import clodputer, write_secrets

HOOKS = "webhooks: {hub: {kind: github, secret: '{{ env.HUB }}'}, chat: {kind: slack, secret: '{{ env.CHAT }}', path: /c}}\n"
FRAME = Frame("/h/.clodputer", "/h", "/h/.clodputer/bin/clodputer", {"PATH": "/bin"}, 300)
ALARM = Alarm(WEBHOOKS, listen=("127.0.0.1", 8787))


def test_they_are_listed(home: Home) -> None:
    assert "config.yaml names no webhook" in clodputer(home, "webhooks")[0]
    Path(home.config).write_text(HOOKS + "listen: '[::1]:99'\n")
    write_secrets(home, "HUB=long enough\n")
    deliveries.keep(home, "hub", "d1")
    stdout, _ = clodputer(home, "webhooks")
    assert "http://[::1]:99/hook/hub" in stdout
    assert "CHAT is not set in secrets.env" in stdout
    envelope = json.loads(clodputer(home, "webhooks", "--json")[0])
    assert wrong(envelope, "webhooks.json") == ""
    hub, chat = sorted(envelope["data"]["webhooks"], key=lambda hook: str(hook["name"]), reverse=True)
    assert (chat["missing"], chat["last"], hub["missing"]) == (["CHAT"], None, [])
    assert hub["last"] is not None


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("webhooks: {a: {kind: github}}", "expected a key secret"),
        ("webhooks: {a: {kind: github, secret: geheim}}", "{{ env.NAME }}"),
        ("webhooks: {a: {kind: hub, secret: '{{ env.A }}'}}", "did you mean 'github'?"),
        ("webhooks: {a: {kind: github, secret: '{{ env.A }}', path: a}}", "a path such as /hook/github"),
        ("webhooks: {a: {kind: github, secret: '{{ env.A }}', path: /healthz}}", "Clodputer's own"),
        (
            "webhooks: {a: {kind: github, secret: ['{{ env.A }}', '{{ env.B }}', '{{ env.C }}']}}",
            "a list of two",
        ),
        (
            "webhooks: {a: {kind: github, secret: '{{ env.A }}', path: /x}, b: {kind: slack, secret: '{{ env.B }}', path: /x}}",
            "/x is that of a and of b",
        ),
        ("webhooks: {a: {kind: github, secret: '{{ env.A }}', type: a b}}", "such as build.failed"),
        ("listen: localhost:80", "127.0.0.1:8787"),
        ("listen: 127.0.0.1:0", "127.0.0.1:8787"),
        ("listen: 300.0.0.1:80", "127.0.0.1:8787"),
    ],
)
def test_a_mistake_is_said(home: Home, config: str, said: str) -> None:
    Path(home.config).write_text(config + "\n")
    assert said in clodputer(home, "webhooks", status=1)[1].replace("\n  ", " ")


def test_the_doctor_looks_for_their_secrets(home: Home) -> None:
    Path(home.config).write_text(HOOKS)
    write_secrets(home, "HUB=short\nCHAT=long enough\n")
    finding = one(doctor.hooks(facts(home)), PROBLEM)
    assert "HUB is so short" in finding.message


def test_launchd_listens_and_cron_says_that_it_cannot() -> None:
    (text,) = launchd.render(FRAME, ALARM).files.values()
    keys = plistlib.loads(text.encode())
    assert keys["ProgramArguments"] == [FRAME.shim, "receive"]
    assert keys["inetdCompatibility"] == {"Wait": False}
    assert keys["Sockets"]["webhooks"]["SockNodeName"] == "127.0.0.1"
    assert keys["Sockets"]["webhooks"]["SockServiceName"] == "8787"
    # What it prints would go to the sender, and a log would take the place of the connection.
    assert not {"StandardOutPath", "StandardErrorPath", "RunAtLoad", "QueueDirectories"} & set(keys)
    with pytest.raises(ClodputerError, match="cron cannot listen"):
        cron.render(FRAME, ALARM)


def test_what_listens_is_part_of_an_installation(home: Home) -> None:
    alarms = plan.wanted(home, {}, listen=("127.0.0.1", 8787)).alarms
    assert ALARM in alarms
    units, problems = installation.rendered(cron, FRAME, Wanted(alarms))
    assert [problem.code for problem in problems if problem.fatal] == ["cron_cannot_listen"]
    assert {unit.kind for unit in units} == {SPOOL, SWEEP}
    assert ALARM not in plan.wanted(home, {}).alarms
