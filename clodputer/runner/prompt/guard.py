"""A prompt that something typed would let begin with a slash command gets one of our lines before it."""

from __future__ import annotations

from clodputer.store.taskfiles import template_text

GUARD = "The text of the task follows.\n\n"


def guard(rendered: str, template: str) -> str:
    """The prompt with one of our lines before it when text from outside would make it begin with `/`.

    Agents carry out their slash commands by themselves, also those that come by stdin. A command that the template itself
    begins with, written out, is the person's own.
    """
    text = _visible(rendered)
    if not text.startswith("/"):
        return rendered
    own = _first_word(_visible(template))
    if own.startswith("/") and not template_text.marked(own) and _first_word(text) == own:
        return rendered
    return GUARD + rendered


def _visible(text: str) -> str:
    """The text from its first visible character on: others may drop spaces, marks of no width, controls."""
    for index, letter in enumerate(text):
        if letter.isprintable() and not letter.isspace():
            return text[index:]
    return ""


def _first_word(text: str) -> str:
    return (text[:1000].split(None, 1) or [""])[0]
