"""Supervising: what an agent prints, however much that is and wherever it ends."""

from __future__ import annotations

from pathlib import Path

from tests.runner.supervising import python, run, sh

MIB = 1024 * 1024


def heard(lines: int) -> str:
    """Shell code that waits until so many lines were heard."""
    return f"while [ ! -e heard-{lines} ]; do sleep 0.02; done"


def test_open_files_delay_nobody(tmp_path: Path) -> None:
    """A grandchild that keeps stdout open ends with the run, and at once."""
    told = run(tmp_path, sh("sleep 60 & echo out; exit 0"))
    assert (told.ended["exit_status"], len(told.ended["swept"])) == (0, 1)
    assert told.seconds < 30


def test_the_last_line_needs_no_newline(tmp_path: Path) -> None:
    """It is heard when nothing more can come."""
    told = run(tmp_path, sh(f"printf 'one\\ntwo'; {heard(1)}; printf '\\n\\ndone'"))
    assert (told.progress["done"], told.progress["notes"]) == (True, [4, 4, "done"])


def test_an_endless_line_is_not_kept(tmp_path: Path) -> None:
    """Of a line of 20 MiB an agent gets as much as tells it that it is too long; the next line is whole again."""
    told = run(tmp_path, python(f"print('x' * {20 * MIB}); print('done')"))
    assert told.progress["notes"] == [2, 8 * MIB + 1, "done"]
    assert told.memory < 100 * 1024
    assert told.stdout.stat().st_size == 20 * MIB + 6


def test_the_output_has_a_largest_size(tmp_path: Path) -> None:
    """500 MB as fast as they can be written: the run is stopped, the files are cut, and our memory stays small."""
    script = "import os\nline = b'x' * 1023 + b'\\n'\nfor _ in range(500_000 // 256):\n    os.write(1, line * 256)\n"
    told = run(tmp_path, python(script), launch={"max_output": 20 * MIB})
    assert told.ended["stopped"] == "output_too_large"
    assert told.stdout.stat().st_size == 20 * MIB
    assert told.progress["notes"][0] == 20 * 1024
    assert told.memory < 40 * 1024


def test_many_lines_need_little_memory(tmp_path: Path) -> None:
    """Below the limit everything is heard, even if it is a million lines."""
    told = run(tmp_path, python(f"import os\nos.write(1, b'ab\\n' * {MIB})"))
    assert (told.ended["stopped"], told.progress["notes"][0]) == ("", MIB)
    assert told.memory < 40 * 1024


def test_both_files_count(tmp_path: Path) -> None:
    """Together they are no larger than allowed, and the smaller one is kept whole."""
    script = "import os, time\nos.write(1, b'one line\\n')\nwhile True: os.write(2, b'y' * 65536); time.sleep(0.001)"
    told = run(tmp_path, python(script), launch={"max_output": 2 * MIB})
    assert told.ended["stopped"] == "output_too_large"
    assert told.stdout.read_text() == "one line\n"
    assert told.stderr.stat().st_size == 2 * MIB - 9
    assert set(told.ended["stderr_tail"]) == {"y"}


def test_too_much_is_too_much_even_when_it_was_quick(tmp_path: Path) -> None:
    """Though it had ended before we looked, most likely: the stream is cut all the same, so it is no success."""
    told = run(tmp_path, python(f"import os\nos.write(1, b'x' * {3 * MIB})"), launch={"max_output": MIB})
    assert told.ended["stopped"] == "output_too_large"
    assert told.stdout.stat().st_size == MIB


def test_it_may_empty_its_own_stdout(tmp_path: Path) -> None:
    """What it writes afterwards is heard."""
    told = run(tmp_path, sh(f"echo one; {heard(1)}; : > stdout; echo x; {heard(2)}; echo done"))
    assert (told.progress["done"], told.progress["notes"][0]) == (True, 3)
