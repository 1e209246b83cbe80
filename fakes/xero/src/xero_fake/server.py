"""The fake as a server: the accounting API, the identity service, and a page to consent on."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from markupsafe import escape
from werkzeug.serving import make_server

from xero_fake import faults, mishaps, webhooks
from xero_fake.clock import Clock, read_instant
from xero_fake.faults import Fault, Invalid
from xero_fake.limits import Throttle
from xero_fake.mishaps import Mishaps
from xero_fake.oauth import App, Consents, Refusal
from xero_fake.organisation import KINDS, Organisation
from xero_fake.wire import Entity, dumps, loads

ROOT = "/api.xro/2.0"
REMEMBERED = timedelta(minutes=6)
MOST = 50
_WHERE = re.compile(r'([\w.]+)\s*==\s*(?:guid\()?"([^"]*)"')
View = Callable[..., Any]


class XeroFake:
    """Xero with all its organisations. `url` is where it is reached while it runs."""

    def __init__(self, at: datetime | None = None) -> None:
        self.clock = Clock(at)
        self.organisations: dict[str, Organisation] = {}
        self.consents = Consents(self.clock)
        self.throttle = Throttle(self.clock)
        self.mishaps = Mishaps()
        self.remembered: dict[tuple[str, str], tuple[datetime, str, Response]] = {}
        self.requests: list[tuple[str, str]] = []
        self.url = ""
        self.lock = threading.RLock()

    def organisation(self, name: str, *, tenant: str = "", currency: str = "USD", country: str = "US") -> Organisation:
        """Found an organisation."""
        made = Organisation(tenant or str(uuid.uuid4()), name, self.clock, currency, country)
        self.organisations[made.tenant] = made
        return made

    def register(self, client_id: str, client_secret: str, *, redirects: tuple[str, ...] = (), webhook_url: str = "",
                 webhook_key: str = "") -> App:  # fmt: skip
        """Register a program, as on Xero's developer pages. Without `redirects` it may name any."""
        self.consents.apps[client_id] = App(client_id, client_secret, redirects, webhook_url, webhook_key)
        return self.consents.apps[client_id]

    def token_for(self, client_id: str, *tenants: str) -> str:
        """An access token for organisations, without the way over a browser."""
        app = self.consents.apps[client_id]
        return str(self.consents.exchange(app, self.consents.consent(client_id, list(tenants), ""), "")["access_token"])

    def deliver_webhooks(self, *, times: int = 1, shuffle: int | None = None) -> int:
        """Send what happened; answers how many programs took it."""
        return webhooks.deliver(self, times=times, shuffle=shuffle)

    def create_app(self) -> Flask:
        """The server as a WSGI application."""
        app, door = Flask("xero_fake"), _Door(self)
        for rule, view, methods in (
            (f"{ROOT}/Organisation", door.organisation, ["GET"]), (f"{ROOT}/<kind>", door.collection, ["GET", "PUT", "POST"]),
            (f"{ROOT}/<kind>/<key>", door.one, ["GET", "POST"]),
            (f"{ROOT}/CreditNotes/<key>/Allocations", door.allocations, ["PUT"]),
            (f"{ROOT}/CreditNotes/<key>/Allocations/<allocation>", door.deallocate, ["DELETE"]),
        ):  # fmt: skip
            app.add_url_rule(rule, view.__name__, _guarded(self, view), methods=methods)
        for rule, view, methods in (
            ("/identity/connect/authorize", door.authorize, ["GET"]), ("/connect/token", door.token, ["POST"]),
            ("/connect/revocation", door.revoke, ["POST"]), ("/connections", door.connections, ["GET"]),
            ("/Connections", door.connections, ["GET"]),
            ("/connections/<key>", door.disconnect, ["DELETE"]),
        ):  # fmt: skip
            app.add_url_rule(rule, f"{view.__name__} {rule}", _plain(self, view), methods=methods)
        return app


