"""Recorded streams of the real claude, judged from their folders: as they were judged live, masked for a bundle as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.archive.redact import Redactor
from clodputer.model.outcome import REASONS
from clodputer.model.runs import rejudge
from clodputer.model.text.mask import Masker
from clodputer.runner.replay import judge
from clodputer.runner.replay.judge import Kept
from tests.agents.streams import TASK, names, recorded, replayed


@pytest.mark.parametrize("name", names())
def test_a_stream_means_again_what_it_meant(name: str, tmp_path: Path) -> None:
    lines, ended = recorded(name)
    live = replayed(name)
    stream = b"".join(line + b"\n" for line in lines)
    record = {
        "run_id": "20261121T000000.000Z-r1",
        "outcome": live.outcome.outcome,
        "reason": live.outcome.reason,
        "exit_status": ended.exit_status,
        "signal": ended.signal,
        "argv": ["claude", "-p"],
        "session_id": "s-launched",
    }
    assert rejudge.left_alone(record) == ""
    (tmp_path / "stderr").write_text(ended.stderr_tail)
    for content in (stream, Redactor(Masker(), {}).lines(stream)):
        (tmp_path / "stdout").write_bytes(content)
        again = judge.report(Kept(str(tmp_path), record, TASK))
        assert (again.outcome.outcome, again.outcome.reason) == (live.outcome.outcome, live.outcome.reason)
        assert (again.num_turns, again.model) == (live.num_turns, live.model)


def test_what_the_stream_does_not_decide_are_reasons_that_there_are() -> None:
    assert set(REASONS) >= rejudge.NOT_BY_STREAM
