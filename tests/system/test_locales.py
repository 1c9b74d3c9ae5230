"""The program under every kind of locale: names, prompts, arguments and results with umlauts are the same everywhere."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from clodputer.schedulers import shim as shims
from clodputer.schedulers.shim import Shim
from clodputer.store.home import Home
from tests.workshop import ROOT, environment, make_home, records, write_task

WORDS = "Gr\u00fc\u00dfe, \u00fcml\u00e4ut \u2713"
# Python helps itself out of C and POSIX unless it is told not to.
PLAIN = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LOCALES = {
    "C": {"LC_ALL": "C"},
    "POSIX": {"LC_ALL": "", "LC_CTYPE": "POSIX", "LANG": ""},
    "latin-1": {"LC_ALL": "de_DE.ISO-8859-1"},
    "UTF-8": {"LC_ALL": "C.UTF-8"},
}


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What to set besides so that a latin-1 locale is there; skips where none can be made."""
    folder = tmp_path_factory.mktemp("locales")
    if sys.platform != "linux" or not shutil.which("localedef"):
        pytest.skip("no locale can be made here")
    made = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(folder / "de_DE.ISO-8859-1")],
        capture_output=True,
        check=False,
    )
    if not (folder / "de_DE.ISO-8859-1" / "LC_CTYPE").exists():
        pytest.skip(f"localedef: {made.stderr.decode(errors='replace')}")
    return {"LOCPATH": str(folder)}


def extra(name: str, locales: Mapping[str, str]) -> dict[str, str]:
    return {**PLAIN, **(locales if name == "latin-1" else {}), **LOCALES[name]}


def call(
    home: Home, name: str, locales: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[bytes]:
    """The program in a process of its own, as a console script starts it."""
    return subprocess.run(
        [sys.executable, "-m", "clodputer", *(os.fsencode(word) for word in arguments)],
        env=environment(home, extra(name, locales)),
        capture_output=True,
        timeout=200,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", LOCALES)
def test_umlauts_everywhere(tmp_path: Path, locales: Mapping[str, str], name: str) -> None:
    """In the path of the home, a task's file, its prompt and description, a drop's name and body, arguments, and results."""
    home = make_home(tmp_path / "h\u00f6me")
    prompt = f"{WORDS}: {{{{ body }}}} {{{{ context.more }}}}"
    task = f"name: umlaut\ndescription: {WORDS}\nagent: command\ncommand: [cat]\nprompt: '{prompt}'\ncontext: {{more: ''}}\n"
    write_task(home, "\u00fcml\u00e4ut", f"{task}env: {{GREETING: '{WORDS}'}}\n")
    text = json.dumps({"task": "umlaut", "body": WORDS}, ensure_ascii=False)
    Path(home.new, "dr\u00f6p.json").write_text(text, encoding="utf-8")
    Path(home.new, "b\u00e4d.json").write_text('{"task": "\u00fc"}', encoding="utf-8")
    for words in (("validate",), ("exec", "--json"), ("run", "umlaut", "-c", f"more={WORDS}"), ("list",)):
        done = call(home, name, locales, *words)
        assert done.returncode == 0, (words, done.stdout.decode(), done.stderr.decode())
    found = records(home, "umlaut")
    assert [record["outcome"] for record in found] == ["succeeded", "succeeded"]
    results = sorted(str(record["result"]).strip() for record in found)
    assert results == sorted([f"{WORDS}: {WORDS}", f"{WORDS}:  {WORDS}"])
    assert WORDS in call(home, name, locales, "show", "umlaut").stdout.decode()
    assert "b\u00e4d.json" in os.listdir(home.rejected)
    unknown = call(home, name, locales, "run", "\u00fcml\u00e4ut")
    assert "there is no task '\u00fcml\u00e4ut'" in " ".join(unknown.stderr.decode().split())


def test_a_latin_1_terminal(tmp_path: Path, locales: Mapping[str, str]) -> None:
    """What is typed there comes as latin-1 and is understood; what is shown there is latin-1, and files are UTF-8."""
    home = make_home(tmp_path)
    write_task(home, "echo", "description: \u00fcber\nagent: command\ncommand: [cat]\nprompt: '{{ body }}'\n")
    master, slave = pty.openpty()
    environ = environment(home, extra("latin-1", locales))
    command = [sys.executable, "-m", "clodputer"]
    done = subprocess.run(
        [*command, "run", "echo", b"--body", "gr\u00fc\u00dfe".encode("latin-1")],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert records(home, "echo")[0]["result"] == "gr\u00fc\u00dfe"
    subprocess.run([*command, "show", "echo"], env=environ, cwd=ROOT, stdout=slave, check=True)
    os.close(slave)
    shown = os.read(master, 65536)
    assert "gr\u00fc\u00dfe".encode("latin-1") in shown
    os.close(master)


def test_the_alarms_start_in_utf8(tmp_path: Path) -> None:
    """The shim asks for it, so that no alarm starts Python twice."""
    shim = Shim(sys.executable, (str(ROOT),), {"CLODPUTER_HOME": str(tmp_path)})
    assert 'exec "$python" -X utf8 -IS' in shims.text(shim)
