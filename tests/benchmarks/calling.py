"""Calls WSGI applications as a server would, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import EnvironBuilder

from kernel.app import Kernel
from kernel.auth import create_api_key
from kernel.directory.models import User
from tests.benchmarks.measuring import every

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Caller:
    """Sends the same GET to an application, again and again."""

    def __init__(self, app: Wsgi, address: str, **headers: str) -> None:
        self.app = app
        self.environ = EnvironBuilder(path=address, headers=headers).get_environ()

    def __call__(self) -> bytes:
        """The body of the answer, whose status must be 200."""
        told: list[str] = []
        answer: Any = self.app({**self.environ, "wsgi.input": BytesIO()}, lambda status, *_: told.append(status))
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        assert told == ["200 OK"], (told, body)
        return body


def key_of_alice(kernel: Kernel, tenant_id: UUID) -> str:
    """An API key of the tenant's administrator."""
    with kernel.call(tenant_id) as ctx:
        alice = ctx.session.scalars(select(User.id).where(User.name == "Alice")).one()
        return create_api_key(ctx, name="bench", user_id=alice)[1]


def middle_ms(rounds: Sequence[Sequence[float]]) -> float:
    """The median of all calls, in milliseconds."""
    return median(every(rounds)) * 1000
