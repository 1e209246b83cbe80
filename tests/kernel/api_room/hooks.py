from __future__ import annotations

from collections.abc import Sequence

from kernel.api.rest import Rest
from kernel.hookspecs import hookimpl
from tests.kernel.api_room import routes


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]
