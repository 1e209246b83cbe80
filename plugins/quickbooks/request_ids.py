"""Request ids as QuickBooks takes them: up to 50 characters, 36 for a batch, and 10 for an item of one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

LONGEST_OF_BATCH, LONGEST_OF_ITEM = 36, 10


def short_id(request_id: str) -> str:
    """The id of an item in a batch, the same for the same request.

    >>> short_id("a") == short_id("a"), len(short_id("a"))
    (True, 10)
    """
    return hashlib.sha256(request_id.encode()).hexdigest()[:LONGEST_OF_ITEM]


def batch_id(request_ids: Sequence[str]) -> str:
    """The id of a batch, the same for the same requests in the same order."""
    return hashlib.sha256("\n".join(request_ids).encode()).hexdigest()[:LONGEST_OF_BATCH]
