"""The fake as a server: the accounting API, OAuth 2.0, and a page to consent on."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from markupsafe import escape
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as Answer

from quickbooks_fake import faults, mishaps, webhooks
from quickbooks_fake.books import Books
from quickbooks_fake.clock import Clock, stamp
from quickbooks_fake.company import Company, found_company
from quickbooks_fake.limits import Throttle
from quickbooks_fake.mishaps import Mishaps
from quickbooks_fake.oauth import App, Consents, Refusal
from quickbooks_fake.requests_in import Remembered, batch, check_request_id, kind_of, operate
from quickbooks_fake.webhooks import Outbox
from quickbooks_fake.wire import Entity, dumps, loads

_ROOT = "/v3/company/<realm>"
View = Callable[..., Any]


class QuickBooksFake:
    """QuickBooks Online with all its companies. `url` is where it is reached while it runs."""

    def __init__(self, at: datetime | None = None) -> None:
        self.clock = Clock(at)
        self.companies: dict[str, Company] = {}
        self.consents = Consents(self.clock)
        self.throttle = Throttle(self.clock)
        self.mishaps = Mishaps()
        self.outbox = Outbox()
        self.remembered = Remembered()
        self.requests: list[tuple[str, str]] = []
        self.url = ""
        self.lock = threading.RLock()

    def company(self, realm: str, name: str, *, country: str = "US", currency: str = "USD", multi_currency: bool = False,
                automated_tax: bool = False) -> Company:  # fmt: skip
        """Found a company."""
        books = Books(self.clock, country, currency, multi_currency, automated_tax)
        self.companies[realm] = found_company(realm, name, self.clock, books)
        return self.companies[realm]

    def register(self, client_id: str, client_secret: str, *, redirects: tuple[str, ...] = (), webhook_url: str = "",
                 verifier: str = "") -> App:  # fmt: skip
        """Register a program, as on Intuit's developer pages. Without `redirects` it may name any."""
        self.consents.apps[client_id] = App(client_id, client_secret, redirects, webhook_url, verifier)
        return self.consents.apps[client_id]

    def token_for(self, client_id: str, realm: str) -> dict[str, object]:
        """Tokens without the way over a browser."""
        app = self.consents.apps[client_id]
        return self.consents.exchange(app, self.consents.consent(client_id, realm, "direct"), "direct")

    def deliver_webhooks(self, *, times: int = 1, shuffle: int | None = None) -> list[webhooks.Answer]:
        """Send what happened since the last time to each program that is connected; what they answered."""
        self._collect()
        apps = list(self.consents.apps.values())
        return [answer for app in apps for answer in self.outbox.deliver(app, times=times, shuffle=shuffle)]

    def drop_webhooks(self) -> int:
        """Lose what would be sent; how many events that were."""
        self._collect()
        return self.outbox.drop()

    def _collect(self) -> None:
        with self.lock:
            for realm, company in self.companies.items():
                self.outbox.collect(realm, company.books.happened, self.consents.clients_of(realm))

    def create_app(self) -> Flask:
        """The server as a Flask application."""
        return _create_app(self)


