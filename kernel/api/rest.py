"""REST routes of a room: `rest = Rest("tickets")`, then `@rest.get("/tickets", permission="ticket.read", …)`.

A view is called with the CallContext, its path arguments by name, and `query`, `body`, `version` where the route declares
them. It returns a row or mapping (dumped by `out`), a Page, FastJson, a Flask response, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Required, TypedDict, TypeVar, Unpack

from marshmallow import Schema

from kernel.errors import StartupError

SchemaClass = type[Schema]
View = TypeVar("View", bound=Callable[..., Any])
PREFIX = "/api/v1"
_SUCCESS = {"POST": 201, "DELETE": 204}


@dataclass(frozen=True, slots=True)
class FastJson:
    """Rows or values that are ready for JSON: dumped as they are, without a schema's work."""

    value: Any


@dataclass(frozen=True, slots=True)
class Route:
    """One declared route; `path` lies below /api/v1 and has Flask's converters."""

    plugin: str
    method: str
    path: str
    permission: str
    view: Callable[..., Any]
    query: SchemaClass | None
    body: SchemaClass | Schema | None
    out: SchemaClass | None
    status: int
    if_match: bool
    summary: str
    description: str
    tags: tuple[str, ...]

    @property
    def name(self) -> str:
        """The endpoint's name, unique within its plugin."""
        return str(self.view.__name__)

    @property
    def shape(self) -> tuple[str, str]:
        """What must be unique among all routes: the method and the path without the names of its arguments."""
        return self.method, re.sub(r"<[^>]*>", "<>", self.path)


class Options(TypedDict, total=False):
    """What a route may declare. `query` and `body` are schemas of what comes in, `out` of what goes out.

    With `if_match` the view gets `version` from the If-Match header (None: not sent). `summary` replaces the first line
    of the view's docstring.
    """

    permission: Required[str]
    query: SchemaClass | None
    body: SchemaClass | Schema | None
    out: SchemaClass | None
    status: int | None
    if_match: bool
    summary: str | None
    tags: tuple[str, ...]


class Rest:
    """The REST routes of one plugin; every one names the permission it needs (or PUBLIC, SIGNED_IN of kernel.gate)."""

    def __init__(self, plugin: str) -> None:
        self.plugin = plugin
        self.routes: list[Route] = []

    def get(self, path: str, **options: Unpack[Options]) -> Callable[[View], View]:
        """Read; lists take a `listing.filtered(…)` as `query`."""
        return self._add("GET", path, options)

    def post(self, path: str, **options: Unpack[Options]) -> Callable[[View], View]:
        """Create or do; answers 201 unless `status` says otherwise. `Idempotency-Key` is honoured on each."""
        return self._add("POST", path, options)

    def put(self, path: str, **options: Unpack[Options]) -> Callable[[View], View]:
        """Replace."""
        return self._add("PUT", path, options)

    def patch(self, path: str, **options: Unpack[Options]) -> Callable[[View], View]:
        """Change some fields."""
        return self._add("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[Options]) -> Callable[[View], View]:
        """Remove; answers 204."""
        return self._add("DELETE", path, options)

    def _add(self, method: str, path: str, options: Options) -> Callable[[View], View]:
        if not options.get("permission"):
            raise StartupError(f"{method} {path} of {self.plugin} declares no permission.")

        def keep(view: View) -> View:
            told, _, more = (view.__doc__ or view.__name__.replace("_", " ").capitalize()).strip().partition("\n")
            self.routes.append(Route(
                plugin=self.plugin, method=method, path=path, permission=options["permission"], view=view,
                query=options.get("query"), body=options.get("body"), out=options.get("out"),
                status=options.get("status") or _SUCCESS.get(method, 200), if_match=options.get("if_match", False),
                summary=options.get("summary") or told, description=dedent(more).strip(), tags=options.get("tags", ()),
            ))  # fmt: skip
            return view

        return keep
