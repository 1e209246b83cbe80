"""A service outside with OAuth: it lives in memory, spends each refresh token once, and may be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, jsonify, request
from werkzeug.serving import make_server


@dataclass
class BooksService:
    """What the service knows: `codes` with their challenges are open consents, `refresh` the tokens that are good."""

    url: str = ""
    secret: str = "s3cret"
    account: tuple[str, str] = ("4711", "Acme Books")
    down: bool = False
    slow: float = 0.0
    codes: dict[str, str] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    used: dict[str, str] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def consent(self, challenge: str) -> str:
        """What a person's consent gives the browser to bring back."""
        code = secrets.token_hex(8)
        self.codes[code] = challenge
        return code

    def tokens(self) -> dict[str, Any]:
        """Fresh ones."""
        access, refresh = f"a-{secrets.token_hex(8)}", f"r-{secrets.token_hex(8)}"
        self.refresh.add(refresh)
        account_id, name = self.account
        return {"access": access, "refresh": refresh, "seconds": 1800, "account_id": account_id, "account_name": name}


def _app(books: BooksService) -> Flask:
    app = Flask("books")

    @app.post("/token")
    def token() -> Any:
        sent = request.get_json()
        books.asked.append(sent["grant"])
        if books.slow:
            threading.Event().wait(books.slow)
        if books.down:
            return jsonify(error="maintenance"), 503
        if sent["secret"] != books.secret:
            return jsonify(error="invalid_client"), 401
        with books.lock:
            good = _code_is_good(books, sent) if sent["grant"] == "code" else _spend(books, sent["refresh"])
            return jsonify(books.tokens()) if good else (jsonify(error="invalid_grant"), 400)

    @app.post("/revoke")
    def revoke() -> Any:
        if books.down:
            return jsonify(error="maintenance"), 503
        books.revoked.append(request.get_json()["refresh"])
        books.refresh.discard(books.revoked[-1])
        return jsonify({})

    return app


def _code_is_good(books: BooksService, sent: dict[str, str]) -> bool:
    """A code once, and only with the verifier whose hash went with the person."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(sent["verifier"].encode()).digest()).rstrip(b"=").decode()
    return books.codes.pop(sent["code"], None) == digest


def _spend(books: BooksService, refresh: str) -> bool:
    good = refresh in books.refresh
    books.refresh.discard(refresh)
    return good


@contextmanager
def running() -> Iterator[BooksService]:
    """The service on a port of its own."""
    books = BooksService()
    server = make_server("127.0.0.1", 0, _app(books), threaded=True)
    books.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield books
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
