"""The report in a real Chromium: it fits phone and desk, dark and light, runs nothing, asks nothing, and is accessible."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.cli.commands.report import report
from clodputer.cli.page.words import name
from clodputer.cli.terminal.printable import printable
from clodputer.model.text.moment import compact
from clodputer.store.home import Home
from tests import browser
from tests.browser import Browser
from tests.hostiletexts import TEXTS
from tests.store.index.indexed import log
from tests.workshop import ROOT, command_task, make_home

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
AXE = ROOT / ".tools/axe/node_modules/axe-core/axe.min.js"
ACTIVE = (
    "script,img,iframe,object,embed,link,form,input,base,video,audio,foreignObject,use,animate,style + style"
)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests here."""
    if not browser.find():
        assert os.environ.get("CI") != "true", "Chromium is not installed"
        pytest.skip("Chromium is not installed")
    with Browser(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of a home full of hostile texts, and that of a home without a run."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for kind in ("hostile", "empty"):
        (folder / kind).mkdir()
        home = make_home(folder / kind)
        if kind == "hostile":
            fill(home, time.time())
        found[kind] = folder / f"{kind}.html"
        environ = {"CLODPUTER_HOME": home.root, "HOME": home.root, "PATH": os.environ["PATH"]}
        report(environ, "30d", time.time(), str(found[kind]), conversations=True)
    return found


def fill(home: Home, now: float) -> None:
    """A run for each text, which is its task, its reason, its model and its error; and one run that said all of them."""
    command_task(home, "nightly", "/bin/true")
    for number, text in enumerate(TEXTS):
        at = now - (len(TEXTS) - number) * 7200
        # The earlier half has failed, so that each text is in one of the two lists.
        outcome, reason = ("failed", text) if number < len(TEXTS) / 2 else ("succeeded", "completed")
        run_id = f"{compact(at)}-{number:08x}"
        known = {"task": text, "request_id": f"r{number}", "run_id": run_id}
        log(home, "queued", at - 60 - number, **known, lane="default")
        log(home, "started", at - 30, **known, lane="default")
        log(
            home,
            "finished",
            at,
            **known,
            outcome=outcome,
            reason=reason,
            duration_seconds=30.0 + number,
            cost_usd=0.1,
            model=text,
        )
    run_id = f"{compact(now - 60)}-0000beef"
    known = {"task": "nightly", "request_id": "beef", "run_id": run_id}
    log(
        home,
        "finished",
        now - 60,
        **known,
        outcome="failed",
        reason="denied",
        duration_seconds=9.0,
        cost_usd=None,
    )
    folder = Path(home.runs, "nightly", run_id)
    folder.mkdir(parents=True)
    record = {
        **known,
        "agent": "claude",
        "outcome": "failed",
        "message": " ".join(TEXTS)[:200],
        "result": None,
    }
    (folder / "record.json").write_text(json.dumps(record))
    said = [
        {"type": "text", "text": text}
        if number % 2
        else {
            "type": "tool_use",
            "id": f"t{number}",
            "name": text,
            "input": {"command": f"git switch {text}"},
        }
        for number, text in enumerate(TEXTS)
    ]
    messages = (
        {"type": "assistant", "message": {"id": str(n), "content": [one]}} for n, one in enumerate(said)
    )
    (folder / "stdout").write_text("".join(f"{json.dumps(one)}\n" for one in messages))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("kind", ["hostile", "empty"])
def test_it_fits_asks_nothing_runs_nothing_and_is_accessible(
    tab: Browser, pages: dict[str, Path], kind: str, width: int, dark: bool
) -> None:
    url = pages[kind].as_uri()
    tab.open(url, width, dark=dark)
    tab.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert tab.ask("document.documentElement.scrollWidth") <= width
    assert tab.ask(
        "getComputedStyle(document.body).colorScheme + matchMedia('(prefers-color-scheme: dark)').matches"
    )
    assert tab.requested() == [url]
    assert tab.complaints() == []
    assert tab.ask("typeof window.pwned") == "undefined"
    if not AXE.exists():
        assert os.environ.get("CI") != "true", "axe-core is not installed: bin/check brings it"
        return
    tab.ask(f"{AXE.read_text()}; 1")
    found = tab.ask(
        "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
        ".map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
    )
    assert found == []


def test_hostile_texts_stay_texts(tab: Browser, pages: dict[str, Path]) -> None:
    tab.open(pages["hostile"].as_uri())
    assert tab.ask(f"document.querySelectorAll({ACTIVE!r}).length") == 0
    assert (
        tab.ask(
            "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on|^style$/.test(n))"
        )
        == []
    )
    links = tab.ask("[...document.querySelectorAll('[href]')].map(e => e.getAttribute('href'))")
    assert {link.partition(":")[0] if link[0] != "#" else "#" for link in links} <= {"#", "file"}
    shown = " ".join(tab.ask("document.body.textContent").split())
    missing = [
        text
        for text in TEXTS
        if name(text) not in shown or " ".join(printable(text)[:300].split()) not in shown
    ]
    assert missing == []
    assert not {letter for letter in shown if letter in "\u202e\u2066\u2069\u200b\x07\x1b\ufeff"}


def test_every_chart_has_words_and_a_table(tab: Browser, pages: dict[str, Path]) -> None:
    tab.open(pages["hostile"].as_uri())
    assert (
        tab.ask(
            "[...document.querySelectorAll('svg[role=img]')].filter(e => !e.querySelector('title').textContent).length"
        )
        == 0
    )
    assert tab.ask("document.querySelectorAll('svg.columns').length") == 3
    assert (
        tab.ask(
            "[...document.querySelectorAll('.plot')].filter(e => !e.parentElement.querySelector('table')).length"
        )
        == 0
    )
    levels = tab.ask("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in zip(levels, levels[1:]))


def test_it_prints_with_its_tables(tab: Browser, pages: dict[str, Path]) -> None:
    tab.open(pages["hostile"].as_uri())
    assert tab.pdf().startswith(b"%PDF-")
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert (
        tab.ask("[...document.querySelectorAll('table')].filter(e => !e.getClientRects().length).length") == 0
    )
