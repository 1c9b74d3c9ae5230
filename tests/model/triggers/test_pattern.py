"""Patterns mean what a shell's do, and what glob and pathlib of Python find."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.triggers import pattern as patterns
from tests.examples import examples

NAMES = ("a", "b", "ab", "a.txt", "b.md", ".a", ".txt")
PARTS = ("*", "**", "a", "a*", "*.txt", "?", "[ab]", "[!a]*", ".*", "*b*", ".a")


def matches(pattern: patterns.Pattern, path: str) -> bool:
    """Whether a pattern means a relative path."""
    reached = patterns.begin(pattern)
    for name in path.split("/"):
        reached = patterns.advance(pattern, reached, name)
    return patterns.whole(pattern, reached)


@pytest.mark.parametrize(
    ("pattern", "means", "not_means"),
    [
        ("*", ["a", "a b", "[", "\u00fc", "\udce9", "a\nb"], [".a", "a/b"]),
        ("*.md", ["a.md", "a.b.md"], [".md", ".a.md", "a.MD", "x/a.md", "a.md~"]),
        (".*", [".a"], ["a", "a/.a"]),
        ("**", ["a", "a/b", "a/b/c"], [".a", "a/.b", ".a/b"]),
        ("**/*.md", ["a.md", "x/a.md", "x/y/a.md"], ["x/.y/a.md", ".x/a.md", "a.txt"]),
        ("docs/**", ["docs/a", "docs/x/a"], ["docs", "a", "docs2/a"]),
        ("**/.env", [".env", "x/.env"], [".x/.env", "env"]),
        ("a/*/c", ["a/b/c"], ["a/c", "a/b/b/c", "a/.b/c"]),
        ("a/**/c", ["a/c", "a/b/c", "a/b/b/c"], ["c", "a/b"]),
        ("**/a/**/b", ["a/b", "x/a/y/b", "a/a/b"], ["a", "b", "x/b"]),
        ("[0-9][!x].csv", ["1a.csv"], ["1x.csv", "aa.csv"]),
    ],
)
def test_what_a_pattern_means(pattern: str, means: list[str], not_means: list[str]) -> None:
    """`*` stays inside a name, `**` goes through folders, and hidden names are named by their dot."""
    read = patterns.read([pattern])
    assert [path for path in means if not matches(read, path)] == []
    assert [path for path in not_means if matches(read, path)] == []
    assert patterns.fault(pattern) == ""


@pytest.mark.parametrize(
    ("texts", "means", "not_means"),
    [
        (["*.{md,txt}"], ["a.md", "a.txt"], ["a.{md,txt}", "a.mdtxt", "a.csv"]),
        (["{a,b}/{c,d}/*.md"], ["a/c/x.md", "b/d/x.md"], ["a/b/x.md", "a/x.md"]),
        (["{a,{b,c}}.md"], ["a.md", "b.md", "c.md"], ["{b.md"]),
        (["notes{,.bak}"], ["notes", "notes.bak"], ["notes."]),
        (["{docs/**,*.md}"], ["docs/x/a", "a.md"], ["x/a.md"]),
        (["*.md", "**/*.txt"], ["a.md", "a.txt", "x/a.txt"], ["x/a.md"]),
        (["[{]x,y[}]"], ["{x,y}"], ["x", "y"]),
        (["a[|]b", "c[,]*.d"], ["a|b", "c,x.d"], ["a", "b"]),
        (["Notes, old.md"], ["Notes, old.md"], ["Notes"]),
        (["* - copy (1).*"], ["a - copy (1).md"], ["a"]),
    ],
)
def test_braces_and_lists(texts: list[str], means: list[str], not_means: list[str]) -> None:
    """Alternatives in braces, also inside of others, and several patterns side by side."""
    read = patterns.read(texts)
    assert [path for path in means if not matches(read, path)] == []
    assert [path for path in not_means if matches(read, path)] == []
    assert [patterns.fault(text) for text in texts] == [""] * len(texts)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("/a", "remove the leading /"),
        ("", "without empty ones"),
        ("a/", "add **"),
        ("**/", "add **"),
        ("a//b", "without empty ones"),
        ("../a", "'.' and '..'"),
        ("a/../b", "'.' and '..'"),
        ("./a", "'.' and '..'"),
        ("a/.", "'.' and '..'"),
        ("~/inbox/*.md", "write the folder there"),
        (" *.md", "remove them"),
        ("!*.tmp", "a pattern cannot exclude files; write those that count, such as *.{md,txt}"),
        ("*.md|*.txt", "write several patterns as a list, such as [*.md, *.txt], or in braces"),
        ("a.md|b.md", "write several patterns as a list"),
        ("(a|b)*", "write several patterns as a list"),
        ("*.md, *.txt", "write several patterns as a list"),
        ("*.md,README", "write several patterns as a list"),
        ("*.md *.txt", "write several patterns as a list"),
        ("@(a|b).md", "extended pattern of bash; write alternatives in braces"),
        ("*.{md, txt}", "write the alternatives without, such as {md,txt}"),
        ("*.{md}", "braces hold alternatives such as {md,txt}; for the letter itself write [{]"),
        ("*.{md,txt", "a { is not closed by }"),
        ("*.md}", "a } closes nothing"),
        ("log{1..9}", "for a range of letters write [a-z]"),
        ("{a,b,c}" * 10, "its braces stand for more than 100 patterns"),
        ("**.md", "write **/*.md, or *.md for files of one folder"),
        ("docs/***", "** must be alone between slashes"),
        ("[abc", "a [ is not closed by ]; for the letter itself write [[]"),
        ("[]", "a [ is not closed by ]"),
        ("[!]", "a [ is not closed by ]"),
        ("[^a]*", "write [!...] for any letter but these"),
        (r"\*.md", "put it in brackets, such as [*]"),
        (r".*\.md$", "put it in brackets, such as [*]"),
        ("^notes", "it looks like a regular expression; write a pattern such as *.md"),
    ],
)
def test_what_is_no_pattern(text: str, advice: str) -> None:
    """Patterns are relative and stay inside the folder; what is of other languages is refused with what to write."""
    assert advice in patterns.fault(text)


@given(st.text("ab*?[]!{},|/.\\ ", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is no fault can be read, and no text is too hard."""
    if not patterns.fault(text):
        patterns.begin(patterns.read([text]))


