"""Each expectation held and unmet, and the ones that are themselves wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.outcome import of
from clodputer.model.proof.expect import Expect
from clodputer.model.proof.proof import Answer
from clodputer.model.run import Report
from clodputer.model.task import Task
from clodputer.runner.proof import expect

SUCCESS = Report(of("completed"), result="All 3 tests passed.")


def task(folder: Path, **expected: Any) -> Task:
    return Task(name="nightly", path="", working_directory=str(folder), expect=Expect(**expected))


def never(argv: Sequence[str]) -> Answer:
    raise AssertionError(argv)


def check(folder: Path, report: Report = SUCCESS, **expected: Any) -> tuple[dict[str, Any], ...]:
    return expect.check(task(folder, **expected), report, {}, 0.0, never)


def only(results: Sequence[dict[str, Any]]) -> tuple[bool, str]:
    (result,) = results
    return result["ok"], result["message"]


def test_nothing_expected_finds_nothing(tmp_path: Path) -> None:
    assert check(tmp_path) == ()


def test_a_failed_run_is_not_looked_at(tmp_path: Path) -> None:
    assert check(tmp_path, Report(of("denied")), file_exists=("gone",)) == ()


def test_result_matches(tmp_path: Path) -> None:
    assert only(check(tmp_path, result_matches=r"\d tests passed"))[0]
    assert only(check(tmp_path, result_matches="failed")) == (False, "The result does not match 'failed'.")
    assert only(check(tmp_path, SUCCESS._replace(result={"a": "ü"}), result_matches='"a": "ü"'))[0]
    ok, message = only(check(tmp_path, result_matches="("))
    assert not ok
    assert "not a regular expression" in message


def test_a_pattern_that_never_ends_is_given_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    endless = SUCCESS._replace(result="a" * 50 + "b")
    ok, message = only(expect.check(task(tmp_path, result_matches="(a+)+$"), endless, {}, 0.0, never, 0.2))
    assert not ok
    assert "simpler" in message
    assert time.monotonic() - begun < 30
    assert only(check(tmp_path, result_matches="tests"))[0], "and the next one is searched"


def test_file_exists(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    here, gone, absolute = check(tmp_path, file_exists=("here", "gone", str(tmp_path / "here")))
    assert (here["ok"], gone["ok"], absolute["ok"]) == (True, False, True)
    assert gone["message"] == "gone is not there."


class TestFileChanged:
    def changed(self, folder: Path, act: Any, name: str = "report.md") -> bool:
        watched = task(folder, file_changed=(name,))
        snapshot = expect.before(watched)
        act()
        return only(expect.check(watched, SUCCESS, snapshot, time.time(), never))[0]

    def test_made_and_rewritten_and_replaced_count(self, tmp_path: Path) -> None:
        path = tmp_path / "report.md"
        assert self.changed(tmp_path, lambda: path.write_text("one"))
        assert self.changed(tmp_path, lambda: path.write_text("two"))
        (tmp_path / "new").write_text("two")
        assert self.changed(tmp_path, lambda: (tmp_path / "new").rename(path))

    def test_left_alone_and_removed_do_not(self, tmp_path: Path) -> None:
        path = tmp_path / "report.md"
        assert not self.changed(tmp_path, lambda: None)
        path.write_text("one")
        assert not self.changed(tmp_path, lambda: None)
        assert not self.changed(tmp_path, path.unlink)

    def test_content_tells_where_the_clock_does_not(self, tmp_path: Path) -> None:
        path = tmp_path / "report.md"
        path.write_text("one")
        stamp = path.stat()

        def rewrite() -> None:
            path.write_text("two")
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

        assert self.changed(tmp_path, rewrite)

    def test_big_files_are_told_by_their_stamp(self, tmp_path: Path) -> None:
        big = "x" * (expect.LARGEST_HASHED + 1)
        path = tmp_path / "report.md"
        path.write_text(big)
        assert expect.before(task(tmp_path, file_changed=("report.md",)))["report.md"].digest == ""  # type: ignore[union-attr]
        os.utime(path, (1, 1))
        assert self.changed(tmp_path, lambda: path.write_text(big))

    def test_without_a_snapshot_the_start_of_the_run_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "report.md"
        path.write_text("one")
        os.utime(path, (1000, 1000))
        watched = task(tmp_path, file_changed=("report.md",))
        assert only(expect.check(watched, SUCCESS, {}, 999.0, never))[0]
        assert not only(expect.check(watched, SUCCESS, {}, 1001.0, never))[0]


SCHEMA = {"type": "object", "required": ["state"], "properties": {"state": {"enum": ["done", "blocked"]}}}


class TestJsonSchema:
    @pytest.mark.parametrize("result", ['{"state": "done"}', {"state": "blocked", "more": 1}])
    def test_it_fits(self, tmp_path: Path, result: Any) -> None:
        pytest.importorskip("jsonschema")
        assert only(check(tmp_path, SUCCESS._replace(result=result), json_schema=SCHEMA))[0]

    @pytest.mark.parametrize(
        ("result", "message"),
        [
            ("Done!", "The result is not JSON."),
            ("[" * 100_000, "The result is not JSON."),
            ('{"state": "lost"}', "At $.state: 'lost' is not one of ['done', 'blocked']."),
            ({}, "At $: 'state' is a required property."),
            (None, "At $: None is not of type 'object'."),
        ],
    )
    def test_it_does_not(self, tmp_path: Path, result: Any, message: str) -> None:
        pytest.importorskip("jsonschema")
        assert only(check(tmp_path, SUCCESS._replace(result=result), json_schema=SCHEMA)) == (
            False,
            message,
        )

    @pytest.mark.parametrize(
        ("schema", "message"),
        [
            ({"type": "objekt"}, "The schema itself is wrong"),
            ({"$ref": "#"}, "could not be checked against the schema: an internal error: RecursionError"),
            ({"$ref": "http://127.0.0.1:9/schema.json"}, "refers to what it does not contain"),
            ({"pattern": "("}, "The schema itself is wrong"),
        ],
    )
    def test_a_wrong_schema_is_told_and_nothing_is_fetched(
        self, tmp_path: Path, schema: Any, message: str
    ) -> None:
        pytest.importorskip("jsonschema")
        ok, told = only(check(tmp_path, SUCCESS._replace(result='"x"'), json_schema=schema))
        assert not ok
        assert message in told


def test_command_succeeds(tmp_path: Path) -> None:
    expected = task(tmp_path, command_succeeds=("make", "test"))

    def told(**answer: Any) -> tuple[bool, str]:
        return only(expect.check(expected, SUCCESS, {}, 0.0, lambda argv: Answer(argv, **answer)))

    assert told(status=0, output="fine") == (True, "make test exited with status 0.")
    assert told(status=2, output="a\nb") == (False, "make test exited with status 2. It said: a b")
    assert told(problem="there is none") == (False, "make test could not be run: there is none.")


def test_apply_undoes_a_success_only() -> None:
    unmet = (
        {"check": "file_exists", "ok": True, "message": "a is there."},
        {"check": "file_exists", "ok": False, "message": "b is not there."},
    )
    changed = expect.apply(SUCCESS, unmet)
    assert changed.outcome == of("expect_unmet", "file_exists: b is not there.")
    assert changed.result == SUCCESS.result
    assert expect.apply(SUCCESS, unmet[:1]) is SUCCESS
    failed = Report(of("denied"))
    assert expect.apply(failed, unmet) is failed
