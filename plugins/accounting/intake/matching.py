"""Which client or item of ours something of theirs is: by number, e-mail address or name. Pure but for what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from kernel.hookspecs.accounting import Theirs
from plugins.accounting.looking import plain_name

BY = ("number", "email", "name")
"""What ours is known by, the surest first."""


class Mine(NamedTuple):
    """Something of ours, with what it may be known by."""

    id: UUID
    name: str
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Match(NamedTuple):
    """What of ours something of theirs is, and by what it is known."""

    our_id: UUID
    name: str
    by: str


class Index:
    """Ours, found by what they are known by. What two of ours share tells neither from the other, and is left out."""

    def __init__(self, ours: Sequence[Mine]) -> None:
        self._names = {one.id: one.name for one in ours}
        self._found: Mapping[str, Mapping[str, UUID]] = {
            "number": _once((key.casefold(), one.id) for one in ours for key in one.numbers),
            "email": _once((key.casefold(), one.id) for one in ours for key in one.emails),
            "name": _once((plain_name(one.name), one.id) for one in ours),
        }

    def find(self, theirs: Theirs) -> Match | None:
        """What of ours this is.

        >>> ours = Index([Mine(UUID(int=1), "Müller GmbH", emails=("pay@mueller.example",)), Mine(UUID(int=2), "Hill & Sons")])
        >>> [found.by for one in (Theirs("7", "Hill and Sons, Ltd."), Theirs("8", "M.", email="PAY@mueller.example"))
        ...  if (found := ours.find(one))], ours.find(Theirs("9", "Contoso"))
        (['name', 'email'], None)
        """
        keys = {"number": theirs.number.casefold(), "email": theirs.email.casefold(), "name": plain_name(theirs.name)}
        for by in BY:
            found = self._found[by].get(keys[by]) if keys[by] else None
            if found is not None:
                return Match(found, self._names[found], by)
        return None


def _once(pairs: Iterable[tuple[str, UUID]]) -> dict[str, UUID]:
    known = list(dict.fromkeys(pair for pair in pairs if pair[0]))
    times = Counter(key for key, _ in known)
    return {key: our_id for key, our_id in known if times[key] == 1}