def files_in(root: str) -> list[str]:
    """The files of a tree as relative paths."""
    return [
        os.path.relpath(os.path.join(place, name), root)
        for place, _, names in os.walk(root)
        for name in names
    ]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four levels of folders and files with all the names."""
    root = str(tmp_path_factory.mktemp("tree"))

    def fill(folder: str, depth: int) -> None:
        for name in NAMES[2:]:
            Path(folder, name).write_bytes(b"")
        for name in (*NAMES[:2], ".h"):
            os.mkdir(f"{folder}/{name}")
            if depth:
                fill(f"{folder}/{name}", depth - 1)

    fill(root, 2)
    return root


@settings(max_examples=examples(150), deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=3))
def test_the_same_files_as_glob_finds(tree: str, parts: list[str]) -> None:
    """Every file of a tree that Python's glob finds for a pattern, and no other; a last `**` means files here."""
    text = "/".join(parts)
    looked_for = text + "/*" if parts[-1] == "**" else text
    found = {
        os.path.relpath(path, tree)
        for path in glob.glob(f"{tree}/{looked_for}", recursive=True)
        if os.path.isfile(path)
    }
    read = patterns.read([text])
    assert {path for path in files_in(tree) if matches(read, path)} == found


@pytest.mark.parametrize("text", ["*.txt", "*.md", "a*", "?.md", "[ab].md"])
def test_the_same_files_as_pathlib_finds(tree: str, text: str) -> None:
    """`**/X` is rglob(X), `X` is glob(X), among names without a dot at their head, which pathlib takes too."""
    for pattern, found in ((text, Path(tree).glob(text)), (f"**/{text}", Path(tree).rglob(text))):
        wanted = {str(path.relative_to(tree)) for path in found if path.is_file()}
        wanted = {path for path in wanted if not any(name.startswith(".") for name in path.split("/"))}
        read = patterns.read([pattern])
        assert {path for path in files_in(tree) if matches(read, path)} == wanted


@given(
    text=st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join),
    path=st.lists(st.sampled_from(NAMES), min_size=2, max_size=5),
)
def test_no_folder_is_passed_over(text: str, path: list[str]) -> None:
    """A walk that enters only folders for which something is `below` meets every file that the pattern means."""
    read = patterns.read([text])
    if matches(read, "/".join(path)):
        reached = patterns.begin(read)
        for name in path[:-1]:
            reached = patterns.advance(read, reached, name)
            assert patterns.below(read, reached)
