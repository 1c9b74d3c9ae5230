"""Steps of a release that need care: `release.py check TAG` and `release.py notes VERSION`. Only the standard library."""

from __future__ import annotations

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def problems(tag: str, version: str, changelog: str) -> list[str]:
    """Why `tag` must not be released yet, in words; empty when all is in order."""
    found = []
    if tag != f"v{version}":
        found.append(
            f"the tag is {tag}, but clodputer/__init__.py says {version}: set one of them right (v{version})"
        )
    if not re.search(rf"(?m)^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changelog):
        found.append(
            f'CHANGELOG.md has no heading "## {version} - YYYY-MM-DD": give what is unreleased that heading'
        )
    elif not notes(version, changelog):
        found.append(f"CHANGELOG.md says nothing about {version}: write what has changed for users")
    return found


def notes(version: str, changelog: str) -> str:
    """What the changelog says about `version`, without its heading."""
    for section in re.split(r"(?m)^(?=## )", changelog):
        heading, _, text = section.partition("\n")
        if heading.split()[:2] == ["##", version]:
            return text.strip()
    return ""


def version_of(text: str) -> str:
    """The version that the text of clodputer/__init__.py sets. Raises ValueError."""
    found = re.search(r'(?m)^__version__ = "([^"]+)"$', text)
    if found is None:
        raise ValueError("clodputer/__init__.py sets no __version__")
    return found[1]


def main(arguments: list[str]) -> int:
    """Return 0 when the step went well."""
    changelog = (TOP / "CHANGELOG.md").read_text(encoding="utf-8")
    if len(arguments) == 2 and arguments[0] == "check":
        version = version_of((TOP / "clodputer" / "__init__.py").read_text(encoding="utf-8"))
        found = problems(arguments[1], version, changelog)
        for problem in found:
            print(f"release: {problem}", file=sys.stderr)
        return 1 if found else 0
    if len(arguments) == 2 and arguments[0] == "notes":
        text = notes(arguments[1], changelog)
        print(text)
        return 0 if text else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
