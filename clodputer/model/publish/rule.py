"""What a task may publish: the key `publish`, its value, and the rules between it and the other keys."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.config.keys import CHOICE, CHOICES, COUNT, FLAG, NEVER, PART, SIZE, TEXT, TEXTS, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.isolate.worktree import NOTHING, WORKTREE
from clodputer.model.triggers import pattern as patterns

COMMENT, PULL_REQUEST, PUSH, LABEL = "comment", "draft_pull_request", "push", "label"
CLOSE, EVENT, FILE_ISSUE = "close", "event", "file_issue"
KINDS = (COMMENT, PULL_REQUEST, PUSH, LABEL, CLOSE, EVENT, FILE_ISSUE)
# Those that start from the commits of the run's worktree, and those that are calls of GitHub's API.
PUSHING = (PULL_REQUEST, PUSH)
CALLING = (COMMENT, PULL_REQUEST, LABEL, CLOSE, FILE_ISSUE)

# Which issue or pull request a run may write to: the one that it is about, or any of the repository.
ITEM, ANY = "item", "any"

MB = 1024**2
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")


class Publish(NamedTuple):
    """The task's part `publish`. max_patch: bytes. An empty repository is that of the task's trigger `github`."""

    kinds: tuple[str, ...] = ()
    repository: str = ""
    remote: str = ""
    base: str = ""
    labels: tuple[str, ...] = ()
    targets: str = ITEM
    max_per_run: int = 10
    max_per_day: int = 50
    max_files: int = 100
    max_patch: int = 4 * MB
    protect: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    staged: bool = False

    @property
    def pushes(self) -> bool:
        """Whether commits may leave the machine."""
        return any(kind in PUSHING for kind in self.kinds)


def is_repository(text: str) -> bool:
    """Whether it is OWNER/NAME as GitHub has them."""
    return _REPOSITORY.fullmatch(text) is not None


def _repository(value: Any) -> Any:
    if not is_repository(value):
        raise Expected("a repository such as octocat/hello-world")
    return value


def _word(value: Any) -> Any:
    if value.startswith("-") or ".." in value or any(letter in value for letter in " ~^:?*[\\\t\n"):
        raise Expected("a name that git takes, such as main or origin")
    return value


def _pattern(text: Any) -> Any:
    plain = text.removesuffix("/")
    wrong = patterns.fault(plain) if plain else "it names no file"
    if wrong or text.startswith(("/", "~")):
        raise Expected(
            "a pattern of paths inside the repository, such as docs/** or package-lock.json",
            f"; {wrong or 'a path from / or ~ on is not inside of it'}",
        )
    return text


def _label(text: Any) -> Any:
    if len(text) > 50 or "," in text or not text.isprintable():
        raise Expected("a label of up to 50 characters without a comma")
    return text


def _with_kinds(value: Mapping[str, Any]) -> None:
    kinds = value.get("kinds") or ()
    if not kinds:
        raise Expected("kinds, such as publish: [comment, draft_pull_request]")
    if LABEL in kinds and not value.get("labels"):
        raise Expected("labels, as kinds has label: the only ones that a run may set")


KEYS = (
    Key(
        "publish",
        PART,
        {},
        "What a run may have sent out. Clodputer checks and sends it after the run, so that the agent needs no token. "
        "`publish: [comment]` is short for `publish: {kinds: [comment]}`. See [Publishing](publish.md).",
        keys=(
            Key(
                "kinds",
                CHOICES,
                (),
                "What it may ask for: `comment`, `draft_pull_request`, `push` a branch without a pull request, `label`, "
                "`close`, `event`, which the routes take, and `file_issue`.",
                choices=KINDS,
                absent="needed",
                env=NEVER,
                example=[COMMENT, PULL_REQUEST],
            ),
            Key(
                "repository",
                TEXT,
                "",
                "The repository on GitHub, as OWNER/NAME.",
                absent="that of the task's trigger `github`",
                check=_repository,
                env=NEVER,
                example="octocat/hello-world",
            ),
            Key(
                "remote",
                TEXT,
                "",
                "The remote of the working directory's repository that branches are pushed to.",
                absent="`origin`, or the only one",
                check=_word,
                env=NEVER,
                example="origin",
            ),
            Key(
                "base",
                TEXT,
                "",
                "The branch that pull requests are for.",
                absent="the repository's default branch",
                check=_word,
                env=NEVER,
                example="main",
            ),
            Key(
                "labels",
                TEXTS,
                (),
                "The only labels that a run may set, on issues that it files too.",
                smallest=1,
                check=_label,
                absent="none",
                env=NEVER,
                example=["needs-review"],
            ),
            Key(
                "targets",
                CHOICE,
                ITEM,
                "Where comments, labels and closing may go: `item`, the issue or pull request that the request is about, or "
                "`any` of the repository.",
                choices=(ITEM, ANY),
                env=NEVER,
                example=ANY,
            ),
            Key(
                "max_per_run",
                COUNT,
                10,
                "The most that one run may publish; what it asks for beyond that is refused.",
                1,
                100,
                example=5,
            ),
            Key(
                "max_per_day",
                COUNT,
                50,
                "The most that the task may publish in any 24 hours.",
                1,
                1000,
                example=20,
            ),
            Key(
                "max_files",
                COUNT,
                100,
                "Commits that change more files are not pushed.",
                1,
                10_000,
                example=30,
            ),
            Key(
                "max_patch",
                SIZE,
                4 * MB,
                "Commits with a larger patch are not pushed.",
                1024,
                64 * MB,
                example="1MB",
            ),
            Key(
                "protect",
                TEXTS,
                (),
                "Patterns of more files that commits must not touch; workflows, lock files, agents' settings, hooks and "
                "CODEOWNERS are protected anyway.",
                smallest=1,
                check=_pattern,
                absent="none",
                env=NEVER,
                example=["migrations/**"],
            ),
            Key(
                "allow",
                TEXTS,
                (),
                "Patterns of files that commits may touch although they are protected.",
                smallest=1,
                check=_pattern,
                absent="none",
                env=NEVER,
                example=["package-lock.json"],
            ),
            Key(
                "staged",
                FLAG,
                default=False,
                help="What is to be sent waits in `clodputer inbox` until a person approves it.",
                example=True,
            ),
        ),
        check=_with_kinds,
        short="kinds",
        absent="nothing",
        env=NEVER,
        example={"kinds": [COMMENT]},
    ),
)


def faults(keys: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong between `publish` and the other keys of a task file, each with the key that it is at."""
    rule = keys.get("publish")
    fields: Mapping[str, Any] = rule if isinstance(rule, Mapping) else {"kinds": rule}
    given = fields.get("kinds")
    kinds = [given] if isinstance(given, str) else list(given) if isinstance(given, (list, tuple)) else []
    tree = keys.get("worktree")
    in_tree = keys.get("isolation", WORKTREE if "worktree" in keys else "") == WORKTREE
    found: list[tuple[tuple[str, ...], str]] = []
    pushing = [kind for kind in kinds if kind in PUSHING]
    if pushing and not in_tree:
        found.append((("publish",), f"{pushing[0]} needs a worktree for each run; add isolation: worktree"))
    if pushing and isinstance(tree, Mapping) and tree.get("keep") == NOTHING:
        found.append(
            (("worktree",), f"keep: {NOTHING} would remove what {pushing[0]} needs to push; remove that line")
        )
    calling = [kind for kind in kinds if kind in CALLING]
    if calling and not fields.get("repository") and not _repository_of(keys.get("trigger")):
        found.append((("publish",), f"{calling[0]} needs the repository; add repository: OWNER/NAME"))
    return found


def _repository_of(trigger: Any) -> str:
    """The repository of the first trigger that has one, as it is written in a task file."""
    for one in trigger if isinstance(trigger, list) else [trigger]:
        if (
            isinstance(one, Mapping)
            and one.get("type") == "github"
            and isinstance(one.get("repository"), str)
        ):
            return str(one["repository"])
    return ""


def repository_of(rule: Publish, triggers: Any) -> str:
    """The repository that a task publishes to; empty when it names none. triggers: those of the task."""
    named = (str(one.options.get("repository") or "") for one in triggers if one.type == "github")
    return rule.repository or next(filter(None, named), "")
