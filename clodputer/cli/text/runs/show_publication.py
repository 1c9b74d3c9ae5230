"""What a run publishes, for a person: what became of each intent, and all that would be sent if somebody approves it."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.text.runs.run_record import shortened
from clodputer.views.published import publishing
from clodputer.views.published.publishing import Asking
from clodputer.views.runs.run import Run


def text(run: Run) -> str:
    """The part of `show` about it; empty for a run that publishes nothing."""
    if not run.publication:
        return ""
    lines = [
        ink("Published", "bold"),
        *(hung(f"  {one_line(line, 1000)}", 4) for line in publishing.lines([*run.publication])),
    ]
    if run.undelivered:
        lines.append(hung(f"  To have what is left sent once more: clodputer approve {run.run_id}", 4))
    if run.staged is not None:
        lines += _staged(run.staged, run.folder)
    return "\n".join(lines)


def _staged(one: Asking, folder: str) -> Iterator[str]:
    parcel = one.parcel
    where = f" to {printable(parcel.repository)}" if parcel.repository else ""
    yield hung(f"  This would be sent{where}. {one.approve} | {one.deny}", 4)
    if parcel.push is not None:
        work = f"clodputer diff {parcel.run_id}"
        yield hung(
            f"  commits up to {parcel.push.commit[:12]} to the branch {printable(parcel.push.branch)}. See: {work}",
            4,
        )
    for step in parcel.steps:
        told = {name: value for name, value in step.fields.items() if name not in ("mark", "body", "branch")}
        if not told and "body" not in step.fields:
            continue
        about = ", ".join(f"{name} {value}" for name, value in told.items() if value)
        yield hung(f"  {step.kind.replace('_', ' ')}: {one_line(about, 500)}", 4)
        body = str(step.fields.get("body") or "").partition("\n")[2]
        if body:
            yield "\n".join(f"    {line}" for line in shortened(body, f"{folder}/record.json").split("\n"))
