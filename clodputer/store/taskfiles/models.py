"""The pydantic models that key tables describe, and their errors as sentences; importing this imports pydantic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from clodputer.model.config import keys
from clodputer.model.config.keys import Key
from clodputer.model.config.keyvalue import read
from clodputer.model.config.withunit import Expected
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.taskfiles.problems import Path, Rendered

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# A run gets these from us, whatever its task says: what it leaves behind is found by them.
RESERVED = frozenset(("CLODPUTER_HOME", "CLODPUTER_RUN_ID", "CLODPUTER_TASK", "CLODPUTER_SESSIONS", "TMPDIR"))
NOTHING = Rendered()

# Up to so many keys are all named when an unknown one is like none of them.
_FEW = 12

_MAPPING = "a mapping of names to values"


class Part(BaseModel):
    """A mapping in which only known keys may stand."""

    model_config = ConfigDict(extra="forbid", strict=True)


def validated(
    table: Iterable[Key], value: Any, rendered: Rendered = NOTHING
) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """The keys that are written, as the program gets them; or every error as key path and sentence."""
    table = tuple(table)
    try:
        return _known(table).model_validate(value).model_dump(exclude_unset=True, by_alias=True), []
    except ValidationError as error:
        return {}, [_sentence(detail, table, rendered) for detail in error.errors(include_url=False)]


# The models that were made, by the identities of their keys, which cannot be hashed; the keys are kept, so that no other has
# the identity of one. Hundreds of task files share a handful of tables.
_made: dict[tuple[int, ...], tuple[tuple[Key, ...], type[BaseModel]]] = {}
_MOST_MADE = 200


def _known(table: tuple[Key, ...]) -> type[BaseModel]:
    """The model of a file with these keys, made once."""
    identity = tuple(map(id, table))
    if identity not in _made:
        if len(_made) >= _MOST_MADE:
            _made.clear()
        _made[identity] = (table, model("File", table))
    return _made[identity][1]


def model(name: str, table: Iterable[Key]) -> type[BaseModel]:
    """The model of a mapping that holds these keys. It gives no defaults: a key that is not written is not set."""
    fields: dict[str, Any] = {
        _field(key.name): (_kind(key), Field(... if key.required else None, alias=key.name)) for key in table
    }
    return create_model(name, __base__=Part, **fields)


def _field(name: str) -> str:
    """What a key is called inside its model: pydantic has names of its own, such as `schema`."""
    return f"{name}_" if hasattr(BaseModel, name) else name


def _kind(key: Key) -> Any:
    kind: Any
    if key.kind == keys.PART:
        kind = model(key.name, key.keys)
        if key.bare:
            kind = Annotated[kind, BeforeValidator(lambda value: {} if value is True else value)]
        if key.short:
            kind = Annotated[kind, BeforeValidator(partial(_unfolded, key.short))]
    elif key.kind == keys.LISTED:
        kind = _list(model(key.name, key.keys))
    elif key.kind == keys.NAMED:
        name: Any = key._replace(kind=keys.NAME, check=None)
        kind = _mapping(_scalar(name), model(key.name, key.keys))
    elif key.kind in (keys.TEXTS, keys.CHOICES):
        item = key._replace(kind=keys.TEXT if key.kind == keys.TEXTS else keys.CHOICE)
        items = _list(_scalar(item._replace(smallest=None)))
        return Annotated[
            items, BeforeValidator(_one_or_many), AfterValidator(_reported(partial(_enough, key)))
        ]
    elif key.kind == keys.ARGUMENTS:
        items = _list(_scalar(key._replace(kind=keys.LINE, check=None)))
        kind = Annotated[items, BeforeValidator(_reported(_arguments)), AfterValidator(_reported(_program))]
    elif key.kind == keys.VARIABLES:
        name = Annotated[str, AfterValidator(_reported(_variable))]
        kind = _mapping(name, _scalar(key._replace(kind=keys.LINE, check=None)))
    elif key.kind == keys.MAPPING:
        kind = dict[str, Any]
    elif key.kind == keys.KINDS:
        return Any  # Each of them is checked with the table of its own type.
    else:
        return _scalar(key)
    return kind if key.check is None else Annotated[kind, AfterValidator(_reported(partial(_checked, key)))]


def _list(item: Any) -> Any:
    return list[item]


def _mapping(name: Any, value: Any) -> Any:
    return dict[name, value]


def _scalar(key: Key) -> Any:
    return Annotated[Any, BeforeValidator(_reported(partial(read, key)))]


def _reported(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function, with its error as one of pydantic's."""

    def call(value: Any) -> Any:
        try:
            return function(value)
        except Expected as error:
            told = {"what": error.what, "tail": error.tail, "secret": error.secret}
            raise PydanticCustomError("expected", "{what}", told) from None

    return call


