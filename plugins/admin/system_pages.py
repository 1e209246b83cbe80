"""Web pages of plugins, API keys, jobs, the audit trail and the company."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from kernel.api.listing import Page
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.directory import staff
from kernel.errors import InvalidInput, NotFound
from kernel.hookspecs.directory import Ref
from kernel.jobs import ledger
from kernel.tenancy import TenantRow, change_settings, change_tenant, get_settings
from kernel.web.forms import Form
from kernel.web.home import JOB_STATES
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import offered
from kernel.web.pages import Pages, redirect_to, render
from kernel.web.render import labels_for
from plugins.admin import deliveries, keys, people, records, switchboard
from plugins.admin import system_schemas as schemas
from plugins.admin.wording import spoken_changes, spoken_name

pages = Pages("admin")
ON_OFF = {True: (_l("On"), "success"), False: (_l("Off"), "neutral")}


@pages.get("/plugins", permission="plugin.manage")
def plugins(ctx: CallContext) -> ResponseReturnValue:
    return render("admin/plugins.html", plugins=list(map(_in_words, switchboard.list_plugins(ctx))), states=ON_OFF)


def _in_words(plugin: dict[str, Any]) -> dict[str, Any]:
    """Titles in the reader's language."""
    return plugin | {name: [_(title) for title in plugin[name]] for name in ("requires_titles", "follows")}


@pages.post("/plugins/<name>/enable", permission="plugin.manage")
def enable_plugin(ctx: CallContext, name: str, form: MultiDict[str, str]) -> ResponseReturnValue:
    changed = switchboard.titles(ctx, switchboard.switch(ctx, name, enabled=True)["changed"])
    return redirect_to("/plugins", toast=_("Switched on: %(names)s.", names=", ".join(changed)))


@pages.post("/plugins/<name>/disable", permission="plugin.manage")
def disable_plugin(ctx: CallContext, name: str, form: MultiDict[str, str]) -> ResponseReturnValue:
    changed = switchboard.titles(ctx, switchboard.switch(ctx, name, enabled=False)["changed"])
    undo = f"/plugins/{name}/enable" if len(changed) == 1 else None
    return redirect_to("/plugins", toast=_("Switched off: %(names)s.", names=", ".join(changed)), undo=undo)


@pages.get("/plugins/<name>/settings", permission="plugin.manage")
def plugin_settings(ctx: CallContext, name: str) -> ResponseReturnValue:
    return _show_settings(ctx, name, Form(_settings_schema(ctx, name), get_settings(ctx, name)))


@pages.post("/plugins/<name>/settings", permission="plugin.manage")
def save_settings(ctx: CallContext, name: str, form: MultiDict[str, str]) -> ResponseReturnValue:
    typed = Form.read(_settings_schema(ctx, name), form)
    try:
        sent = typed.load(ctx.tenant.zone)
        asked = {field["name"] for field in switchboard.settings_fields(type(typed.schema))}
        change_settings(ctx, name, {key: value for key, value in sent.items() if key in asked})
    except InvalidInput as error:
        typed.refuse(error)
        return _show_settings(ctx, name, typed), 422
    return redirect_to(f"/plugins/{name}/settings", toast=_("Saved."))


def _settings_schema(ctx: CallContext, name: str) -> Any:
    schema = ctx.kernel.plugins.get(name).manifest.settings
    if schema is None or not switchboard.settings_fields(schema):
        raise NotFound(_("This plugin has no settings."))
    return schema


def _show_settings(ctx: CallContext, name: str, form: Form) -> str:
    settings = switchboard.settings_fields(type(form.schema))
    return render("admin/plugin_settings.html", plugin=switchboard.show_plugin(ctx, name), form=form, settings=settings)


@pages.get("/api-keys", permission="api_key.create", query=schemas.ApiKeyQuery)
def api_keys(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("admin/api_keys.html", page=keys.list_keys(ctx, query), now=ctx.now())


def _scopes(ctx: CallContext) -> dict[str, Any]:
    """What the reader holds, by plugin: a key may do no more."""
    groups = people.permission_groups(ctx)
    held = [(title, [one for one in options if ctx.actor.may(one[0])]) for title, options in groups]
    return {"groups": [(title, options) for title, options in held if options]}


@pages.form("/api-keys/new", permission="api_key.create", schema=schemas.ApiKeyIn, template="admin/api_key_form.html",
            context=_scopes)  # fmt: skip
def new_key(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    return render("admin/api_key_made.html", made=keys.create_key(ctx, **data))


@pages.post("/api-keys/<uuid:key_id>/revoke", permission="api_key.create")
def revoke_key(ctx: CallContext, key_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    keys.revoke_key(ctx, key_id)
    return redirect_to("/api-keys", toast=_("The key is revoked."))


@pages.get("/jobs", permission="job.read", query=schemas.JobQuery)
def jobs(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    titles = {name: _(title) for name, title in records.job_titles(ctx).items()}
    return render("admin/jobs.html", page=records.list_jobs(ctx, query), titles=titles, states=JOB_STATES,
                  given_up=deliveries.count_given_up(ctx))  # fmt: skip


@pages.get("/jobs/<uuid:job_id>", permission="job.read")
def job(ctx: CallContext, job_id: UUID) -> ResponseReturnValue:
    row = ledger.get_job(ctx, job_id)
    title = _(records.job_titles(ctx).get(row.kind, row.kind))
    return render("admin/job.html", job=row, title=title, history=ledger.list_history(ctx, job_id), states=JOB_STATES,
                  pretty=records.pretty, shown=records.shown_job(row))  # fmt: skip


@pages.get("/audit", permission="audit.read", query=schemas.AuditQuery)
def audit_trail(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = records.list_entries(ctx, query)
    refs = [Ref(row["kind"], row["row_id"]) for row in page.items if row["row_id"]]
    known = labels_for(refs)
    rows = [dict(row) | {"page": known.get(Ref(row["kind"], row["row_id"]))} for row in page.items]
    everybody = [(one.id, one.name) for one in staff.list_users(ctx, active_only=False)]
    return render(
        "admin/audit.html", page=Page(rows, page.next_cursor), people=everybody, says=spoken_changes, spoken=spoken_name
    )


def _tenant(ctx: CallContext) -> TenantRow:
    return ctx.session.scalars(select(TenantRow).where(TenantRow.id == ctx.tenant_id)).one()


def _tenant_choices(ctx: CallContext) -> dict[str, Any]:
    money = [(one.code, f"{one.code} {one.name}") for one in currencies().values()]
    return {"zones": sorted(available_timezones()), "currencies": money, "locales": offered(), "tenant": _tenant(ctx)}


@pages.form("/company", permission="tenant.manage", schema=schemas.TenantPatch, template="admin/tenant_form.html",
            initial=_tenant, context=_tenant_choices)  # fmt: skip
def company(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    change_tenant(ctx, data)
    return redirect_to("/company", toast=_("Saved."))
