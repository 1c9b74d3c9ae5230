"""XML from outside, read within bounds: no document type, so no entities; limits of depth, of elements and of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.parsers import expat

from clodputer.model.findings.finding import Damaged

DEEPEST, MOST_ELEMENTS = 50, 500_000
# Of the text of one element so much is kept, in characters, and of one attribute.
LONGEST = 4000


class Step(NamedTuple):
    """An element begins, with its attributes, or ends, with the text that is in it. depth: of the outermost one 1."""

    begins: bool
    name: str
    depth: int
    attributes: Mapping[str, str] = {}
    text: str = ""


def events(data: bytes) -> list[Step]:
    """The beginnings and ends of all elements in order. Raises Damaged."""
    found: list[Step] = []
    texts: list[list[str]] = []
    lengths: list[int] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(texts) >= DEEPEST:
            raise Damaged(f"it is nested deeper than {DEEPEST} levels")
        if len(found) >= 2 * MOST_ELEMENTS:
            raise Damaged(f"it has more than {MOST_ELEMENTS:,} elements")
        texts.append([])
        lengths.append(0)
        found.append(
            Step(True, name, len(texts), {key: value[:LONGEST] for key, value in attributes.items()})
        )

    def end(name: str) -> None:
        lengths.pop()
        depth = len(texts)
        found.append(Step(False, name, depth, text="".join(texts.pop())[:LONGEST]))

    def characters(some: str) -> None:
        if texts and lengths[-1] < LONGEST:
            texts[-1].append(some)
            lengths[-1] += len(some)

    def refuse(*_: Any) -> Any:
        raise Damaged("it declares a document type, which no report needs")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = characters
    # Before any entity is declared: what would expand them, or fetch a file, is never reached.
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Damaged("it is empty" if not data.strip() else f"it is no XML ({error})") from None
    except (LookupError, ValueError) as error:
        raise error if isinstance(error, Damaged) else Damaged(f"it is no XML ({error})") from None
    return found
