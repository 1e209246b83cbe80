"""Knocking at doors as one person, and comparing what is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from house.stage import World
from house.walk import Door
from kernel.api.rest import PREFIX
from kernel.db import Base

SHARED = {"wakeups"}
"""Notes that the scheduler reads across tenants."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Knocker:
    """Somebody of a tenant: with an API key at REST routes, with a browser at pages."""

    def __init__(self, world: World, user: str = "alice") -> None:
        self._api, self._browser = world.api(user), world.client(user)

    def __call__(self, door: Door, ids: Mapping[str, UUID], body: Any = None, query: Mapping[str, UUID] | None = None) -> Any:
        """The answer of a door for these ids."""
        client = self._api if door.rule.startswith(PREFIX) else self._browser
        sent = {} if body is None else {"json": body}
        return client.open(door.address(dict(ids)), method=door.method, query_string=query and dict(query), **sent)


def said(answer: Any) -> tuple[int, Any]:
    """What an answer tells apart from the ids in it: status, where to, code, and words about each field; or the rows."""
    told = answer.json if answer.is_json else {}
    kept = told if answer.status_code < 400 else {name: told.get(name) for name in ("code", "title", "detail", "errors")}
    return answer.status_code, _ID.sub("ID", f"{answer.headers.get('Location')} {kept}")


def fingerprint(world: World) -> dict[str, str | None]:
    """What each table holds of a tenant, in short."""
    tables = [table.name for table in Base.metadata.sorted_tables if "tenant_id" in table.c and table.name not in SHARED]
    with world.call() as ctx:
        whole = "select md5(string_agg(t::text, ',' order by t::text)) from \"{}\" t"
        return {name: ctx.session.scalar(text(whole.format(name))) for name in tables}