@contextmanager
def running(fake: QuickBooksFake | None = None, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[QuickBooksFake]:
    """The fake, served in a thread of its own; `url` says where."""
    fake = fake or QuickBooksFake()
    server = make_server(host, port, fake.create_app(), threaded=True)
    fake.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="quickbooks-fake", daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _create_app(fake: QuickBooksFake) -> Flask:
    app = Flask("quickbooks_fake")
    door = _Door(fake)
    for rule, view, methods in (
        (f"{_ROOT}/query", door.query, ["GET", "POST"]), (f"{_ROOT}/cdc", door.changes, ["GET"]),
        (f"{_ROOT}/batch", door.batch, ["POST"]), (f"{_ROOT}/<name>", door.change, ["POST"]),
        (f"{_ROOT}/preferences", door.preferences, ["GET"]), (f"{_ROOT}/<name>/<row_id>", door.read, ["GET"]),
        ("/.well-known/openid_configuration/", door.discover, ["GET"]),
        ("/.well-known/openid_sandbox_configuration/", door.discover, ["GET"]),
        ("/connect/oauth2", door.authorize, ["GET"]), ("/oauth2/v1/tokens/bearer", door.token, ["POST"]),
        ("/v2/oauth2/tokens/revoke", door.revoke, ["POST"]),
    ):  # fmt: skip
        app.add_url_rule(rule, view.__name__ + str(len(rule)), _guarded(fake, view), methods=methods)
    return app


class _Door:
    """The views. Each is called with the books locked."""

    def __init__(self, fake: QuickBooksFake) -> None:
        self.fake = fake

    def query(self, realm: str) -> Entity:
        text = request.args.get("query") or request.get_data(as_text=True)
        return {"QueryResponse": self._company(realm).query(text)}

    def changes(self, realm: str) -> Entity:
        kinds = [one.strip() for one in request.args.get("entities", "").split(",") if one.strip()]
        if not kinds:
            raise faults.missing("entities")
        found = self._company(realm).changes(kinds, request.args.get("changedSince", ""))
        return {"CDCResponse": [{"QueryResponse": found}]}

    def batch(self, realm: str) -> Entity:
        company = self._company(realm, batch=True)
        answers = batch(company, self.fake.remembered, _body(), request.args.get("requestid", ""))
        return {"BatchItemResponse": answers}

    def change(self, realm: str, name: str) -> Entity:
        company, kind, body = self._company(realm), kind_of(name), _body()
        request_id = check_request_id(request.args.get("requestid", ""))
        operation, include = request.args.get("operation", ""), request.args.get("include", "")

        def work() -> Entity:
            return operate(company, kind, body, operation, include)

        return {kind: self.fake.remembered.once(realm, request_id, work)}

    def read(self, realm: str, name: str, row_id: str) -> Entity:
        kind = kind_of(name)
        return {kind: self._company(realm).read(kind, row_id)}

    def preferences(self, realm: str) -> Entity:
        return self.read(realm, "preferences", "1")

    def discover(self) -> Entity:
        url = request.host_url.rstrip("/")
        return {
            "issuer": url, "authorization_endpoint": f"{url}/connect/oauth2", "token_endpoint": f"{url}/oauth2/v1/tokens/bearer",
            "revocation_endpoint": f"{url}/v2/oauth2/tokens/revoke", "userinfo_endpoint": f"{url}/v1/openid_connect/userinfo",
            "jwks_uri": f"{url}/op/v1/jwks",
        }  # fmt: skip

    def authorize(self) -> Response | Answer:
        """A page on which a person chooses a company; `realmId` in the address chooses without asking."""
        asked = {name: request.args.get(name, "") for name in ("client_id", "redirect_uri", "state", "scope", "response_type")}
        app = self.fake.consents.apps.get(asked["client_id"])
        if app is None or (app.redirects and asked["redirect_uri"] not in app.redirects) or asked["response_type"] != "code":
            return Response("The program or its redirect address is not registered.", status=400)
        if realm := request.args.get("realmId"):
            return redirect(_back(self.fake, asked, realm))
        return Response(_consent_page(self.fake, asked), mimetype="text/html")

    def token(self) -> Entity:
        app = self._program()
        kind = request.form.get("grant_type")
        if kind == "authorization_code":
            return self.fake.consents.exchange(app, request.form.get("code", ""), request.form.get("redirect_uri", ""))
        if kind == "refresh_token":
            return self.fake.consents.refresh(app, request.form.get("refresh_token", ""))
        raise Refusal("unsupported_grant_type")

    def revoke(self) -> Response:
        self.fake.consents.revoke(self._program(), str(_body().get("token") or ""))
        return Response(status=200)

    def _program(self) -> App:
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError as error:
            raise Refusal("invalid_client", 401) from error
        return self.fake.consents.authenticate(client_id if kind == "Basic" else "", secret)

    def _company(self, realm: str, *, batch: bool = False) -> Company:
        """The company, for a request that shows a token for it and keeps to the limits."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        self.fake.consents.check(token if kind == "Bearer" else "", realm)
        self.fake.throttle.take(realm, batch=batch)
        return self.fake.companies[realm]


def _guarded(fake: QuickBooksFake, view: View) -> Callable[..., Response | Answer]:
    """A view with the books locked, and what shall go wrong before or after it."""

    def answer(**path: str) -> Response | Answer:
        realm = path.get("realm", "")
        with fake.lock:
            fake.requests.append((request.method, request.full_path.rstrip("?")))
            mishap = fake.mishaps.draw(realm, request.full_path)
            if mishap == mishaps.LOST_REQUEST:
                return _hang_up()
            response = _failed(mishap) or _answered(fake, view, path)
        return _hang_up() if mishap == mishaps.LOST_ANSWER else response

    return answer


def _failed(mishap: str) -> Response | None:
    fault = {mishaps.THROTTLED: faults.throttled(), mishaps.BROKEN: faults.broken(500), mishaps.UNAVAILABLE: faults.broken(503)}
    return _json(fault[mishap].body(), fault[mishap].status) if mishap in fault else None


def _answered(fake: QuickBooksFake, view: View, path: dict[str, str]) -> Response | Answer:
    time = stamp(fake.clock.now())
    try:
        given = view(**path)
    except faults.Fault as fault:
        return _json({"Fault": fault.body(), "time": time}, fault.status)
    except faults.DoorFault as fault:
        return _json(fault.body() | {"time": int(fake.clock.now().timestamp() * 1000)}, fault.status)
    except Refusal as refusal:
        return _json({"error": refusal.error}, refusal.status)
    if isinstance(given, Answer):
        return given
    return _json(given | ({"time": time} if "realm" in path else {}), 200)


def _hang_up() -> Response:
    """End the connection without an answer."""
    request.environ["werkzeug.socket"].shutdown(2)
    return Response(status=500)


def _json(body: Entity, status: int) -> Response:
    return Response(dumps(body), status=status, mimetype="application/json")


def _body() -> Entity:
    try:
        body: Entity = loads(request.get_data() or b"{}")
    except json.JSONDecodeError as error:
        raise faults.unreadable("body", str(error)) from error
    return body


def _back(fake: QuickBooksFake, asked: dict[str, str], realm: str) -> str:
    if realm in fake.companies:
        code = fake.consents.consent(asked["client_id"], realm, asked["redirect_uri"])
        told = {"code": code, "state": asked["state"], "realmId": realm}
    else:
        told = {"error": "access_denied", "state": asked["state"]}
    return f"{asked['redirect_uri']}?{urlencode(told)}"


def _consent_page(fake: QuickBooksFake, asked: dict[str, str]) -> str:
    choices = [(company.name, realm) for realm, company in fake.companies.items()] + [("No thanks", "none")]
    links = "".join(
        f'<li><a href="?{escape(urlencode(asked | {"realmId": realm}))}">{escape(name)}</a></li>' for name, realm in choices
    )
    return f"<!doctype html><title>QuickBooks fake</title><h1>Connect which company?</h1><ul>{links}</ul>"
