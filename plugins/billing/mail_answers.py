"""What billing does when the mail server took a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.billing import sending
from plugins.billing.receivables import letters

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.hookspecs.notify import Event


def note_sent(ctx: CallContext, event: Event) -> None:
    """Note when an invoice or a letter went out."""
    sending.note_sent(ctx, event)
    letters.note_sent(ctx, event)
