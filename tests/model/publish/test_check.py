"""What speaks against pushing, what goes out of texts, tokens by their looks, and branches and marks; all as tables."""

from __future__ import annotations

import re
from typing import Any

import pytest

from clodputer.model.publish import check, marker, tokens
from clodputer.model.publish.check import Change, Facts
from clodputer.model.publish.rule import Publish
from clodputer.model.publish.text import closing, outgoing
from clodputer.model.text.mask import masker

FILE = 0o100644
RULE = Publish(("push",), protect=("migrations/**", "*.sql"), allow=("package-lock.json", "docs/CODEOWNERS"))


def facts(*paths: str, **more: Any) -> Facts:
    return Facts("a" * 40, 1, tuple(Change(path, 0, FILE) for path in paths))._replace(**more)


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (facts("src/a.py"), []),
        (facts("src/a.py", problem="git log: no"), ["not_checked"]),
        (Facts("a" * 40), ["no_commits"]),
        (facts("a", commits=101), ["too_many_commits"]),
        (facts(*(f"f{number}" for number in range(101))), ["too_many_files"]),
        (facts("a", patch=4 * 1024**2 + 1), ["patch_too_large"]),
        (facts("a", patch=4 * 1024**2), []),
        (facts("a", under_way=("A merge is under way in it.",)), ["under_way"]),
        (facts("a", secrets=("a GitHub token in a",)), ["secret"]),
        (facts("a", changes=(Change("link", 0, check.LINK),)), ["symlink"]),
        (facts("a", changes=(Change("link", check.LINK, 0),)), []),
        (facts("a", changes=(Change("lib", 0, check.SUBMODULE),)), ["submodule"]),
        (facts("a", changes=(Change("lib", check.SUBMODULE, 0),)), ["submodule"]),
        (facts("a\u202eb"), ["odd_path"]),
        (facts("a\nb"), ["odd_path"]),
        (facts(".github/workflows/ci.yml"), ["protected"]),
    ],
)
def test_what_speaks_against_pushing(found: Facts, codes: list[str]) -> None:
    refusals = check.refusals(found, RULE)
    assert [one.code for one in refusals] == codes
    assert all(one.message.endswith(".") for one in refusals)


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/CI.yml",
        ".github/workflows/deep/er/x",
        ".github/CODEOWNERS",
        "CODEOWNERS",
        ".gitlab-ci.yml",
        "web/yarn.lock",
        "Cargo.lock",
        "go.sum",
        "pnpm-lock.yaml",
        "web/npm-shrinkwrap.json",
        ".claude/settings.json",
        "sub/.claude/commands/x.md",
        "CLAUDE.md",
        "sub/claude.local.md",
        ".mcp.json",
        "AGENTS.md",
        ".husky/pre-commit",
        ".vscode/tasks.json",
        ".gitmodules",
        "sub/.gitattributes",
        ".envrc",
        "migrations/0001.py",
        "deep/down/schema.sql",
    ],
)
def test_files_that_are_protected(path: str) -> None:
    assert check.is_protected(path, RULE)


@pytest.mark.parametrize(
    "path",
    [
        "src/main.py",
        "package-lock.json",
        "web/package-lock.json",
        "docs/CODEOWNERS",
        ".github/ISSUE_TEMPLATE/x.md",
        "README.md",
    ],
)
def test_files_that_are_not(path: str) -> None:
    assert not check.is_protected(path, RULE)


TOKENS = {
    "GitHub token": "ghp_" + "a1" * 18,
    "GitLab token": "glpat-" + "x" * 20,
    "Anthropic key": "sk-ant-api03-" + "x" * 30,
    "OpenAI key": "sk-proj-" + "x" * 44,
    "AWS access key": "AKIA" + "ABCDEFGH12345678",
    "Google API key": "AIza" + "x" * 35,
    "Slack token": "xoxb-" + "1234567890-abc",
    "Stripe key": "sk_live_" + "x" * 20,
    "npm token": "npm_" + "x" * 36,
    "Hugging Face token": "hf_" + "x" * 34,
    "private key": "-----BEGIN OPENSSH PRIVATE KEY-----",
}


