"""An import, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.imports.services import Options, queue_import


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """An import of a file of clients that waits for a worker."""
    return {"import_id": queue_import(ctx, {"clients.csv": b"external_id,name\nC-1,Contoso\n"}, Options(), "api").id}