@contextmanager
def running(fake: XeroFake | None = None, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[XeroFake]:
    """The fake, served in a thread of its own; `url` says where."""
    fake = fake or XeroFake()
    server = make_server(host, port, fake.create_app(), threaded=True)
    fake.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="xero-fake", daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Door:
    """What each address does."""

    def __init__(self, fake: XeroFake) -> None:
        self.fake = fake

    def organisation(self, org: Organisation) -> Entity:
        row = {"OrganisationID": org.tenant, "Name": org.name, "BaseCurrency": org.currency, "CountryCode": org.country,
               "OrganisationStatus": "ACTIVE"}  # fmt: skip
        return {"Organisations": [row]}

    def collection(self, org: Organisation, kind: str) -> Entity:
        if kind not in KINDS:
            raise faults.not_found()
        if request.method == "GET":
            return {kind: [_shown(row) for row in _selected(org, kind)]}
        sent = loads(request.get_data() or b"{}")
        rows = sent.get(kind) or [sent]
        if len(rows) > MOST:
            raise faults.validation([{"ValidationErrors": [{"Message": f"At most {MOST} elements in one request"}]}])
        return _written(org, kind, rows, may_update=request.method == "POST" and kind != "Payments")

    def one(self, org: Organisation, kind: str, key: str) -> Entity:
        row = org.find(kind, key) if kind in KINDS else None
        if row is None:
            raise faults.not_found()
        if request.method == "GET":
            return {kind: [_shown(row)]}
        sent = loads(request.get_data() or b"{}")
        change = (sent.get(kind) or [sent])[0]
        if kind == "Payments":
            return _changed(kind, lambda: org.delete_payment(key, change.get("Status")))
        return _changed(kind, lambda: org.put(kind, change | {KINDS[kind]: row[KINDS[kind]]}, may_update=True))

    def allocations(self, org: Organisation, key: str) -> Entity:
        sent = loads(request.get_data())
        try:
            return {"Allocations": org.allocate(key, sent.get("Allocations") or [sent])}
        except Invalid as error:
            raise faults.validation([_mistaken({}, error)]) from error

    def deallocate(self, org: Organisation, key: str, allocation: str) -> Entity:
        found = org.deallocate(key, allocation)
        if found is None:
            raise faults.not_found()
        return found | {"IsDeleted": True}

    def authorize(self) -> Any:
        asked = request.args.to_dict()
        app = self.fake.consents.apps.get(asked.get("client_id", ""))
        if app is None or (app.redirects and asked.get("redirect_uri") not in app.redirects):
            return Response("unauthorized_client", 400)
        chosen = asked.pop("tenant", "")
        if not chosen:
            return _consent_page(self.fake, asked)
        told = {"error": "access_denied", "state": asked["state"]}
        if chosen in self.fake.organisations:
            code = self.fake.consents.consent(app.client_id, [chosen], asked["redirect_uri"], scope=asked.get("scope", ""),
                                              challenge=asked.get("code_challenge", ""))  # fmt: skip
            told = {"code": code, "scope": asked.get("scope", ""), "state": asked["state"]}
        return redirect(f"{asked['redirect_uri']}?{urlencode(told)}")

    def token(self) -> Entity:
        app, sent = self._program(), request.form
        if sent.get("grant_type") == "authorization_code":
            return self.fake.consents.exchange(
                app, sent.get("code", ""), sent.get("redirect_uri", ""), sent.get("code_verifier", "")
            )
        if sent.get("grant_type") == "refresh_token":
            return self.fake.consents.refresh(app, sent.get("refresh_token", ""))
        raise Refusal("unsupported_grant_type")

    def revoke(self) -> Entity:
        self.fake.consents.revoke(self._program(), request.form.get("token", ""))
        return {}

    def connections(self) -> Any:
        grant, event = self.fake.consents.grant_of(_bearer()), request.args.get("authEventId")
        found = [one for one in self.fake.consents.connections if one.client_id == grant.client_id and event in (None, one.event)]
        rows = [{"id": one.id, "authEventId": one.event, "tenantId": one.tenant, "tenantType": "ORGANISATION",
                 "tenantName": self.fake.organisations[one.tenant].name} for one in found]  # fmt: skip
        return Response(dumps(rows), mimetype="application/json")

    def disconnect(self, key: str) -> Any:
        grant, known = self.fake.consents.grant_of(_bearer()), self.fake.consents.connections
        if not any(one.id == key and one.client_id == grant.client_id for one in known):
            raise faults.not_found()
        self.fake.consents.connections = [one for one in known if one.id != key]
        return Response(status=204)

    def _program(self) -> App:
        given = request.authorization
        sent = (given.username or "", given.password or "") if given else (request.form.get("client_id", ""),
                                                                          request.form.get("client_secret", ""))  # fmt: skip
        return self.fake.consents.authenticate(*sent)


def _guarded(fake: XeroFake, view: View) -> View:
    """A call of the accounting API: token, organisation, limits, mishaps, and the memory of idempotency keys."""

    def answer(**path: str) -> Any:
        tenant = request.headers.get("xero-tenant-id", "")
        with fake.lock:
            fake.requests.append((request.method, request.path))
            mishap = fake.mishaps.draw(tenant, request.path)
            if mishap == mishaps.LOST_REQUEST:
                return _hang_up()
            response = _failed(mishap) or _let_in(fake, view, tenant, path)
        return _hang_up() if mishap == mishaps.LOST_ANSWER else response

    return answer


def _let_in(fake: XeroFake, view: View, tenant: str, path: dict[str, str]) -> Response:
    try:
        fake.consents.check(_bearer(), tenant)
        left = fake.throttle.count(tenant)
        response = _once(fake, tenant, lambda: _json(view(fake.organisations[tenant], **path), 200))
        response.headers.update(left)
    except Fault as fault:
        return _json(fault.body, fault.status, fault.headers)
    return response


def _once(fake: XeroFake, tenant: str, act: Callable[[], Response]) -> Response:
    """An `Idempotency-Key` gives its first answer again for REMEMBERED; with another body it is a mistake."""
    key = request.headers.get("Idempotency-Key", "")
    if not key or request.method == "GET":
        return act()
    if len(key) > 128:
        raise faults.validation([{"ValidationErrors": [{"Message": "Idempotency-Key must be at most 128 characters"}]}])
    sent, known = f"{request.method} {request.path} {request.get_data(as_text=True)}", fake.remembered.get((tenant, key))
    if known and fake.clock.now() - known[0] < REMEMBERED:
        if known[1] != sent:
            raise faults.validation([{"ValidationErrors": [{"Message": "Idempotency-Key was used with another request"}]}])
        return Response(known[2].get_data(), known[2].status_code, mimetype="application/json")
    response = act()
    fake.remembered[tenant, key] = (fake.clock.now(), sent, response)
    return response


def _failed(mishap: str) -> Response | None:
    fault = {mishaps.THROTTLED: faults.throttled("minute", 7), mishaps.BROKEN: faults.broken(500),
             mishaps.UNAVAILABLE: faults.broken(503)}.get(mishap)  # fmt: skip
    return _json(fault.body, fault.status, fault.headers) if fault else None


def _plain(fake: XeroFake, view: View) -> View:
    """A call of the identity service."""

    def answer(**path: str) -> Any:
        with fake.lock:
            fake.requests.append((request.method, request.path))
            mishap = fake.mishaps.draw("", request.path)
            try:
                failed = _failed(mishap)
                given = failed if failed is not None else view(**path)
            except Fault as fault:
                return _json(fault.body, fault.status)
            except Refusal as refusal:
                return _json({"error": refusal.error}, refusal.status)
        if mishap in (mishaps.LOST_ANSWER, mishaps.LOST_REQUEST):
            return _hang_up()
        return _json(given, 200) if isinstance(given, dict) else given

    return answer


def _written(org: Organisation, kind: str, rows: list[Entity], *, may_update: bool) -> Entity:
    """Objects one by one. With `summarizeErrors=false` each tells its own mistakes; else one mistake refuses all."""
    told, wrong = [], False
    alone = request.args.get("summarizeErrors", "true").lower() == "false"
    for sent in rows:
        try:
            told.append(_shown(org.put(kind, sent, may_update=may_update)) | {"StatusAttributeString": "OK"})
        except Invalid as error:
            wrong = True
            told.append(_mistaken(sent, error))
    if wrong and not alone:
        raise faults.validation([one for one in told if one.get("HasErrors")])
    return {kind: told}


def _changed(kind: str, act: Callable[[], Entity]) -> Entity:
    try:
        return {kind: [_shown(act())]}
    except Invalid as error:
        raise faults.validation([_mistaken({}, error)]) from error


def _mistaken(sent: Entity, error: Invalid) -> Entity:
    return sent | {"HasErrors": True, "StatusAttributeString": "ERROR",
                   "ValidationErrors": [{"Message": one} for one in error.messages]}  # fmt: skip


def _selected(org: Organisation, kind: str) -> list[Entity]:
    """The rows that a list asks for: changed since, by ids, numbers, states and simple conditions, page by page."""
    since = request.headers.get("If-Modified-Since")
    rows = org.since(kind, read_instant(since) if since else None)
    for name, keys in (("IDs", (KINDS[kind],)), ("InvoiceNumbers", ("InvoiceNumber",)), ("Statuses", ("Status",))):
        if wanted := [one for part in request.args.getlist(name) for one in part.split(",") if one]:
            rows = [row for row in rows if any(row.get(key) in wanted for key in keys)]
    where = request.args.get("where", "")
    if terms := _WHERE.findall(where):
        meets = all if " AND " in where else any
        rows = [row for row in rows if meets(_value(row, name) == value for name, value in terms)]
    page, size = int(request.args.get("page", 0)), int(request.args.get("pageSize", 100))
    return rows[(page - 1) * size : page * size] if page else rows


def _value(row: Entity, name: str) -> str:
    """The text at a name such as `Status` or `Invoice.InvoiceID`."""
    found: Any = row
    for part in name.split("."):
        found = (found or {}).get(part)
    return str(found)


def _shown(row: Entity) -> Entity:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _bearer() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _hang_up() -> Response:
    """End the connection without an answer."""
    request.environ["werkzeug.socket"].shutdown(2)
    return Response(status=500)


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(dumps(body), status=status, mimetype="application/json", headers=headers or {})


def _consent_page(fake: XeroFake, asked: dict[str, str]) -> str:
    choices = [(one.name, tenant) for tenant, one in fake.organisations.items()] + [("No thanks", "none")]
    links = "".join(
        f'<li><a href="?{escape(urlencode(asked | {"tenant": key}))}">{escape(name)}</a></li>' for name, key in choices
    )
    return f"<!doctype html><title>Xero fake</title><h1>Connect which organisation?</h1><ul>{links}</ul>"