def _checked(key: Key, value: Any) -> Any:
    assert key.check is not None  # noqa: S101
    key.check(_plain(value))
    return value


def _plain(value: Any) -> Any:
    """A mapping, or a mapping of mappings, as plain values."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value.model_dump(exclude_unset=True, by_alias=True) if isinstance(value, BaseModel) else value


def _enough(key: Key, value: list[Any]) -> list[Any]:
    if len(value) < (key.smallest or 0):
        raise Expected("at least one of them", "; or remove the line")
    return value


def _unfolded(name: str, value: Any) -> Any:
    """The mapping that a text or a list stands for, where one key of it may be written alone."""
    return {name: value} if isinstance(value, (str, list)) else value


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _arguments(value: Any) -> Any:
    if not isinstance(value, list):
        no_shell = "; no shell reads it, so each argument is a separate item"
        raise Expected("a list such as [program, argument]", no_shell if isinstance(value, str) else "")
    return value


def _program(value: list[str]) -> list[str]:
    if not value or not value[0].strip():
        raise Expected("at least the name of a program")
    return value


def _variable(text: str) -> str:
    if not (text.isidentifier() and text.isascii()):
        raise Expected("a variable's name of letters, digits and '_'")
    if text in RESERVED:
        raise Expected("another variable", "; Clodputer sets this one itself for each run")
    return text


def _sentence(detail: ErrorDetails, table: tuple[Key, ...], rendered: Rendered) -> tuple[Path, str]:
    path, kind, value = detail["loc"], detail["type"], detail.get("input")
    context: Mapping[str, Any] = detail.get("ctx", {})
    if path and path[-1] == "[key]":
        # The loc of a mapping's key is the key and then this mark; the value is the key itself.
        path = path[:-1]
    if kind == "extra_forbidden":
        names = _names(table, path[:-1])
        return path, f"unknown key{did_you_mean(str(path[-1]), names) or _all_of(names, path)}"
    if kind == "missing":
        return path[:-1], f"expected a key {path[-1]}"
    if value is None and path not in rendered.templates:
        return path, "has no value; give it one, or remove the line"
    found = f", found {rendered.show(path, value)}"
    if kind == "expected":
        wrong = Expected(context["what"], context["tail"], secret=context["secret"])
        return path, wrong.message(rendered.show(path, value))
    wanted = _MAPPING
    if kind == "list_type":
        key = keys.at(keys.named(table), path)
        listed = key is not None and key.kind == keys.LISTED
        wanted = (
            f"a list such as {key.example}" if key is not None and listed else "a text or a list of texts"
        )
    return path, f"expected {wanted}{found}"


def _all_of(names: list[str], path: Path) -> str:
    """What may stand in a mapping below the top, unless that is a long list; with a "; " before it."""
    return f"; known here: {', '.join(names)}" if len(path) > 1 and 0 < len(names) <= _FEW else ""


def _names(table: Iterable[Key], path: Path) -> list[str]:
    """The keys that the mapping at a path may hold."""
    rest = list(path)
    while rest:
        key = keys.named(table)[rest.pop(0)]
        table = key.keys
        if key.kind in (keys.NAMED, keys.LISTED) and rest:
            rest.pop(0)
    return [key.name for key in table]