@pytest.mark.parametrize(("kind", "token"), TOKENS.items())
def test_tokens_are_known_by_their_looks(kind: str, token: str) -> None:
    assert tokens.found(f"x = '{token}'") == [kind]
    assert token not in tokens.cut(f"x = '{token}'")
    # In JSON, and in JSON inside JSON, the letter of a `\\n` stands right before it.
    for text in (rf'{{"a": "b\n{token}"}}', rf'"{{\"a\": \"b\\n{token}\"}}"', rf'"\u001b{token}"'):
        assert tokens.found(text) == [kind], text
        assert token not in tokens.cut(text)


@pytest.mark.parametrize(
    "text", ["", "sk-", "the ghp_ prefix", "AKIAx", "xoxo", "glorious", "-----BEGIN CERTIFICATE-----"]
)
def test_prose_is_none(text: str) -> None:
    assert tokens.found(text) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Thanks @octocat and @org/team.", r"@\w"),
        ("Fixes #12, closes octo/cat#3, resolved: #4.", r"#\d"),
        ("Resolves https://github.com/o/r/issues/5", r"/issues/5"),
        ("fixes GH-7", r"GH-7"),
        ("a <!-- clodputer:comment:123 --> b", "clodputer:comment"),
        ("&lt;!-- x --&gt; <!-- hidden", "<!--"),
        ("the word is very-secret-word", "very-secret-word"),
        (f"use {TOKENS['GitHub token']}", "ghp_"),
    ],
)
def test_what_is_sent_calls_nobody_closes_nothing_and_hides_nothing(text: str, gone: str) -> None:
    sent = outgoing(text, masker(["very-secret-word"]))
    assert not re.search(gone, sent)
    assert sent


def test_a_plain_text_stays_as_it_is() -> None:
    text = "See #12.\n\n- `me@example.org`\n- a `code` block\n\n```python\nx = 1\n```"
    assert outgoing(text, masker([])) == text
    assert len(outgoing("x" * 100_000, masker([]))) <= 65_536


def test_closing_words() -> None:
    assert closing("Fix the bug (#1)\n\nCloses #2. fixes: o/r#3") == ["#2", "o/r#3"]


@pytest.mark.parametrize(
    ("item", "number"),
    [
        ("issue 42", 42),
        ("#42", 42),
        ("42", 42),
        ("octo/cat#42", 42),
        ("https://github.com/octo/cat/issues/42", 42),
        ("https://github.com/octo/cat/pull/42", 42),
        ("other/cat#42", None),
        ("src/a.py", None),
        ("", None),
    ],
)
def test_the_number_of_an_item(item: str, number: int | None) -> None:
    assert marker.number_of(item, "Octo/Cat") == number


def test_branches_are_stable_and_told_apart() -> None:
    assert marker.branch("fix", "issue 42", "3f9a") == "clodputer/fix/42"
    assert marker.branch("fix", "", "3f9a") == "clodputer/fix/3f9a"
    assert marker.branch("fix", "plain", "3f9a") == "clodputer/fix/plain"
    names = {
        marker.branch("fix", item, "3f9a") for item in ("a/b", "a-b", "a b", "../a/b", "a.lock", "x" * 300)
    }
    assert len(names) == 6
    assert all(re.fullmatch(r"clodputer/fix/[A-Za-z0-9_-]+", name) for name in names)


def test_a_mark_is_of_one_thing() -> None:
    marks = {marker.sticky("a", 1), marker.sticky("a", 2), marker.sticky("b", 1), marker.issue("a", "1")}
    assert len(marks) == 4
    assert marker.begins(f"{marker.sticky('a', 1)}\ntext", marker.sticky("a", 1))
    assert not marker.begins(f"> {marker.sticky('a', 1)}", marker.sticky("a", 1))
    assert not marker.begins(None, marker.sticky("a", 1))
