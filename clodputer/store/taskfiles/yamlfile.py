"""The YAML document in a file; importing this does not import yaml, reading a file does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clodputer.store.files import plainfile

if TYPE_CHECKING:
    from clodputer.store.taskfiles.document import Document


def document(path: str) -> Document:
    """The document in a file; a file that cannot be read is a document with one thing wrong."""
    from clodputer.store.taskfiles import document as yaml_document

    try:
        return yaml_document.read(plainfile.read(path, yaml_document.LARGEST).content)
    except ValueError as error:
        return yaml_document.unreadable(1, str(error))
    except OSError as error:
        return yaml_document.unreadable(1, f"the file cannot be read: {error.strerror}")
