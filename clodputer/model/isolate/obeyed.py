"""Files of a repository that a person's own programs obey without being asked; what a run has changed of them is to be read."""

from __future__ import annotations

from collections.abc import Iterable

from clodputer.model.text.plural import counted

# Hooks that are kept in the tree, and settings by which editors and agents start programs; wherever they are in a tree.
FOLDERS = frozenset(
    (
        ".husky",
        ".githooks",
        ".vscode",
        ".devcontainer",
        ".claude",
        ".codex",
        ".cursor",
        ".gemini",
        ".opencode",
    )
)
FILES = frozenset(
    (
        ".envrc",
        ".gitattributes",
        ".gitmodules",
        ".lfsconfig",
        ".mcp.json",
        ".npmrc",
        ".pre-commit-config.yaml",
        ".pre-commit-config.yml",
        "lefthook.yaml",
        "lefthook.yml",
        "opencode.json",
        "opencode.jsonc",
    )
)
# So many are named in a sentence.
_NAMED = 5


def obeyed(paths: Iterable[str], hooks: Iterable[str] = ()) -> list[str]:
    """Those of the paths, which are relative to a tree. hooks: folders in it that git takes its hooks from."""
    folders = [f"{folder.strip('/')}/" for folder in hooks if folder.strip("/")]
    return [path for path in paths if _is_obeyed(path) or path.startswith(tuple(folders))]


def _is_obeyed(path: str) -> bool:
    # Capitals make no difference: some file systems see none.
    *above, name = path.lower().split("/")
    return name in FILES or not FOLDERS.isdisjoint(above)


def hook_folder(value: str, top: str) -> str:
    """The folder in a tree that git's setting `core.hooksPath` means, relative to the tree's top; empty for one elsewhere.

    What husky has set is a folder of its own, whose hooks start those in the folder around it.
    """
    if value.startswith("/"):
        if not value.startswith(f"{top}/"):
            return ""
        value = value[len(top) :]
    names = [name for name in value.split("/") if name not in ("", ".")]
    if ".." in names:
        return ""
    return "/".join(names[:-1] if names[-1:] == ["_"] and len(names) > 1 else names)


def sentence(paths: Iterable[str]) -> str:
    """That these are to be read first; empty when there are none."""
    found = list(paths)
    if not found:
        return ""
    more = f" and {counted(len(found) - _NAMED, 'file')} more" if len(found) > _NAMED else ""
    return f"Your own programs may run what these files say, so read them first: {', '.join(found[:_NAMED])}{more}."
