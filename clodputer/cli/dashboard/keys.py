"""Keys: the bytes that a terminal sends for them, read into names; what is pasted is no key."""

from __future__ import annotations

# What xterm and those that follow it send: normal and application mode, and the numbers of the VT220.
_SEQUENCES = {
    b"[A": "up",
    b"[B": "down",
    b"[C": "right",
    b"[D": "left",
    b"OA": "up",
    b"OB": "down",
    b"OC": "right",
    b"OD": "left",
    b"[H": "home",
    b"[F": "end",
    b"OH": "home",
    b"OF": "end",
    b"[1~": "home",
    b"[4~": "end",
    b"[7~": "home",
    b"[8~": "end",
    b"[5~": "pageup",
    b"[6~": "pagedown",
    b"[Z": "backtab",
}
_SINGLE = {
    b"\r": "enter",
    b"\n": "enter",
    b"\t": "tab",
    b"\x1b": "escape",
    b"\x7f": "backspace",
    b"\x08": "backspace",
    b"\x0c": "redraw",
    b"\x02": "pageup",
    b"\x06": "pagedown",
}
_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"
# A longer sequence is none that we know, and a longer paste is nothing to wait for, in bytes.
_LONGEST, _LONGEST_PASTE = 16, 1 << 20


def read(data: bytes) -> tuple[list[str], bytes]:
    """The keys by name, letters as themselves, and the bytes of a sequence whose end has not come yet."""
    found: list[str] = []
    while data:
        if data.startswith(_PASTE):
            _, end, rest = data.partition(_PASTED)
            if not end and len(data) < _LONGEST_PASTE:
                return found, data
            data = rest
        elif data[:1] == b"\x1b" and data[1:2] in (b"[", b"O"):
            length = _length(data)
            if not length:
                return found, data
            name = _SEQUENCES.get(data[1:length])
            found += [name] if name else []
            data = data[length:]
        elif data == b"\x1b":
            return found, data
        else:
            size = _size(data[0])
            if len(data) < size:
                return found, data
            letter, data = data[:size], data[size:]
            name = _SINGLE.get(letter) or letter.decode("utf-8", "replace")
            found += [name] if name.isprintable() else []
    return found, b""


def _length(data: bytes) -> int:
    """How long the sequence is with which the data begins; 0 when its end has not come."""
    if data[1:2] == b"O":
        return 3 if len(data) > 2 else 0
    for index in range(2, min(len(data), _LONGEST)):
        if 0x40 <= data[index] <= 0x7E:
            return index + 1
    return _LONGEST if len(data) >= _LONGEST else 0


def _size(first: int) -> int:
    """How many bytes a letter of UTF-8 has that begins with this one."""
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
