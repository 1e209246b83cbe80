"""Clients, locations and contacts from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, update

from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory.models import Client, Contact, Location
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError


def load_clients(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Clients; two may have one name, they differ by their external id."""
    ids = resolver.claim("client", [row.external_id for row in rows])
    upsert(ctx.session, Client, [
        {"id": ids[row.external_id], "name": row.values["name"], "kind": row.values["client_type"],
         "email": row.values["email"], "billing_email": row.values["billing_email"] or row.values["email"],
         "phone": row.values["phone"], "website": row.values["website"], "currency": row.values["currency"],
         "locale": row.values["language"], "account_manager_id": row.values["account_manager"],
         "status": "inactive" if row.values["active"] is False else "active", "notes": row.values["notes"] or ""}
        for row in rows
    ])  # fmt: skip
    return []


def load_locations(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Locations; the last one of a client that asks to be its default is."""
    wrong = [RowError(row.line, "country", "Write an ISO 3166 code of two letters, such as DE.")
             for row in rows if len(row.values["country"]) != 2]  # fmt: skip
    if wrong:
        return wrong
    ids = resolver.claim("location", [row.external_id for row in rows])
    chosen = {row.values["client"]: ids[row.external_id] for row in rows if row.values["is_default"]}
    ctx.session.execute(update(Location).where(Location.client_id.in_(chosen)).values(is_default=False))
    upsert(ctx.session, Location, [
        {"id": ids[row.external_id], "client_id": row.values["client"], "name": row.values["name"],
         "line1": row.values["line1"] or "", "line2": row.values["line2"] or "",
         "postal_code": row.values["postal_code"] or "", "city": row.values["city"] or "",
         "subdivision": row.values["state"] or "", "country": row.values["country"].upper(),
         "is_default": ids[row.external_id] in chosen.values()}
        for row in rows
    ])  # fmt: skip
    return []


def load_contacts(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Contacts; an e-mail address belongs to one contact only. The billing contact's address becomes the client's."""
    ids = resolver.claim("contact", [row.external_id for row in rows])
    wrong = _taken_addresses(ctx, rows, ids)
    if wrong:
        return wrong
    upsert(ctx.session, Contact, [
        {"id": ids[row.external_id], "client_id": row.values["client"], "name": row.values["full_name"],
         "email": row.values["email"], "phone": row.values["phone"], "title": row.values["job_title"],
         "active": row.values["active"] is not False}
        for row in rows
    ])  # fmt: skip
    for row in rows:
        if row.values["is_billing_contact"] and row.values["email"]:
            ctx.session.execute(update(Client).where(Client.id == row.values["client"], Client.billing_email.is_(None))
                                .values(billing_email=row.values["email"]))  # fmt: skip
    return []


def _taken_addresses(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> list[RowError]:
    seen: dict[str, str] = {}
    wrong = []
    wanted = [row.values["email"] for row in rows if row.values["email"]]
    owners = dict(ctx.session.execute(select(Contact.email_key, Contact.id).where(Contact.email_key.in_(wanted))).all())
    for row in rows:
        email = row.values["email"]
        if not email:
            continue
        owner = owners.get(email)
        if seen.setdefault(email, row.external_id) != row.external_id or (owner and owner != ids[row.external_id]):
            wrong.append(RowError(row.line, "email", f"{email} is another contact's address."))
    return wrong


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


IMPORTERS = (
    Importer("client", "clients.csv", 80, (
        Column("name", required=True, max_length=255),
        Column("client_type", "enum", required=True, choices=("company", "individual")),
        Column("email", "email"), *_text("phone", "website"), Column("currency", "currency", required=True),
        Column("language"), Column("billing_email", "email"), Column("account_manager", "reference", refers_to="user"),
        Column("active", "boolean"), Column("notes"),
    ), load_clients, "Clients"),
    Importer("location", "locations.csv", 90, (
        Column("client", "reference", required=True, refers_to="client"), Column("name", required=True),
        *_text("line1", "line2", "postal_code", "city", "state"), Column("country", required=True),
        Column("is_default", "boolean"),
    ), load_locations, "Locations"),
    Importer("contact", "contacts.csv", 100, (
        Column("client", "reference", required=True, refers_to="client"), Column("full_name", required=True),
        Column("email", "email"), *_text("phone", "job_title"), Column("is_billing_contact", "boolean"),
        Column("active", "boolean"),
    ), load_contacts, "Contacts"),
)  # fmt: skip
