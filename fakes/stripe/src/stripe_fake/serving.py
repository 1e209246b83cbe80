"""The books over HTTP: keys that make repeats harmless, faults, the payer's page, and webhooks."""

from __future__ import annotations

import json
import random
import secrets
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from stripe_fake.answers import ROUTES, Answer
from stripe_fake.books import Books, Row
from stripe_fake.forms import read_form
from stripe_fake.refusals import ApiError, invalid
from stripe_fake.signing import sign

_LINKS = {"payment_intent": "payment_intents", "setup_intent": "setup_intents", "payment_method": "payment_methods",
          "latest_charge": "charges", "customer": "customers", "charge": "charges"}  # fmt: skip
_PAGE = """<!doctype html><html lang="en"><title>Pay (fake)</title><h1>{title}</h1><p>{error}</p>
<form method="post"><label>Card number <input name="number" value="4242424242424242"></label>
<button>{title}</button></form></html>"""


class FakeStripe(Books):
    """The books with their faults; `calls` counts what was asked."""

    def __init__(self, url: str = "http://127.0.0.1") -> None:
        super().__init__(url)
        self.kept: dict[str, tuple[str, int, bytes]] = {}
        self.faults: list[tuple[str, str, object]] = []
        self.calls: list[tuple[str, str]] = []
        self._told = 0

    def fail(self, method: str, path: str, how: object, times: int = 1) -> None:
        """The next calls of a path fail: `dropped`, `after` (done all the same), or a status."""
        self.faults += [(method, path, how)] * times

    def fault_of(self, method: str, path: str) -> object:
        """The fault that this call shall have, which is gone then."""
        for one in self.faults:
            if one[0] == method and path.startswith(one[1]):
                self.faults.remove(one)
                return one[2]
        return None

    def deliver(self, url: str, *, secret: str = "", twice: bool = False, backwards: bool = False, shuffle: int | None = None,
                seconds_ago: int = 0) -> list[int]:  # fmt: skip
        """Tell what happened since the last time to a webhook; returns what it answered."""
        events = list(self.events(self._told))
        self._told += len(events)
        sent = events * (2 if twice else 1)
        if backwards:
            sent.reverse()
        if shuffle is not None:
            random.Random(shuffle).shuffle(sent)
        return [self.send(url, one, secret=secret, seconds_ago=seconds_ago) for one in sent]

    def send(self, url: str, event: Row, *, secret: str = "", seconds_ago: int = 0) -> int:
        """Tell one event to a webhook; returns the status that it answered."""
        body = json.dumps(event).encode()
        header = sign(body, secret or self.secret, self.now() - seconds_ago)
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json", "Stripe-Signature": header})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code


def create_app(books: FakeStripe) -> Flask:
    """The API and the payer's page as one application."""
    app = Flask("stripe_fake")
    for (method, path), answer in ROUTES.items():
        app.add_url_rule(path, f"{method} {path}", _endpoint(books, answer), methods=[method])
    app.add_url_rule("/c/pay/<session_id>", "pay", _payer_page(books), methods=["GET", "POST"])
    app.register_error_handler(HTTPException, lambda error: _json({"error": {
        "type": "invalid_request_error", "message": f"Unrecognized request URL ({request.method}: {request.path})."}},
        error.code or 404))  # fmt: skip
    return app


def _endpoint(books: FakeStripe, answer: Answer) -> Any:
    def endpoint(**path: str) -> Response:
        with books.lock:
            books.calls.append((request.method, request.path))
            fault = books.fault_of(request.method, request.path)
            if isinstance(fault, int):
                return _refused(_fault(fault))
            if fault == "dropped":
                return _hang_up()
            try:
                given = _once(books, answer, path)
            except ApiError as error:
                given = _refused(error)
            return _hang_up() if fault == "after" else given

    return endpoint


def _once(books: FakeStripe, answer: Answer, path: dict[str, str]) -> Response:
    """The answer, or the one that the same `Idempotency-Key` got first; a request that was not valid leaves the key free."""
    if not request.headers.get("Authorization", "").startswith("Bearer sk_test_"):
        raise ApiError(401, "invalid_request_error", "Invalid API Key provided.")
    key, sent = request.headers.get("Idempotency-Key"), read_form((request.args if request.method == "GET" else request.form)
                                                                  .items(multi=True))  # fmt: skip
    if key is None or request.method == "GET":
        return _json(_expanded(books, answer(books, sent, **path), sent.get("expand", [])))
    asked = json.dumps([request.path, sent], sort_keys=True)
    if known := books.kept.get(key):
        if known[0] != asked:
            words = f"Keys for idempotent requests can only be used with the parameters they were first used with: {key}"
            raise ApiError(400, "idempotency_error", words)
        return Response(known[2], known[1], {"Idempotent-Replayed": "true"}, content_type="application/json")
    try:
        response = _json(_expanded(books, answer(books, sent, **path), sent.get("expand", [])))
    except ApiError as error:
        if error.status != 402:
            raise
        response = _refused(error)
    books.kept[key] = (asked, response.status_code, response.get_data())
    return response


def _expanded(books: Books, row: Row, paths: list[str]) -> Row:
    made = {name: value for name, value in row.items() if not name.startswith("_")}
    if made.get("object") == "list":
        inner = [one.removeprefix("data.") for one in paths]
        return made | {"data": [_expanded(books, one, inner) for one in made["data"]]}
    for name, _, rest in (one.partition(".") for one in paths):
        if name not in _LINKS:
            raise invalid(f"This property cannot be expanded ({name}).", "expand")
        if isinstance(made.get(name), str):
            made[name] = books.rows[made[name]]
        if isinstance(made.get(name), dict):
            made[name] = _expanded(books, made[name], [rest] if rest else [])
    return made


def _payer_page(books: FakeStripe) -> Any:
    def page(session_id: str) -> Any:
        session = books.get(session_id, "checkout.session")
        title = "Save card" if session["mode"] == "setup" else f"Pay {session['amount_total']} {session['currency'].upper()}"
        if request.method == "GET":
            return _PAGE.format(title=title, error="")
        try:
            books.pay(session_id, request.form["number"])
        except ApiError as error:
            return _PAGE.format(title=title, error=error), 402
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)

    return page


def _fault(status: int) -> ApiError:
    if status == 429:
        return ApiError(429, "invalid_request_error", "Too many requests in a period of time.", code="rate_limit")
    return ApiError(status, "api_error", "Something went wrong on our side.")


def _refused(error: ApiError) -> Response:
    return _json(error.body, error.status)


def _json(row: Row, status: int = 200) -> Response:
    headers = {"Request-Id": f"req_{secrets.token_hex(7)}"}
    return Response(json.dumps(row, indent=2), status, headers, content_type="application/json")


def _hang_up() -> Response:
    """End the connection without a word, as a network does."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response(status=504)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Tests have enough to say."""


@contextmanager
def running(port: int = 0) -> Iterator[FakeStripe]:
    """A server of its own, in a thread, as long as the block lasts."""
    books = FakeStripe()
    server = make_server("127.0.0.1", port, create_app(books), threaded=True, request_handler=_Quiet)
    books.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield books
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
