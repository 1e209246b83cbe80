"""Web pages of connections: how they are, applications, and the way to consent and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel import audit, jobs
from kernel.context import CallContext
from kernel.hookspecs.connections import NextStep
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.connections import applications, consents, schemas, services
from plugins.connections.providers import CALLBACK, get_provider, list_providers, redirect_address

pages = Pages("connections")
STATES = {
    "connected": (_l("Connected"), "success"),
    "failing": (_l("Failing"), "warning"),
    "withdrawn": (_l("Disconnected"), "danger"),
}
ACTS = {
    "connection.connected": _l("connected it"),
    "connection.reconnected": _l("connected it again"),
    "connection.disconnected": _l("disconnected it"),
    "connection.withdrawn": _l("learned that the service takes our access no more"),
    "connection.failing": _l("could not renew the access"),
    "connection.revoked": _l("had the access taken back at the service"),
    "connection.not_revoked": _l("gave up having the access taken back at the service"),
}
ENVIRONMENTS = {"production": _l("Production"), "sandbox": _l("Sandbox")}
_CONNECTION = "/connections/<uuid:connection_id>"
_APPLICATION = "/connections/applications/<uuid:application_id>"


@pages.get("/connections", permission="connection.read", query=schemas.ConnectionQuery)
def connections(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    offered, known = list_providers(ctx), applications.list_applications(ctx)
    there = {(one.provider, one.environment): one for one in known}
    places = [
        {"provider": one, "environment": environment, "application": there.get((one.key, environment))}
        for one in offered.values() for environment in one.environments
    ]  # fmt: skip
    return render("connections/list.html", page=services.page_of_connections(ctx, query), states=STATES, places=places,
                  titles=_titles(ctx), plain=_is_plain(ctx), environments=ENVIRONMENTS)  # fmt: skip


def _titles(ctx: CallContext) -> dict[str, str]:
    return {one.key: _(one.title) for one in list_providers(ctx).values()}


def _is_plain(ctx: CallContext) -> bool:
    """Whether services would refuse the redirect address, since it is not encrypted and not of this machine."""
    parts = urlsplit(redirect_address(ctx))
    return parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1")


def _form(ctx: CallContext, application_id: UUID | None = None) -> dict[str, Any]:
    thing = applications.get_application(ctx, application_id) if application_id else None
    key = thing.provider if thing else request.values.get("provider", "")
    provider = list_providers(ctx).get(key)
    return {
        "thing": thing, "titles": _titles(ctx), "address": redirect_address(ctx), "provider": provider,
        "environments": [(one, ENVIRONMENTS.get(one, one)) for one in provider.environments] if provider else [],
    }  # fmt: skip


@pages.form("/connections/applications/new", permission="connection.manage", schema=schemas.ApplicationIn,
            template="connections/application_form.html", context=_form)  # fmt: skip
def new_application(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    applications.add_application(ctx, **data)
    return redirect_to("/connections", toast=_("Saved. Now connect."))


@pages.form(f"{_APPLICATION}/edit", permission="connection.manage", schema=schemas.ApplicationPatch,
            template="connections/application_form.html", initial=applications.get_application, context=_form,
            if_match=True)  # fmt: skip
def edit_application(ctx: CallContext, application_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    applications.change_application(ctx, application_id, data, version)
    return redirect_to("/connections", toast=_("Saved."))


@pages.post(f"{_APPLICATION}/delete", permission="connection.manage")
def delete_application(ctx: CallContext, application_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    applications.remove_application(ctx, application_id)
    return redirect_to("/connections", toast=_("Removed."))


@pages.post(f"{_APPLICATION}/connect", permission="connection.manage")
def connect(ctx: CallContext, application_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    application = applications.get_application(ctx, application_id)
    provider = get_provider(ctx, application.provider, application.environment)
    where = consents.ask_consent(ctx, application_id)
    return render("connections/consent.html", provider=provider, application=application, where=where,
                  host=urlsplit(where).hostname, minutes=consents.LIFE.seconds // 60)  # fmt: skip


@pages.get(CALLBACK, permission="connection.manage")
def callback(ctx: CallContext) -> ResponseReturnValue:
    consent = consents.answer_consent(ctx, request.args.to_dict())
    return redirect_to(f"/connections/consents/{consent.id}")


@pages.get("/connections/consents/<uuid:consent_id>", permission="connection.manage")
def consent(ctx: CallContext, consent_id: UUID) -> ResponseReturnValue:
    row = consents.get_consent(ctx, consent_id)
    application = applications.get_application(ctx, row.application_id)
    title = _titles(ctx).get(application.provider, application.provider)
    job = jobs.get_job(ctx, row.job_id) if row.job_id else None
    used = row.connection_id is not None and services.uses_of(ctx, row.connection_id)
    return render("connections/answer.html", consent=row, application=application, title=title, waits=job and job.live,
                  detail=row.detail or ((job and job.error) or {}).get("detail", ""),
                  then=None if used else _then(ctx, application.provider))  # fmt: skip


def _then(ctx: CallContext, provider: str) -> NextStep | None:
    found = list_providers(ctx).get(provider)
    return found.then if found else None


@pages.get("/connections/card", permission="connection.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    return render("connections/card.html", count=services.count_troubles(ctx))


@pages.get(_CONNECTION, permission="connection.read", query=schemas.JobOut)
def connection(ctx: CallContext, connection_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    row = services.get_connection(ctx, connection_id)
    application = applications.find_application(ctx, row.provider, row.environment)
    return render("connections/detail.html", thing=row, states=STATES, titles=_titles(ctx), application=application,
                  job_id=query.get("job_id"), uses=services.uses_of(ctx, row.id),
                  then=_then(ctx, row.provider), environments=ENVIRONMENTS,
                  acts=ACTS, history=audit.history(ctx, "connection", row.id))  # fmt: skip


@pages.post(f"{_CONNECTION}/try", permission="connection.manage")
def try_now(ctx: CallContext, connection_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    return redirect_to(f"/connections/{connection_id}?job_id={services.try_now(ctx, connection_id)}")


@pages.post(f"{_CONNECTION}/disconnect", permission="connection.manage")
def disconnect(ctx: CallContext, connection_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.disconnect(ctx, connection_id)
    return redirect_to(f"/connections/{connection_id}", toast=_("Disconnected."))


@pages.post(f"{_CONNECTION}/delete", permission="connection.manage")
def delete_connection(ctx: CallContext, connection_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.forget(ctx, connection_id)
    return redirect_to("/connections", toast=_("Removed."))
