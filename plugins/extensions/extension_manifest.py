"""`deskhand.json`: what an extension says about itself. Unknown keys are refused, so that nothing is promised silently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from .errors import ManifestRefused

# https://semver.org, section "Is there a suggested regular expression"; written anew
_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\Z"
)
_REVERSE_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){2,}\Z")
_PUBLISHER = re.compile(r"[a-z][a-z0-9-]{1,62}\Z")
_SEGMENT = r"(?::[a-z][A-Za-z0-9]*|(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)"
_PATH = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*)?\Z")
_ONE_LINE = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\Z")
_MANIFEST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path that the gateway serves; a segment `:name` matches anything but a slash."""

    method: str
    path: str
    auth: str

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The named segments when this endpoint serves the call, else nothing.

        >>> Endpoint("GET", "/orders/:id", "user").match("GET", "/orders/7")
        {'id': '7'}
        """
        wanted, given = self.path.split("/"), path.split("/")
        if method != self.method or len(wanted) != len(given):
            return None
        pairs = list(zip(wanted, given, strict=True))
        if any(not got if part.startswith(":") else part != got for part, got in pairs):
            return None
        return {part[1:]: got for part, got in pairs if part.startswith(":")}


@dataclass(frozen=True, slots=True)
class ExtensionManifest:
    """`capabilities` are asked for; what an install may do is what its administrator granted of them."""

    name: str
    publisher: str
    version: str
    runtime: str
    title: str
    capabilities: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]

    def endpoint(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The first endpoint that serves a call, with the named segments of the path."""
        for endpoint in self.endpoints:
            if (params := endpoint.match(method, path)) is not None:
                return endpoint, params
        return None


def read_manifest(text: bytes, known_capabilities: Collection[str]) -> ExtensionManifest:
    """Read and check a `deskhand.json`; raises `ManifestRefused` with an error for each field."""
    if len(text) > _MANIFEST_BYTES:
        raise ManifestRefused(f"deskhand.json has {len(text)} bytes; at most {_MANIFEST_BYTES} are allowed.")
    try:
        manifest: ExtensionManifest = _ManifestSchema().load(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise ManifestRefused(f"deskhand.json is no JSON: {error}") from None
    except ValidationError as error:
        raise ManifestRefused("deskhand.json has fields that need another value.", errors=_flat(error.messages)) from None
    if errors := _conflicts(manifest, known_capabilities):
        raise ManifestRefused("deskhand.json has fields that need another value.", errors=errors)
    return manifest


def _matching(pattern: re.Pattern[str], words: str) -> validate.Regexp:
    return validate.Regexp(pattern, error=words)


class _EndpointSchema(Schema):
    class Meta:
        unknown = RAISE

    method = fields.String(required=True, validate=validate.OneOf(("GET", "POST", "PUT", "PATCH", "DELETE")))
    path = fields.String(required=True, validate=_matching(_PATH, "must be a path such as /orders/:id"))
    auth = fields.String(required=True, validate=validate.OneOf(("user",)))

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> Endpoint:
        return Endpoint(**data)


class _ManifestSchema(Schema):
    class Meta:
        unknown = RAISE

    name = fields.String(
        required=True,
        validate=[validate.Length(max=128), _matching(_REVERSE_DOMAIN, "must be a reverse domain: org.example.orders")],
    )
    publisher = fields.String(required=True, validate=_matching(_PUBLISHER, "must be lower-case letters, digits, -"))
    version = fields.String(
        required=True, validate=[validate.Length(max=64), _matching(_SEMVER, "must be a semantic version: 1.4.0")]
    )
    runtime = fields.String(required=True, validate=validate.OneOf(("component@1",)))
    title = fields.String(
        required=True, validate=[validate.Length(max=80), _matching(_ONE_LINE, "must be one line of words that can be seen")]
    )
    capabilities = fields.List(fields.String(), load_default=list)
    endpoints = fields.List(fields.Nested(_EndpointSchema), load_default=list, validate=validate.Length(max=200))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ExtensionManifest:
        capabilities, endpoints = tuple(data.pop("capabilities")), tuple(data.pop("endpoints"))
        return ExtensionManifest(**data, capabilities=capabilities, endpoints=endpoints)


def _conflicts(manifest: ExtensionManifest, known: Collection[str]) -> dict[str, str]:
    errors = {
        f"capabilities[{index}]": f"there is no capability {name}"
        for index, name in enumerate(manifest.capabilities)
        if name not in known
    }
    if twice := [name for name, count in Counter(manifest.capabilities).items() if count > 1]:
        errors["capabilities"] = f"{', '.join(twice)} is there twice"
    for index, names in enumerate(re.findall(":([^/]+)", one.path) for one in manifest.endpoints):
        if len(set(names)) < len(names):
            errors[f"endpoints[{index}].path"] = "has a name twice"
    served = Counter((one.method, re.sub(":[^/]+", ":", one.path)) for one in manifest.endpoints)
    if clash := [f"{method} {path}" for (method, path), count in served.items() if count > 1]:
        errors["endpoints"] = f"{', '.join(clash)} is there twice"
    return errors


def _flat(messages: Any, at: str = "") -> dict[str, str]:
    """marshmallow's nested messages as one map: `endpoints[0].path`."""
    if not isinstance(messages, dict):
        return {at: " ".join(str(message) for message in messages)}
    flat: dict[str, str] = {}
    for key, inner in messages.items():
        flat |= _flat(inner, f"{at}[{key}]" if isinstance(key, int) else f"{at}.{key}" if at else str(key))
    return flat
