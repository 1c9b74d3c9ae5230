"""`signal` by its C half: the other half makes enums of the signals, which costs a third of the start of a bare Python."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as signal  # noqa: PLC0414  (mypy's sign that it is handed on)
else:
    try:
        import _signal as signal
    except ImportError:
        import signal as signal  # noqa: PLC0414
