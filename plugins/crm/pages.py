"""Web pages of clients, locations and contacts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from babel import Locale
from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.directory import clients, staff
from kernel.web.i18n import babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from plugins.crm import listing, schemas, services

pages = Pages("crm")
STATES = {"active": (_l("Active"), "success"), "inactive": (_l("Inactive"), "neutral")}
_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
KINDS = {"company": (_l("Company"), "neutral"), "individual": (_l("Individual"), "neutral")}


@pages.get("/clients", permission="client.read", query=schemas.ClientQuery)
def all_clients(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_clients(ctx, query, request.args.get("q", ""))
    return render("crm/clients.html", page=page, states=STATES, kinds=KINDS)


@pages.get("/clients.csv", permission="client.read", query=schemas.ClientQuery)
def clients_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    words = request.args.get("q", "")
    columns = ("name", "kind", "status", "currency", "email", "billing_email", "phone", "city", "country")
    rows = every_row(lambda wanted: listing.list_clients(ctx, wanted, words), query)
    return csv_download("clients.csv", columns, ([row[name] for name in columns] for row in rows))


@pages.get("/clients/pick", permission="client.read")
def pick_client(ctx: CallContext) -> ResponseReturnValue:
    found = listing.find_clients(ctx, request.args.get("q", ""))
    return render_options((one.id, one.name, one.email or "") for one in found)


def _managers(ctx: CallContext, client_id: UUID | None = None) -> dict[str, Any]:
    people = [(one.id, one.name) for one in staff.list_users(ctx)]
    return {"people": people, "kinds": KINDS, "currencies": list(currencies()),
            "client": clients.get_client(ctx, client_id) if client_id else None}  # fmt: skip


@pages.form("/clients/new", permission="client.create", schema=schemas.ClientIn, template="crm/client_form.html",
            context=_managers)  # fmt: skip
def new_client(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = clients.add_client(ctx, **data)
    return redirect_to(f"/clients/{added.id}", toast=_("Client added."))


@pages.get("/clients/<uuid:client_id>", permission="client.read")
def client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    return render(
        "crm/client.html",
        client=clients.get_client(ctx, client_id),
        locations=clients.list_locations(ctx, client_id),
        contacts=clients.list_contacts(ctx, client_id),
        states=STATES,
        kinds=KINDS,
    )


@pages.form("/clients/<uuid:client_id>/edit", permission="client.update", schema=schemas.ClientPatch,
            template="crm/client_form.html", initial=clients.get_client, context=_managers, if_match=True)  # fmt: skip
def edit_client(ctx: CallContext, client_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    clients.change_client(ctx, client_id, data, version)
    return redirect_to(f"/clients/{client_id}", toast=_("Saved."))


@pages.post("/clients/<uuid:client_id>/deactivate", permission="client.update")
def deactivate(ctx: CallContext, client_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.deactivate_client(ctx, client_id)
    undo = f"/clients/{client_id}/reactivate"
    return redirect_to(f"/clients/{client_id}", toast=_("Client and contacts set inactive."), undo=undo)


@pages.post("/clients/<uuid:client_id>/reactivate", permission="client.update")
def reactivate(ctx: CallContext, client_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.reactivate_client(ctx, client_id, contacts=True)
    return redirect_to(f"/clients/{client_id}", toast=_("Client and contacts set active."))


@pages.post("/clients/<uuid:client_id>/delete", permission="client.delete")
def delete_client(ctx: CallContext, client_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_client(ctx, client_id)
    return redirect_to("/clients", toast=_("Client deleted."))


def _owner(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {"client": clients.get_client(ctx, client_id), "location": None, "countries": _countries()}


def _countries() -> list[tuple[str, str]]:
    """Country codes with their names in the reader's language, by name. Source: ISO 3166-1 and CLDR."""
    names = Locale.parse(babel_locale()).territories
    known = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES]
    return sorted(known, key=lambda one: one[1])


@pages.form("/clients/<uuid:client_id>/locations/new", permission="client.create", schema=schemas.LocationIn,
            template="crm/location_form.html", context=_owner)  # fmt: skip
def new_location(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    clients.add_location(ctx, client_id=client_id, **data)
    return redirect_to(f"/clients/{client_id}", toast=_("Location added."))


def _located(ctx: CallContext, location_id: UUID) -> dict[str, Any]:
    location = clients.get_location(ctx, location_id)
    return {"location": location, "client": clients.get_client(ctx, location.client_id), "countries": _countries()}


@pages.form("/locations/<uuid:location_id>/edit", permission="client.update", schema=schemas.LocationPatch,
            template="crm/location_form.html", initial=clients.get_location, context=_located, if_match=True)  # fmt: skip
def edit_location(ctx: CallContext, location_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    location = clients.change_location(ctx, location_id, data, version)
    return redirect_to(f"/clients/{location.client_id}", toast=_("Saved."))


@pages.post("/locations/<uuid:location_id>/delete", permission="client.delete")
def delete_location(ctx: CallContext, location_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    client_id = clients.get_location(ctx, location_id).client_id
    services.delete_location(ctx, location_id)
    return redirect_to(f"/clients/{client_id}", toast=_("Location deleted."))


@pages.get("/contacts", permission="client.read", query=schemas.ContactQuery)
def all_contacts(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("crm/contacts.html", page=listing.list_contacts(ctx, query, request.args.get("q", "")))


def _asked(_ctx: CallContext) -> dict[str, Any]:
    return {"active": True, **request.args}


def _new_contact(_ctx: CallContext) -> dict[str, Any]:
    client_id = request.args.get("client_id", "")
    return {"contact": None, "back": f"/clients/{client_id}" if client_id else "/contacts"}


@pages.form("/contacts/new", permission="client.create", schema=schemas.ContactIn, template="crm/contact_form.html",
            initial=_asked, context=_new_contact)  # fmt: skip
def new_contact(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    contact = clients.add_contact(ctx, **data)
    return redirect_to(f"/contacts/{contact.id}", toast=_("Contact added."))


@pages.get("/contacts/<uuid:contact_id>", permission="client.read")
def contact(ctx: CallContext, contact_id: UUID) -> ResponseReturnValue:
    return render("crm/contact.html", contact=clients.get_contact(ctx, contact_id), states=STATES)


def _reached(ctx: CallContext, contact_id: UUID) -> dict[str, Any]:
    return {"contact": clients.get_contact(ctx, contact_id)}


@pages.form("/contacts/<uuid:contact_id>/edit", permission="client.update", schema=schemas.ContactPatch,
            template="crm/contact_form.html", initial=clients.get_contact, context=_reached, if_match=True)  # fmt: skip
def edit_contact(ctx: CallContext, contact_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    clients.change_contact(ctx, contact_id, data, version)
    return redirect_to(f"/contacts/{contact_id}", toast=_("Saved."))


@pages.post("/contacts/<uuid:contact_id>/delete", permission="client.delete")
def delete_contact(ctx: CallContext, contact_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    client_id = clients.get_contact(ctx, contact_id).client_id
    services.delete_contact(ctx, contact_id)
    return redirect_to(f"/clients/{client_id}", toast=_("Contact deleted."))
