"""A call of an installed extension by the gateway, with one host call, held against a route of the same process that makes the
same service call for the same key.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from flask import Response
from marshmallow import Schema

from kernel.app import Kernel, create_app
from kernel.capabilities import GuestCall
from kernel.gate import request_call, request_id
from kernel.hookspecs.start import HostFunction
from plugins.extensions.gateway.door import PERMISSION
from plugins.extensions.runtime import close_guest_pool
from tests.benchmarks.calling import Caller, key_of_alice, middle_ms
from tests.benchmarks.measuring import Reading, compare, every, in_turns, percentile_95
from tests.ground import ROOT, found
from tests.guest_ground import built, install_guest, manifest_in

MOST_MORE_MS = 2.5
GUEST = ROOT / "tests" / "extensions" / "hostile"
"""Its path `/context` does no harm: one host call, and an answer."""
PLAIN = "/bench/context"
ENDPOINTS = [{"method": "GET", "path": "/context", "auth": "user"}]


def measure(kernel: Kernel, rounds: int, times: int) -> list[Reading]:
    """Milliseconds of a call; each round calls an install of its own, because of the limit that each has (120 at once)."""
    tenant_id = found(kernel, "bench-extension")
    component = built(GUEST)
    manifests = [manifest_in(GUEST, name=f"org.example.bench{number}", endpoints=ENDPOINTS) for number in range(rounds)]
    installs = [install_guest(kernel, tenant_id, manifest, component) for manifest in manifests]
    app, key = create_app(kernel), key_of_alice(kernel, tenant_id)
    function = kernel.host_functions["context", "current"]
    app.add_url_rule(PLAIN, "bench_context", partial(_plain, kernel, function, function.gives()))
    measured = [_call(app, key, install_id, times) for install_id in installs]
    close_guest_pool(kernel)
    return _readings([one for one, _ in measured], [other for _, other in measured])


def _plain(kernel: Kernel, function: HostFunction, schema: Schema) -> Response:
    """What the guest asks the host for, asked by the house itself."""
    with request_call(kernel, plugin="extensions", permission=PERMISSION, audience="api") as ctx:
        asked = GuestCall(ctx.tenant_id, "bench", "1.0.0", "http", request_id(), ctx.now())
        told = schema.dump(function.call(ctx, asked))
    return Response(orjson.dumps(told), mimetype="application/json")


def _call(app: Any, key: str, install_id: UUID, times: int) -> tuple[list[float], list[float]]:
    ours = Caller(app, f"/x/{install_id}/context", **{"X-Api-Key": key})
    theirs = Caller(app, PLAIN, **{"X-Api-Key": key})
    assert json.loads(ours())["installId"] == str(install_id)
    in_turns(ours, theirs, 5)
    return in_turns(ours, theirs, times)


def _readings(our: list[list[float]], their: list[list[float]]) -> list[Reading]:
    ratio, spread = compare(our, their)
    value, plain = middle_ms(our), middle_ms(their)
    late, plain_late = percentile_95(every(our)) * 1000, percentile_95(every(their)) * 1000
    return [
        Reading("extension call with one host call, against a route with the same service call", value, "ms", plain, ratio,
                spread, f"at most {MOST_MORE_MS:g} ms more", value - plain <= MOST_MORE_MS,
                "three transactions, two crossings to the guest's process, a fresh store"),
        Reading("the same, 95 of 100 calls", late, "ms", plain_late, plain_late / late, (plain_late / late,) * 2, "", None),
    ]  # fmt: skip
