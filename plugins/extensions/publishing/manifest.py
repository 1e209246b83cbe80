"""`deskhand.json`: what an extension says about itself. Unknown keys are refused, so that nothing is promised silently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson
from marshmallow import ValidationError

from plugins.extensions.errors import BundleRefused, ManifestRefused
from plugins.extensions.publishing.manifest_parts import PARAMETERS, Asking, Endpoint, ExtensionManifest
from plugins.extensions.publishing.manifest_schemas import ManifestSchema
from plugins.extensions.publishing.options import read_options

_MANIFEST_BYTES = 256 * 1024
_SCHEMA = ManifestSchema()


def read_manifest(text: bytes, known_capabilities: Collection[str] | None = None) -> ExtensionManifest:
    """Read and check a `deskhand.json`; raises `ManifestRefused` with an error for each field.

    Without `known_capabilities` any may be asked for: what a published manifest asks for was known when it was published.
    """
    if len(text) > _MANIFEST_BYTES:
        raise ManifestRefused(f"deskhand.json has {len(text)} bytes; at most {_MANIFEST_BYTES} are allowed.")
    try:
        manifest: ExtensionManifest = _SCHEMA.load(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise ManifestRefused(f"deskhand.json is no JSON: {error}") from None
    except ValidationError as error:
        raise ManifestRefused("deskhand.json has fields that need another value.", errors=_flat(error.messages)) from None
    if errors := _conflicts(manifest, known_capabilities):
        raise ManifestRefused("deskhand.json has fields that need another value.", errors=errors)
    return manifest


def check_files(manifest: ExtensionManifest, files: Mapping[str, bytes]) -> None:
    """Hold a bundle's files against what its manifest names; raises `BundleRefused` for one too few or one too many, and
    `OptionsRefused` for a schema of settings that no form can show.
    """
    wanted = {name for one in manifest.ui for name in (one.entry, one.schema) if name is not None}
    if missing := sorted(wanted - set(files)):
        raise BundleRefused(f"deskhand.json names {missing[0]}, which the bundle does not have.")
    if strange := sorted(name for name in files if name not in wanted and not manifest.is_asset(name)):
        raise BundleRefused(f"The bundle has {strange[0]}, which deskhand.json names neither in `ui` nor in `assets`.")
    for one in manifest.ui:
        if one.schema is not None:
            read_options(files[one.schema])


def _conflicts(manifest: ExtensionManifest, known: Collection[str] | None) -> dict[str, str]:
    return {
        **_capability_errors(manifest.capabilities, known),
        **_endpoint_errors(manifest.endpoints),
        **_schedule_errors(manifest),
        **_slot_errors(manifest),
        **_twice("capabilities", manifest.asked),
        **_twice("events", manifest.events),
        **_twice("hooks", [one.name for one in manifest.hooks]),
        **_twice("assets", manifest.assets),
    }


def _capability_errors(asked: tuple[Asking, ...], known: Collection[str] | None) -> dict[str, str]:
    errors = {}
    for index, one in enumerate(asked):
        wanted = PARAMETERS.get(one.name, ())
        if known is not None and one.name not in known:
            errors[f"capabilities[{index}]"] = f"there is no capability {one.name}"
        elif missing := [name for name in wanted if name not in one.parameters]:
            errors[f"capabilities[{index}].{missing[0]}"] = f'must be named: {{"name": "{one.name}", "{missing[0]}": […]}}'
        elif strange := [name for name in one.parameters if name not in wanted]:
            errors[f"capabilities[{index}].{strange[0]}"] = f"{one.name} has no such parameter"
    return errors


def _endpoint_errors(endpoints: tuple[Endpoint, ...]) -> dict[str, str]:
    errors = {}
    for index, names in enumerate(re.findall(":([^/]+)", one.path) for one in endpoints):
        if len(set(names)) < len(names):
            errors[f"endpoints[{index}].path"] = "has a name twice"
    return errors | _twice("endpoints", [f"{one.method} {re.sub(':[^/]+', ':', one.path)}" for one in endpoints])


def _schedule_errors(manifest: ExtensionManifest) -> dict[str, str]:
    errors = _twice("schedules", [one.name for one in manifest.schedules])
    for index, one in enumerate(manifest.schedules):
        if manifest.endpoint(*one.endpoint.split(" ", 1)) is None:
            errors[f"schedules[{index}].endpoint"] = f"`endpoints` has no {one.endpoint}"
    return errors


def _slot_errors(manifest: ExtensionManifest) -> dict[str, str]:
    return {
        f"ui[{index}].entry": f"`assets` does not name {one.entry}"
        for index, one in enumerate(manifest.ui)
        if one.entry is not None and not manifest.is_asset(one.entry)
    }


def _twice(field: str, names: Iterable[str]) -> dict[str, str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    return {field: f"{', '.join(twice)} is there twice"} if twice else {}


def _flat(messages: Any, at: str = "") -> dict[str, str]:
    """marshmallow's nested messages as one map: `endpoints[0].path`."""
    if not isinstance(messages, dict):
        return {at or "deskhand.json": " ".join(str(message) for message in messages)}
    flat: dict[str, str] = {}
    for key, inner in messages.items():
        flat |= _flat(inner, _below(at, key))
    return flat


def _below(at: str, key: Any) -> str:
    if key == "_schema":  # what is said about the whole of it
        return at
    return f"{at}[{key}]" if isinstance(key, int) else f"{at}.{key}" if at else str(key)
