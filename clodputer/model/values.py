"""Values: `NamedTuple` as `typing` declares it, made at a fraction of the cost of its import and of each class."""

# exec makes some forty such classes before it starts anything. By way of `typing` that takes longer than the bare interpreter's
# own start: half for the import of it, half for the code that it compiles for each class.
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414  (mypy's sign that it is handed on)
else:
    from _collections import _tuplegetter

    class _Meta(type):
        def __new__(meta, name, bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            namespace.update({field: _tuplegetter(index, "") for index, field in enumerate(fields)})
            namespace.update(__slots__=(), _fields=fields, _field_defaults=defaults, __match_args__=fields)
            return super().__new__(meta, name, bases, namespace)

    class NamedTuple(tuple, metaclass=_Meta):
        """A tuple whose places have names, declared as with `typing.NamedTuple`."""

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = _complete(cls, values, named)
            return tuple.__new__(cls, values)

        def _replace(self, **changed):
            """The same but for what is named here. Raises TypeError when there is no such field."""
            return self.__class__(**{**self._asdict(), **changed})

        def _asdict(self):
            """The values by the names of their fields."""
            return dict(zip(self._fields, self))

        def __repr__(self):
            told = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self))
            return f"{self.__class__.__name__}({told})"

        def __getnewargs__(self):
            return tuple(self)

    def _complete(cls, values, named):
        fields = cls._fields
        if len(values) > len(fields):
            raise TypeError(f"{cls.__name__} takes {len(fields)} values, not {len(values)}")
        rest = fields[len(values) :]
        given = {**cls._field_defaults, **named}
        wrong = [field for field in named if field not in rest] or [
            field for field in rest if field not in given
        ]
        if wrong:
            raise TypeError(f"{cls.__name__}: missing, unknown or doubled: {', '.join(wrong)}")
        return (*values, *(given[field] for field in rest))
