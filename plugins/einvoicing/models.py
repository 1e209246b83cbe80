"""Tables of the e-invoicing room."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

ATTACHED = ("pdf", "factur_x", "ubl")
"""What goes with a mail: the PDF, the PDF with the data in it (Factur-X), or the PDF and a file of UBL."""


class ClientFacts(TenantTable, Versioned):
    """What e-invoices say of a client beyond what is printed, and in which form it gets them."""

    __tablename__ = "einvoicing_clients"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "client_id"),
        CheckConstraint("attach in ('pdf', 'factur_x', 'ubl')", name="attach"),
        CheckConstraint("(endpoint = '') = (endpoint_scheme = '')", name="endpoint"),
    )

    client_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(default="", server_default="")
    registration: Mapped[str] = mapped_column(default="", server_default="")
    registration_scheme: Mapped[str] = mapped_column(default="", server_default="")
    endpoint: Mapped[str] = mapped_column(default="", server_default="")
    endpoint_scheme: Mapped[str] = mapped_column(default="", server_default="")
    attach: Mapped[str] = mapped_column(default="pdf", server_default="pdf")
