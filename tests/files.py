"""Brings files to a tenant as a user does, through REST."""

from __future__ import annotations

import base64
from typing import Any

from kernel import jobs
from tests.conftest import World


def load_files(world: World, **files: str) -> dict[str, Any]:
    """Import `<name>.csv` files and wait for the end; the import as it then is, with its `errors`."""
    sent = [{"name": f"{name}.csv", "content": base64.b64encode(text.encode()).decode()} for name, text in files.items()]
    started = world.api().post("/api/v1/imports", json={"files": sent}).json
    jobs.drain(world.kernel, world.tenant_id)
    done = world.api().get(f"/api/v1/imports/{started['id']}").json
    return done | {"errors": world.api().get(f"/api/v1/imports/{started['id']}/errors").json["items"]}
