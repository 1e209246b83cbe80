"""Pages of a room: `pages.get`, `pages.post`, `pages.form`; each goes through the gate and calls one view."""

from __future__ import annotations

import csv
import inspect
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from kernel.context import CallContext
from kernel.errors import DeskhandError, PermissionDenied, StartupError, Unauthenticated
from kernel.gate import request_call
from kernel.web.forms import Form, read_query
from kernel.web.i18n import speaking
from kernel.web.render import TOAST, local_url, render

__all__ = ["Pages", "csv_download", "redirect_to", "render", "render_options"]
View = Callable[..., ResponseReturnValue]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[\d.,]+")


class Pages:
    """The web pages of one plugin. Every route names its permission; there is no default."""

    def __init__(self, plugin: str) -> None:
        self.plugin = plugin
        self.blueprint = Blueprint(f"{plugin}-pages", __name__)

    def get(self, rule: str, *, permission: str, query: type[Schema] | None = None) -> Callable[[View], View]:
        """A page or fragment: `view(ctx, **path)`, with `query=` the checked GET parameters."""

        def answer(view: View, ctx: CallContext, path: dict[str, Any]) -> ResponseReturnValue:
            if query is None:
                return view(ctx, **path)
            return view(ctx, **path, query=read_query(query, request.args, ctx.tenant.zone))

        return self._route(rule, permission, ["GET"], answer)

    def post(self, rule: str, *, permission: str, schema: type[Schema] | None = None) -> Callable[[View], View]:
        """An act: `view(ctx, **path)`, with what was sent if it takes `form`, or with `data` when a schema reads it."""

        def answer(view: View, ctx: CallContext, path: dict[str, Any]) -> ResponseReturnValue:
            if schema is None:
                sent = {"form": request.form} if "form" in inspect.signature(view).parameters else {}
                return view(ctx, **path, **sent)
            return view(ctx, **path, data=Form.read(schema, request.form).load(ctx.tenant.zone))

        return self._route(rule, permission, ["POST"], answer)

    def form(self, rule: str, *, permission: str, schema: type[Schema], template: str, if_match: bool = False,
             initial: Callable[..., Any] | None = None,
             context: Callable[..., Mapping[str, Any]] | None = None) -> Callable[[View], View]:  # fmt: skip
        """GET shows the form (`initial(ctx, **path)` gives present values, else the address may; `context(ctx, **path)`
        more for the template); POST checks it and calls `view(ctx, **path, data)`, with `version` too if
        `if_match`. A refusal shows the form again.
        """

        def show(ctx: CallContext, path: dict[str, Any], form: Form, status: int) -> ResponseReturnValue:
            more = context(ctx, **path) if context else {}
            return make_response(render(template, form=form, **{**path, **more}), status)

        def attempt(view: View, ctx: CallContext, path: dict[str, Any], form: Form) -> ResponseReturnValue:
            version = {"version": form.version} if if_match else {}
            return view(ctx, **path, data=form.load(ctx.tenant.zone), **version)

        def decorate(view: View) -> View:
            def answer(**path: Any) -> ResponseReturnValue:
                if request.method == "GET":
                    with self._call(permission) as ctx:
                        return show(ctx, path, Form(schema, initial(ctx, **path) if initial else request.args), 200)
                form = Form.read(schema, request.form)
                try:
                    with self._call(permission) as ctx:
                        return attempt(view, ctx, path, form)
                except (Unauthenticated, PermissionDenied):
                    raise
                except (DeskhandError, ValidationError) as error:
                    if isinstance(error, DeskhandError) and error.status in (404, 500):
                        raise
                    form.refuse(error)
                with self._call(permission) as ctx:  # the refused attempt was rolled back: draw the form afresh
                    return show(ctx, path, form, 422)

            return self._add(rule, permission, ["GET", "POST"], view, answer)

        return decorate

    def _route(self, rule: str, permission: str, methods: list[str],
               answer: Callable[[View, CallContext, dict[str, Any]], ResponseReturnValue]) -> Callable[[View], View]:  # fmt: skip
        def decorate(view: View) -> View:
            def call(**path: Any) -> ResponseReturnValue:
                with self._call(permission) as ctx:
                    return answer(view, ctx, path)

            return self._add(rule, permission, methods, view, call)

        return decorate

    @contextmanager
    def _call(self, permission: str) -> Iterator[CallContext]:
        """The gate, and then the locale of whoever came through it."""
        kernel = current_app.extensions["deskhand"]
        gate = request_call(kernel, plugin=self.plugin, permission=permission, audience="web")
        with gate as ctx, speaking(g.identity.locale):
            yield ctx

    def _add(self, rule: str, permission: str, methods: list[str], view: View, answer: View) -> View:
        if not permission:
            raise StartupError(f"The page {rule} of {self.plugin} names no permission.")

        @wraps(view)
        def endpoint(**path: Any) -> ResponseReturnValue:
            return answer(**path)

        endpoint.permission, endpoint.plugin = permission, self.plugin  # type: ignore[attr-defined]
        self.blueprint.add_url_rule(rule, view.__name__, endpoint, methods=methods)
        return view


def redirect_to(url: str, *, toast: str = "", undo: str | None = None) -> Response:
    """Go to a page of ours, there saying `toast`; `undo` is the url of a POST that takes the act back."""
    if local_url(url) != url:
        raise ValueError(f"{url!r} is no address of this site")
    response = make_response("", 200) if "HX-Request" in request.headers else make_response(redirect(url, 303))
    if "HX-Request" in request.headers:
        response.headers["HX-Redirect"] = url
    if toast:
        said = json.dumps({"text": str(toast), "undo": undo})
        response.set_cookie(TOAST, said, max_age=60, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def render_options(options: Iterable[Sequence[Any]]) -> str:
    """The fragment that a picker shows: (value, text[, hint]) each."""
    return render("kit/options.html", options=[(*one, "")[:3] for one in options])


def attachment(name: str, content_type: str, content: bytes) -> Response:
    """A file that a browser keeps and does not show."""
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return response


def csv_download(filename: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Response:
    """A CSV file; cells that a spreadsheet would take for formulas are made plain text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([str(one) for one in header])
    writer.writerows([[_cell(one) for one in row] for row in rows])
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _cell(value: Any) -> Any:
    risky = isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if risky else value
