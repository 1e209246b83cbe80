"""`deskhand ext test`: an author's cases, run in the runtime that serves extensions, with its limits and a made-up host."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from kernel.api.fieldpaths import field_errors
from kernel.capabilities import default_capabilities
from plugins.extensions.author.building import COMPONENT, build_extension
from plugins.extensions.author.errors import CaseRefused
from plugins.extensions.author.fake_host import FakeHost, Functions, keys_in_camel
from plugins.extensions.author.sample_invoice import SAMPLE
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.invocation import ExportCall, GuestRequest, Invocation, Outcome
from plugins.extensions.guests.pool import GuestPool
from plugins.extensions.publishing.manifest import read_manifest
from plugins.extensions.publishing.manifest_parts import ExtensionManifest

if TYPE_CHECKING:
    from kernel.plugins import Plugins

PATTERN = "tests/*.test.json"
_CALLS = ("request", "event", "window", "invoice")


class Verdict(NamedTuple):
    """What became of a case: nothing in `differs` where all was as expected."""

    file: str
    name: str
    differs: tuple[str, ...]
    milliseconds: float
    logs: tuple[str, ...]


class _RequestSchema(Schema):
    method = fields.String(load_default="GET")
    path = fields.String(required=True, validate=validate.Regexp("/", error="A path starts with a slash."))
    query = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    body = fields.Raw(load_default="")


class _EventSchema(Schema):
    id = fields.String(load_default="0198c1d0-0000-7000-8000-0000000e7e47")
    name = fields.String(required=True)
    occurred_at = fields.String(load_default="2026-01-02T03:04:05Z", data_key="occurredAt")
    payload = fields.Dict(required=True)


class _WindowSchema(Schema):
    start = fields.String(required=True)
    end = fields.String(required=True)
    client_ids = fields.List(fields.String(), required=True, data_key="clientIds")


class _ExpectSchema(Schema):
    answer = fields.Raw(allow_none=True)
    error = fields.String()
    status = fields.Integer()
    json = fields.Raw(allow_none=True)
    body = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    logs = fields.List(fields.String())
    calls = fields.List(fields.Dict())
    trap = fields.String()


class _CaseSchema(Schema):
    """One case: a request for the handler, or what one of the other exports is called with; `invoice` says how the facts differ
    from those of a sample.

    `grants` are all that the manifest asks for unless they are named; `host` has answers of host functions.
    """

    name = fields.String(required=True, validate=validate.Length(1))
    request = fields.Nested(_RequestSchema)
    event = fields.Nested(_EventSchema)
    window = fields.Nested(_WindowSchema)
    invoice = fields.Dict()
    grants = fields.List(fields.String())
    host = fields.Dict(keys=fields.String(), load_default=dict)
    expect = fields.Nested(_ExpectSchema, required=True)

    @validates_schema
    def check_one_call(self, data: dict[str, Any], **_: Any) -> None:
        """A case is one call."""
        if sum(name in data for name in _CALLS) != 1:
            raise ValidationError(f"A case has one of {', '.join(_CALLS)}.")


def run_cases(folder: Path, plugins: Plugins, store: ArtefactStore | None = None) -> Iterator[Verdict]:
    """Build a folder and run the cases in its `tests`, once all of them are such as can be; `store` keeps the compiled guest,
    which otherwise goes at the end.

    Raises BuildFailed, CaseRefused, and what publishing it would raise.
    """
    manifest = read_manifest((folder / "deskhand.json").read_bytes(), plugins.capabilities)
    functions: Functions = {(one.interface, one.name): one for _, one in plugins.collect("register_host_functions")}
    cases = [
        (file.name, case, _asked(manifest, case), FakeHost(functions, case["host"]))
        for file in sorted(folder.glob(PATTERN)) for case in _read(file)
    ]  # fmt: skip
    if not cases:
        raise CaseRefused(f"{folder} has no cases. Write some into tests/<any name>.test.json.")
    build_extension(folder)
    with TemporaryDirectory(prefix="deskhand-test-") as scratch:
        kept = store or ArtefactStore(Path(scratch), secrets.token_bytes(32))
        compiled = compile_component(kept, (folder / COMPONENT).read_bytes(), manifest.asked, manifest.exports, manifest.runtime)
        with GuestPool(kept, size=1) as pool:
            for file, case, asked, host in cases:
                grants = frozenset(case.get("grants", manifest.asked)) | default_capabilities(plugins.capabilities)
                outcome = pool.invoke(Invocation(compiled.artefact, asked, grants, runtime=manifest.runtime), host)
                differs = (*_differences(case["expect"], outcome, host), *_mistakes(plugins, case, outcome))
                said = tuple(one.message for one in outcome.logs)
                yield Verdict(file, case["name"], differs, outcome.seconds * 1000, said)


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        loaded: list[dict[str, Any]] = _CaseSchema(many=True).load(json.loads(file.read_text("utf-8")))
    except json.JSONDecodeError as error:
        raise CaseRefused(f"{file.name} is no JSON: {error}") from None
    except ValidationError as error:
        words = field_errors(error.normalized_messages())  # type: ignore[no-untyped-call]
        raise CaseRefused(f"{file.name}: " + "; ".join(f"{path}: {each}" for path, each in words.items())) from None
    return loaded


def _asked(manifest: ExtensionManifest, case: Mapping[str, Any]) -> GuestRequest | ExportCall:
    return _request(manifest, case["name"], case["request"]) if "request" in case else _export_call(manifest, case)


def _request(manifest: ExtensionManifest, name: str, asked: Mapping[str, Any]) -> GuestRequest:
    found = manifest.endpoint(asked["method"], asked["path"])
    if found is None:
        raise CaseRefused(f"{name}: deskhand.json has no endpoint for {asked['method']} {asked['path']}.")
    body = asked["body"] if isinstance(asked["body"], str) else json.dumps(asked["body"])
    headers = {name.lower(): value for name, value in asked["headers"].items()}
    return GuestRequest(asked["method"], asked["path"], tuple(found[1].items()), tuple(asked["query"].items()),
                        tuple(headers.items()), body)  # fmt: skip


def _export_call(manifest: ExtensionManifest, case: Mapping[str, Any]) -> ExportCall:
    if "event" in case:
        call = ExportCall("on-event", {"event": case["event"] | {"payload": json.dumps(case["event"]["payload"])}})
    elif "window" in case:
        call = ExportCall("collect-charges", {"window": case["window"]})
    else:
        call = ExportCall("render-invoice", {"document": json.dumps(SAMPLE | case["invoice"])})
    if call.export not in manifest.exports:
        raise CaseRefused(f"{case['name']}: deskhand.json lists no events or hooks that {call.export} would answer.")
    return call


def _differences(expect: Mapping[str, Any], outcome: Outcome, host: FakeHost) -> Iterator[str]:
    response = outcome.response
    seen: dict[str, Any] = {
        "trap": outcome.trap, "status": response and response.status, "body": response and response.body,
        "logs": [one.message for one in outcome.logs], "calls": host.calls,
        "error": outcome.answer if outcome.failed else None, "answer": None if outcome.failed else _answer(outcome.answer),
    }  # fmt: skip
    if outcome.trap and "trap" not in expect:
        yield f"stopped: {outcome.trap}: {outcome.detail}"
    if outcome.failed and "error" not in expect:
        yield f"refused: {outcome.answer}"
    for name in expect.keys() & seen.keys():
        if expect[name] != seen[name]:
            yield _told(name, expect[name], seen[name])
    headers = dict(response.headers) if response else {}
    for name, value in expect.get("headers", {}).items():
        if headers.get(name.lower()) != value:
            yield _told(f"header {name}", value, headers.get(name.lower()))
    if "json" in expect and expect["json"] != (got := _json(response.body if response else "")):
        yield _told("json", expect["json"], got)


def _mistakes(plugins: Plugins, case: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    """What billing would refuse in a layout."""
    if "invoice" in case and isinstance(outcome.answer, str) and not outcome.failed:
        found = plugins.hook.check_invoice_layout(document=_json(outcome.answer)) or {}
        yield from (f"layout: {path}: {words}" for path, words in found.items())


def _answer(given: Any) -> Any:
    """What an export answered: the charges with camelCase names, the layout that its text is."""
    return _json(given) if isinstance(given, str) else keys_in_camel(given)


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return body


def _told(name: str, expected: Any, got: Any) -> str:
    return f"{name}: expected {_spelled(expected)}, got {_spelled(got)}"


def _spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
