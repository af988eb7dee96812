"""A JSON object from outside, read by field name; what cannot be taken is refused with the path of the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from cost_mcp.errors import InvalidInput
from cost_mcp.model.name import clean_name
from cost_mcp.model.usage import check_quantity

UNCHANGED = "Pass the provider's object as it came."


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of a response. A field that is null counts as absent: dumped SDK objects are full of nulls.

    Methods that take several names read the first that is present: providers spell one field in several ways. ``path`` is
    how errors name the object; no error quotes a value.
    """

    values: Mapping[str, object]
    path: str = "usage"

    def at(self, name: str) -> str:
        """The path of a field of this object."""
        return f"{self.path}.{name}"

    def has(self, *names: str) -> bool:
        """Whether any of the fields is present."""
        # Loops, here and in ``first``: recording a call asks dozens of times.
        for name in names:  # noqa: SIM110 any() over a generator costs twice as much
            if self.values.get(name) is not None:
                return True
        return False

    def first(self, *names: str) -> str:
        """The first of the names that is present, else the first name: the one to report on."""
        for name in names:
            if self.values.get(name) is not None:
                return name
        return names[0]

    def given(self, *names: str) -> int | None:
        """A count, or None when it is absent.

        Raises:
            InvalidInput: not a whole number from 0 to 10^12. 12.0 is refused too: a fraction lost on the way would not show.
        """
        name = self.first(*names)
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, float):
            raise InvalidInput(
                f"{self.at(name)} is a decimal number.", field=self.at(name), hint="Give a whole number: 12, not 12.0."
            )
        return check_quantity(value, self.at(name))

    def count(self, *names: str) -> int:
        """A count, 0 when it is absent; refuses what ``given`` refuses."""
        return self.given(*names) or 0

    def needed(self, *names: str) -> int:
        """A count that must be there.

        Raises:
            InvalidInput: absent, or what ``given`` refuses.
        """
        value = self.given(*names)
        if value is None:
            raise InvalidInput(
                f"{self.at(names[0])} is missing.",
                field=self.at(names[0]),
                hint="Pass the final usage of the call: of a stream, the last chunk or event that carries usage.",
            )
        return value

    def inner(self, *names: str) -> Fields:
        """An object inside this one; an empty one when it is absent.

        Raises:
            InvalidInput: something other than an object is there.
        """
        name = self.first(*names)
        value = self.values.get(name)
        if value is None:
            return Fields({}, self.at(name))
        found = as_object(value)
        if found is None:
            raise InvalidInput(f"{self.at(name)} is not an object.", field=self.at(name), hint=UNCHANGED)
        return Fields(found, self.at(name))

    def rows(self, *names: str) -> tuple[Fields, ...]:
        """The objects of a list inside this one; none when it is absent.

        Raises:
            InvalidInput: something other than a list of objects is there.
        """
        name = self.first(*names)
        value = self.values.get(name)
        if value is None:
            return ()
        found = tuple(Fields(item, f"{self.at(name)}[{place}]") for place, item in numbered_objects(value))
        if not isinstance(value, list) or len(found) != len(cast("list[object]", value)):
            raise InvalidInput(f"{self.at(name)} is not a list of objects.", field=self.at(name), hint=UNCHANGED)
        return found

    def contents(self, name: str) -> tuple[Fields, ...]:
        """The objects of a list of contents, whatever else the list holds; contents are not for us to refuse."""
        return tuple(Fields(item, self.at(name)) for _, item in numbered_objects(self.values.get(name)))

    def word(self, *names: str) -> str | None:
        """A short word in lower case; None when it is absent, empty or no text."""
        value = self.values.get(self.first(*names))
        return value.strip().lower() or None if isinstance(value, str) else None

    def name(self, *names: str) -> str | None:
        """A name such as a model or an id; None when it is absent or empty.

        Raises:
            InvalidInput: a name that cannot be taken.
        """
        name = self.first(*names)
        value = self.values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        return clean_name(value, self.at(name))


NO_FIELDS = Fields({})


def as_object(value: object) -> Mapping[str, object] | None:
    """The value when it is an object."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None


def numbered_objects(value: object) -> Iterable[tuple[int, Mapping[str, object]]]:
    """The objects of a list with their places; none when the value is no list."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    for place, item in enumerate(items):
        found = as_object(item)
        if found is not None:
            yield place, found


def check_parts(parts: Sequence[tuple[str, int]], whole: tuple[str, int]) -> None:
    """Refuses parts that come to more than the whole that includes them; both are (path, count).

    Raises:
        InvalidInput: the parts are greater; the field is the first part that is not zero.
    """
    total = sum(count for _, count in parts)
    if total <= whole[1]:
        return
    present = [path for path, count in parts if count]
    raise InvalidInput(
        f"{' + '.join(present)} is {total}, more than {whole[0]} ({whole[1]}), which includes it.",
        field=present[0],
        hint=f"{UNCHANGED} If its cache counts stand apart from its input, say which provider counts so.",
    )
