"""Our NamedTuple against the one of `typing`: the same tuples, the same mistakes refused."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import values


class Ours(values.NamedTuple):
    """Two that must be given, two that need not."""

    first: int
    second: str
    third: typing.Optional[str] = None
    fourth: tuple[int, ...] = (4,)

    @property
    def both(self) -> str:
        """Methods see the fields."""
        return f"{self.first}{self.second}"


class Theirs(typing.NamedTuple):
    """The same."""

    first: int
    second: str
    third: typing.Optional[str] = None
    fourth: tuple[int, ...] = (4,)


NAMES = ("first", "second", "third", "fourth", "fifth")


@given(st.lists(st.integers(), max_size=5), st.dictionaries(st.sampled_from(NAMES), st.integers()))
def test_made_alike(places: list[typing.Any], named: dict[str, typing.Any]) -> None:
    """Whatever is given, by place or by name: the same tuple, or a TypeError from both."""
    try:
        theirs = Theirs(*places, **named)
    except TypeError:
        with pytest.raises(TypeError, match="Ours"):
            Ours(*places, **named)
        return
    ours = Ours(*places, **named)
    assert tuple(ours) == tuple(theirs)
    assert ours._asdict() == theirs._asdict()
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours.first, ours.second, ours.third, ours.fourth) == tuple(ours)


def test_what_else_is_used_of_it() -> None:
    """Changing, unpacking, comparing, copying, pickling; and no attribute can be set."""
    value = Ours(1, "a")
    assert value._replace(first=2) == Ours(2, "a")
    assert value.both == "1a"
    first, *_ = value
    assert first == 1
    assert Ours._fields == Theirs._fields
    assert copy.deepcopy(value) == value == pickle.loads(pickle.dumps(value))  # noqa: S301  (our own bytes)
    assert type(copy.copy(value)) is Ours
    with pytest.raises(TypeError, match="fifth"):
        value._replace(fifth=5)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        value.first = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        value.other = 3  # type: ignore[attr-defined]


def test_a_type_of_ours_is_no_other() -> None:
    """Defaults belong to one class alone, and one without fields is an empty tuple."""

    class Nothing(values.NamedTuple):
        pass

    assert Nothing() == ()
    assert Ours._field_defaults == {"third": None, "fourth": (4,)}
    assert not hasattr(Nothing(), "third")


def test_a_run_is_prepared_without_typing() -> None:
    """That is what it is for; the modules of a whole drain are imported."""
    program = (
        "import sys; import clodputer.runner.drain, clodputer.agents.command; print('typing' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
