"""Text from outside, cleaned of what a person would not see: what a page or a terminal shows is what the agent reads."""

from __future__ import annotations

import re

from clodputer.model.text.fence import LONGEST

# ECMA-48: control sequences (CSI), strings that a terminal swallows (OSC, of which links are one, DCS, SOS, PM, APC), and other
# escapes; each also in its form of one byte (C1). An unfinished string ends with its line.
_TERMINAL = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\\\)?"
    "|\x1b[ -/]*[0-~]?"
)
_ENDS_OF_LINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# What takes no room on a page or turns the order of letters round: marks of no width and direction, joiners, fillers, variation
# selectors (both ranges carry hidden bytes), invisible operators, interlinear notes, and the whole block of tags.
UNSEEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# The same written as HTML does: &#8203;, &#x202e;, &zwj;.
_NUMBER = re.compile("&#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}));?")
_NAMED = re.compile("&(?:shy|zwn?j|lrm|rlm|ZeroWidthSpace|NoBreak|InvisibleTimes|InvisibleComma|ic|it|af);")

# The name is taken as a whole, so that no text makes the search try each of its beginnings.
_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)(?![a-zA-Z0-9-])([^<>]*)>")
_NEVER_SHOWN = frozenset(("script", "style", "template", "noscript"))
_HIDING = re.compile(
    r"(?:^|\s)hidden(?:[\s=/]|$)|aria-hidden\s*=\s*[\"']?true|display\s*:\s*none|visibility\s*:\s*hidden|"
    r"(?:opacity|font-size|max-height|max-width)\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)

# A text that is hidden in what hides it, over and over, is peeled so many times.
_LAYERS = 8
# Stands for a `<` that is to begin nothing.
SHOWN = "\u2039"


def without_controls(text: str) -> str:
    """The text without what steers a terminal: escape sequences, and controls other than the ends of lines and tabs."""
    text = _TERMINAL.sub("", text)
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _ENDS_OF_LINES.sub("\n", text)))


def clean(text: str) -> str:
    """The text as a person sees it: without controls, characters that cannot be seen, HTML comments and hidden HTML.

    At most LONGEST characters of it, and a line that says how many are missing.
    """
    cut = len(text) - LONGEST
    text = text[:LONGEST]
    for _ in range(_LAYERS):
        before = text
        text = _NAMED.sub("", _NUMBER.sub(_without_unseen, _UNSEEN.sub("", without_controls(text))))
        text = _without_hidden(_without_comments(text))
        if text == before:
            break
    # What is left of a comment that was built to survive, or that never ends, shows itself.
    text = text.replace("<!--", f"{SHOWN}!--")
    return f"{text}\n[{cut:,} more characters were cut off here]" if cut > 0 else text


def _without_unseen(entity: re.Match[str]) -> str:
    number = int(entity[1], 16) if entity[1] else int(entity[2])
    if number > 0x10FFFF:
        return entity[0]
    letter = chr(number)
    hidden = _UNSEEN.match(letter) or _CONTROLS.match(letter) or _SURROGATES.match(letter)
    return "" if hidden else entity[0]


def _without_comments(text: str) -> str:
    """Linear in the length of the text, as are the others: a text of a hundred thousand openings is no trap."""
    if "<!--" not in text:
        return text
    kept, place = [], 0
    while (start := text.find("<!--", place)) >= 0:
        ends = [end + len(mark) for mark in ("-->", "--!>") if (end := text.find(mark, start + 2)) >= 0]
        if not ends:
            break
        kept.append(text[place:start])
        place = min(ends)
    kept.append(text[place:])
    return "".join(kept)


def _without_hidden(text: str) -> str:
    """The text without the elements of HTML that a page does not show."""
    if "<" not in text:
        return text
    lower, kept, place = text.lower(), [], 0
    unclosed: set[str] = set()
    for tag in _TAG.finditer(text):
        name = tag[1].lower()
        if tag.start() < place or not (name in _NEVER_SHOWN or _HIDING.search(tag[2])):
            continue
        end = tag.end()
        if name not in _VOID and not tag[2].endswith("/"):
            close = -1 if name in unclosed else lower.find(f"</{name}", end)
            if close < 0:
                unclosed.add(name)
                continue
            end = lower.find(">", close) + 1 or len(text)
        kept.append(text[place : tag.start()])
        place = end
    kept.append(text[place:])
    return "".join(kept)
