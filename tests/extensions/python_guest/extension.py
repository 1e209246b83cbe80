"""Does what the tests of the Python SDK want to see."""

import datetime
import random
import secrets
import time
import uuid
from dataclasses import asdict

import greeting
from deskhand_extension import ChargeWindow, Event, HostRefusal, Owed, Request, Response, host, json_response
from deskhand_extension.host.storage import NewValue, NewValues
from deskhand_extension.host.tickets import NewTicket, TicketQuery

LOADED = time.time()
print("seen by who builds it")


def handler(request: Request) -> Response:
    what = DOES.get(request.path)
    return greeting.handler(request) if what is None else json_response(what(request))


def keep(request: Request) -> object:
    kept = host.storage.put(NewValue(namespace="seen", key="a", value=request.body))
    many = host.storage.put_many(NewValues(items=[NewValue(namespace="seen", key="b", value="é")]))
    return {"kept": asdict(kept), "many": [asdict(one) for one in many], "none": host.storage.get("seen", "c")}


def denied(_: Request) -> object:
    try:
        host.tickets.create(NewTicket(client_id="x", title="t"))
    except HostRefusal as no:
        return no.error


def refused(_: Request) -> object:
    try:
        host.tickets.list(TicketQuery(limit=0))
    except HostRefusal as no:
        return [no.error, no.field_errors]


def senses(_: Request) -> object:
    print("printed", "words")
    print("and a rest", end="")
    return {
        "now": datetime.datetime.now(datetime.UTC).isoformat(), "today": datetime.date.today().isoformat(), "time": time.time(),
        "built": LOADED, "random": random.random(), "secret": secrets.token_hex(600), "uuid": str(uuid.uuid4()),
        "trigger": host.context.current().trigger,
    }  # fmt: skip


def files(_: Request) -> object:
    said = []
    for call in (lambda: open("/etc/passwd"), lambda: time.sleep(1)):
        try:
            call()
        except Exception as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


def broken(_: Request) -> object:
    raise ValueError("no such thing")


DOES = {"/keep": keep, "/denied": denied, "/refused": refused, "/senses": senses, "/files": files, "/broken": broken}


def on_event(event: Event) -> None:
    host.log.info(f"{event.name}: {event.payload['title']}")


def collect_charges(window: ChargeWindow) -> list[Owed]:
    return [
        Owed(client_id=one, description="Backup", quantity="1.5", rate=500, currency_code="EUR",
             idempotency_key=f"{window.start}/{one}")
        for one in window.client_ids
    ]  # fmt: skip


def render_invoice(invoice: dict) -> dict:
    return {"format": 1, "blocks": [{"kind": "text", "text": invoice["client"]["name"]}, {"kind": "totals"}]}
