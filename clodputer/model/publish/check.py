"""Whether commits may leave the machine: decided from what git says of them, never from what the run says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from clodputer.model.publish.rule import Publish
from clodputer.model.text.cleaning import UNSEEN
from clodputer.model.text.plural import counted
from clodputer.model.triggers import pattern as patterns

LINK, SUBMODULE = 0o120000, 0o160000
# So many paths are named in one message, and so many commits may be pushed at once.
_NAMED, MOST_COMMITS = 3, 100

# What runs by itself when it is pushed, pins what is installed, steers an agent, or says who must review.
PROTECTED = (
    ".github/workflows/**",
    ".github/actions/**",
    ".github/dependabot.{yml,yaml}",
    ".github/copilot-instructions.md",
    ".gitlab-ci.{yml,yaml}",
    ".circleci/**",
    ".buildkite/**",
    "{azure-pipelines,bitbucket-pipelines,.travis,appveyor,.drone,.cirrus}.{yml,yaml}",
    "Jenkinsfile",
    "CODEOWNERS",
    ".gitmodules",
    ".gitattributes",
    ".{claude,cursor,codex,gemini,opencode,husky,githooks,devcontainer,vscode}/**",
    "{.mcp,.claude,opencode}.json",
    "opencode.jsonc",
    "{CLAUDE,CLAUDE.local,AGENTS,GEMINI}.md",
    ".{cursorrules,windsurfrules,envrc,npmrc,pypirc,netrc,ripgreprc}",
    ".pre-commit-config.{yml,yaml}",
    "lefthook.{yml,yaml}",
    "{package-lock,npm-shrinkwrap,composer}.{json,lock}",
    "{yarn,bun,Cargo,poetry,Pipfile,uv,pdm,Gemfile,flake,mix,Podfile,pubspec,deno}.lock",
    "{pnpm-lock.yaml,bun.lockb,go.sum,packages.lock.json,gradle.lockfile,pylock.toml}",
)

_ODD = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{UNSEEN}]")


class Change(NamedTuple):
    """A file that a commit changes, with its modes before and after as git has them; 0 where it is not there."""

    path: str
    old: int = 0
    new: int = 0


class Facts(NamedTuple):
    """What git says of the commits that would be pushed. patch: in bytes.

    head: the commit. secrets: what kinds of secrets are in them and where, in words. under_way: sentences, such as on a merge
    that is not finished. uncommitted: how many files are changed and in no commit. closing: issues that their messages close.
    older: how many of the commits were there before the run, and are on no remote that the repository knows of.
    problem: why git could not say all of this, empty when it could.
    """

    head: str = ""
    commits: int = 0
    changes: tuple[Change, ...] = ()
    patch: int = 0
    secrets: tuple[str, ...] = ()
    under_way: tuple[str, ...] = ()
    uncommitted: int = 0
    closing: tuple[str, ...] = ()
    older: int = 0
    problem: str = ""


class Refusal(NamedTuple):
    """Why something is not published: a code, and a sentence for people."""

    code: str
    message: str


def refusals(facts: Facts, rule: Publish) -> list[Refusal]:
    """All that speaks against pushing; empty when nothing does."""
    found = _refusals(facts, rule)
    if not found or not facts.older or found[0].code in ("not_checked", "no_commits"):
        return found
    more = f"{counted(facts.older, 'commit')} from before the run would be sent along, as no remote has them."
    return [*found[:-1], found[-1]._replace(message=f"{found[-1].message} {more}")]


def _refusals(facts: Facts, rule: Publish) -> list[Refusal]:
    if facts.problem:
        return [Refusal("not_checked", f"The commits could not be checked: {facts.problem}.")]
    if not facts.commits:
        more = f" {counted(facts.uncommitted, 'changed file')} are in no commit." if facts.uncommitted else ""
        return [Refusal("no_commits", f"There is no commit to push.{more}")]
    found = [Refusal("under_way", sentence) for sentence in facts.under_way]
    if facts.commits > MOST_COMMITS:
        found.append(
            Refusal("too_many_commits", f"It has {facts.commits} commits, more than {MOST_COMMITS}.")
        )
    files = {change.path for change in facts.changes}
    if len(files) > rule.max_files:
        found.append(
            Refusal(
                "too_many_files", f"It changes {len(files)} files, more than {rule.max_files} (max_files)."
            )
        )
        return found
    if facts.patch > rule.max_patch:
        found.append(
            Refusal("patch_too_large", f"Its patch has more than {rule.max_patch:,} bytes (max_patch).")
        )
    found += _of_paths("odd_path", "It has paths that a person cannot read", filter(_ODD.search, files))
    links = (change.path for change in facts.changes if change.new == LINK)
    found += _of_paths("symlink", "It makes or changes symbolic links", links)
    inside = (change.path for change in facts.changes if SUBMODULE in (change.new, change.old))
    found += _of_paths("submodule", "It changes submodules", inside)
    touched = (path for path in files if is_protected(path, rule))
    found += _of_paths("protected", "It touches protected files", touched)
    if facts.secrets:
        found.append(Refusal("secret", f"It holds {', '.join(facts.secrets[:_NAMED])}."))
    return found


def is_protected(path: str, rule: Publish) -> bool:
    """Whether a task's commits must not touch a file. Capitals make no difference: some file systems see none."""
    names = path.lower().split("/")
    if any(_means(text, names) for text in rule.allow):
        return False
    return any(_means(text, names) for text in (*PROTECTED, *rule.protect))


def _means(text: str, names: Sequence[str]) -> bool:
    """Whether a pattern means a path: one name anywhere, several from the top on, and all that is in a folder it means."""
    for plain in patterns.expanded(text.strip("/").lower()):
        parts = plain.split("/")
        # `.claude/**` means a folder in every folder, as programs look for it there; `.github/` counts at the top alone.
        anywhere = len(parts) == 1 or (len(parts) == 2 and parts[1] == "**")
        if _leads(["**", *parts] if anywhere else parts, names):
            return True
    return False


def _leads(parts: Sequence[str], names: Sequence[str]) -> bool:
    if not parts:
        return True
    if parts[0] == "**":
        return any(_leads(parts[1:], names[begin:]) for begin in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _leads(parts[1:], names[1:])


def _of_paths(code: str, words: str, paths: Iterable[str]) -> list[Refusal]:
    found = sorted(set(paths))
    if not found:
        return []
    named = ", ".join(_ODD.sub("?", path)[:200] for path in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [Refusal(code, f"{words}: {named}{more}.")]
