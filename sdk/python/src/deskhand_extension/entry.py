"""What the component exports: an author's functions between the host's records and Python's own shapes.

The module `extension` is the author's. It is imported while the component is built, and so is whatever it needs: a component
has no files.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import wit_world
from componentize_py_types import Err
from wit_world.imports import types

from deskhand_extension import host, senses
from deskhand_extension.host import log
from deskhand_extension.triggers import ChargeWindow, Event, Owed
from deskhand_extension.web import Request, Response, json_response

senses.take_over()
for _face in host.__all__:
    getattr(host, _face)._host.learn()

import extension  # noqa: E402 - with the host's clock and chance in place

senses.close_files(str(extension.__file__))


class WitWorld(wit_world.WitWorld):
    """The exports of the world, as the tool chain looks for them."""

    def handler(self, request: Any) -> Any:
        """One call over HTTP, or of a schedule."""
        senses.wake_up()
        try:
            return _sendable(_handler(_readable(request)))
        except BaseException:
            log.error(traceback.format_exc())
            senses.hush(for_good=True)  # the runtime prints what it is stopped by, too
            raise
        finally:
            senses.hush()

    def on_event(self, event: Any) -> None:
        """An event of the tenant. What the author's function raises is kept, and the event is told again."""
        payload = json.loads(event.payload)
        _answered(lambda: extension.on_event(Event(event.id, event.name, event.occurred_at, payload)))

    def collect_charges(self, window: Any) -> Any:
        """What clients owe."""
        return _answered(
            lambda: [_owed(one) for one in extension.collect_charges(ChargeWindow(window.start, window.end, window.client_ids))]
        )

    def render_invoice(self, document: str) -> str:
        """The layout of an invoice."""
        return _answered(lambda: json.dumps(extension.render_invoice(json.loads(document))))


def _handler(request: Request) -> Response:
    if not hasattr(extension, "handler"):
        return json_response({"error": "this extension answers no calls"}, 404)
    answer = extension.handler(request)
    if not isinstance(answer, Response):
        raise TypeError(f"handler must return a Response, not {type(answer).__name__}")
    return answer


def _answered(call: Callable[[], Any]) -> Any:
    senses.wake_up()
    try:
        return call()
    except Exception as error:
        log.error(traceback.format_exc())
        raise Err(str(error) or type(error).__name__) from None
    finally:
        senses.hush()


def _readable(raw: Any) -> Request:
    headers: dict[str, str] = {}
    for one in raw.headers:
        headers[one.name] = f"{headers[one.name]}, {one.value}" if one.name in headers else one.value
    return Request(raw.method, raw.path, _last_of(raw.params), _last_of(raw.query), headers, raw.body)


def _last_of(pairs: Sequence[Any]) -> dict[str, str]:
    return {one.name: one.value for one in pairs}


def _sendable(response: Response) -> Any:
    headers = [types.Pair(name, str(value)) for name, value in response.headers.items()]
    return types.Response(response.status, headers, response.body)


def _owed(one: Owed) -> Any:
    from wit_world.imports import triggers

    return triggers.Owed(
        one.client_id,
        one.service_id,
        one.description,
        one.quantity,
        one.rate,
        one.currency_code,
        one.charged_on,
        one.idempotency_key,
    )
