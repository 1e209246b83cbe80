"""What goes in and out of the extensions room's interfaces."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from kernel.api.listing import filtered, page_schema
from plugins.extensions.models import HALTS, INSTALL_STATES, MOST_TIMES, RELEASE_STATES, REPLAY_STATES
from plugins.extensions.publishers.signing import fingerprint

_CAPABILITY = validate.Regexp(r"cap:[a-z.]{1,80}\Z")
_LIKE = {"example": "cap:log.emit"}
_VALUES = partial(fields.Dict, keys=fields.String(), values=fields.List(fields.String()))
_PARAMETERS = {
    "example": {},
    "description": "By capability, the values (hosts) it is granted with; for those not named, all that the release asks for.",
}


class ReleaseIn(Schema):
    """`bundle` is the file that `deskhand ext pack` writes, in base64."""

    bundle = fields.String(required=True, metadata={"format": "byte"})

    @post_load
    def decode(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The bundle as bytes."""
        try:
            return {"bundle": base64.b64decode(data["bundle"], validate=True)}
        except ValueError as error:  # binascii.Error is one, and so is what is said about text beyond ASCII
            raise ValidationError("Send the bytes as base64.", "bundle") from error


class ReleaseRow(Schema):
    id = fields.UUID()
    name = fields.String()
    semver = fields.String(metadata={"description": "The version in its manifest."})
    title = fields.String()
    publisher = fields.String()
    state = fields.String(validate=validate.OneOf(RELEASE_STATES))
    size = fields.Integer(metadata={"description": "Bytes of the component."})
    published_by = fields.String()
    published_at = fields.AwareDateTime()


class Inspected(Schema):
    functions = fields.List(fields.String())
    capabilities = fields.List(fields.String())
    wasi = fields.List(fields.String())


class ReleaseOut(ReleaseRow):
    manifest = fields.Dict()
    sha256 = fields.Function(lambda release: release.digest.hex(), metadata={"type": "string"})
    files = fields.Dict(metadata={"description": "The bundle's other files: name to size and SHA-256."})
    signer = fields.Function(
        lambda release: fingerprint(release.signer) if release.signer else None,
        metadata={"type": ["string", "null"], "description": "Fingerprint of the key that signed it."},
    )
    inspection = fields.Nested(Inspected, metadata={"description": "What the component imports."})
    problem = fields.Dict(allow_none=True, metadata={"description": "Why it was refused (RFC 9457 members)."})
    yanked_at = fields.AwareDateTime(allow_none=True, metadata={"description": "Nobody begins to serve it from then on."})
    yank_reason = fields.String(allow_none=True)
    job_id = fields.UUID(allow_none=True)


ReleaseQuery = filtered(name=fields.String(), state=fields.String(validate=validate.OneOf(RELEASE_STATES)))
ReleasePage = page_schema(ReleaseRow)


class InstallIn(Schema):
    release_id = fields.UUID(required=True)
    grants = fields.List(fields.String(validate=_CAPABILITY, metadata=_LIKE), load_default=list)
    parameters = fields.Dict(keys=fields.String(), values=_VALUES(), load_default=dict, metadata=_PARAMETERS)
    config = fields.Dict(keys=fields.String(), values=fields.String())


class InstallPatch(Schema):
    config = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class UpgradeIn(Schema):
    release_id = fields.UUID(required=True)


class ConsentIn(Schema):
    grants = fields.List(fields.String(validate=_CAPABILITY, metadata=_LIKE), required=True)
    parameters = fields.Dict(keys=fields.String(), values=_VALUES(), load_default=dict, metadata=_PARAMETERS)
    release_id = fields.UUID(load_default=None, metadata={
        "description": "The release that is meant: refused where another one waits by now."})  # fmt: skip


class GrantIn(Schema):
    capability = fields.String(required=True, validate=_CAPABILITY, metadata=_LIKE)
    parameters = _VALUES(metadata={"description": "With which of the values that it asks for; without it, with all of them."})


class GrantOut(Schema):
    capability = fields.String()
    parameters = fields.Dict(metadata={"description": "The values with which it may be used."})
    granted_by = fields.String()
    granted_at = fields.AwareDateTime()


class InstallRow(Schema):
    id = fields.UUID()
    name = fields.String()
    title = fields.String()
    semver = fields.String()
    state = fields.String(validate=validate.OneOf(INSTALL_STATES))
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class InstallOut(InstallRow):
    version = fields.Integer()
    release_id = fields.UUID()
    pending_release_id = fields.UUID(allow_none=True)
    previous_release_id = fields.UUID(allow_none=True, metadata={"description": "What a rollback serves."})
    halted = fields.String(allow_none=True, validate=validate.OneOf(HALTS), metadata={"description": "Who switched it off."})
    recording = fields.Boolean(metadata={"description": "Calls are kept with the host's answers, for replays."})
    resting_until = fields.AwareDateTime(allow_none=True, metadata={"description": "No call is taken before."})
    installed_by = fields.String()
    url = fields.String(metadata={"description": "Its endpoints lie below this path."})
    grants = fields.List(fields.Nested(GrantOut))
    not_granted = fields.List(fields.String(), metadata={"description": "Asked for, and not granted."})
    config_keys = fields.List(fields.String(), metadata={"description": "Names of its settings; values stay sealed."})
    limits = fields.Dict(keys=fields.String(), values=fields.Float(), metadata={
        "description": "Where it may use less than everybody may."})  # fmt: skip


class SigningSecretOut(Schema):
    secret = fields.String(metadata={"description": "The key of the HMAC, with its prefix; shown only now."})
    url = fields.URL(require_tld=False, metadata={"description": "Signed calls go below this address."})


InstallQuery = filtered(name=fields.String(), state=fields.String(validate=validate.OneOf(INSTALL_STATES)))
InstallPage = page_schema(InstallRow)


class InvocationRow(Schema):
    """Durations in microseconds, memory in bytes."""

    id = fields.UUID()
    install_id = fields.UUID()
    extension = fields.String()
    semver = fields.String()
    trigger = fields.String()
    endpoint = fields.String()
    actor_name = fields.String()
    request_id = fields.String()
    started_at = fields.AwareDateTime()
    status = fields.Integer(allow_none=True)
    trap = fields.String(allow_none=True)
    duration = fields.Integer()
    cpu = fields.Integer()
    memory = fields.Integer()
    host_call_count = fields.Integer()
    log_count = fields.Integer()


class MetricsQuery(Schema):
    hours = fields.Integer(load_default=24, validate=validate.Range(1, 30 * 24), metadata={"description": "How far back."})


class Sums(Schema):
    """Durations and CPU in microseconds, memory in bytes."""

    calls = fields.Integer()
    stopped = fields.Integer(metadata={"description": "Calls that ended by a trap."})
    failed = fields.Integer(metadata={"description": "Calls that answered with a status from 500 on."})
    p50 = fields.Integer(allow_none=True)
    p95 = fields.Integer(allow_none=True)
    cpu = fields.Integer()
    memory = fields.Integer(allow_none=True, metadata={"description": "The most that a call used."})


class StepOut(Sums):
    at = fields.AwareDateTime()


class MetricsOut(Sums):
    hours = fields.Integer()
    steps = fields.List(fields.Nested(StepOut))


class RecordingIn(Schema):
    on = fields.Boolean(required=True)


class ReplayIn(Schema):
    times = fields.Integer(load_default=1, validate=validate.Range(1, MOST_TIMES), metadata={"description": "How often."})


class ReplayRow(Schema):
    """It is `running` until all is done; then it did the `same` each time, or something `different`; or it was `stopped`."""

    id = fields.UUID()
    invocation_id = fields.UUID()
    state = fields.String(validate=validate.OneOf(REPLAY_STATES))
    times = fields.Integer(metadata={"description": "How often the call shall be made."})
    done = fields.Integer(metadata={"description": "How often it was made so far."})
    different = fields.Integer(metadata={"description": "How often it did something else than then."})
    asked_by = fields.String()
    asked_at = fields.AwareDateTime()
    job_id = fields.UUID()


class ReplayOut(ReplayRow):
    """`then` and `now`: the answer (status, headers, body), or the trap, and the log. `now` is what the first did that did
    something else, or the same; null before the first was made.
    """

    then = fields.Dict()
    now = fields.Dict(allow_none=True)


class LineOut(Schema):
    level = fields.String()
    message = fields.String()


class HostCallOut(Schema):
    name = fields.String()
    outcome = fields.String(validate=validate.OneOf(("ok", "denied", "refused", "failed")))
    duration = fields.Integer()


class InvocationOut(Schema):
    """Durations in microseconds, memory and sizes in bytes."""

    id = fields.UUID()
    install_id = fields.UUID()
    extension = fields.String()
    semver = fields.String()
    trigger = fields.String()
    endpoint = fields.String()
    actor_kind = fields.String()
    actor_id = fields.UUID(allow_none=True)
    actor_name = fields.String()
    request_id = fields.String()
    started_at = fields.AwareDateTime()
    status = fields.Integer(allow_none=True)
    trap = fields.String(allow_none=True)
    detail = fields.String()
    duration = fields.Integer()
    cpu = fields.Integer()
    host_time = fields.Integer()
    memory = fields.Integer()
    request_bytes = fields.Integer()
    response_bytes = fields.Integer()
    host_calls = fields.List(fields.Nested(HostCallOut))
    logs = fields.List(fields.Nested(LineOut))
    dropped_logs = fields.Integer()


InvocationQuery = filtered(
    install_id=fields.UUID(), trap=fields.String(), request_id=fields.String(), started_at=fields.AwareDateTime()
)
InvocationPage = page_schema(InvocationRow)
ReplayQuery = filtered(invocation_id=fields.UUID())
ReplayPage = page_schema(ReplayRow)


class ReleaseForm(Schema):
    """The upload form; its file comes beside it."""


class SecretIn(Schema):
    """A secret for an install; it is never shown again."""

    value = fields.String(required=True, validate=validate.Length(1, 16 * 1024))


class SecretName(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9._-]{1,64}\Z"), metadata={"example": "api-key"})


class SecretForm(SecretIn, SecretName):
    """The form of a secret."""


class SecretOut(Schema):
    """A secret's name, and who set it when. Its value is never told."""

    name = fields.String()
    set_by = fields.String()
    set_at = fields.AwareDateTime()


class SecretList(Schema):
    items = fields.List(fields.Nested(SecretOut))


class ConsentForm(Schema):
    """`values` are ticked beside the capabilities: `cap:http.fetch hosts api.example.com`; `hosts` are named besides."""

    grants = fields.List(fields.String(validate=_CAPABILITY, metadata=_LIKE), load_default=list)
    values = fields.List(fields.String(validate=validate.Regexp(r"\S+ \S+ \S+\Z")), load_default=list)
    hosts = fields.String(load_default="", validate=validate.Length(max=6000))


class WaitingForm(ConsentForm):
    """Consent to a release that waits: the one that the form showed."""

    release_id = fields.UUID(required=True)


class Setting(Schema):
    key = fields.String(required=True, validate=validate.Length(1, 64))
    value = fields.String(load_default="", validate=validate.Length(max=4096))


class ConfigForm(Schema):
    settings = fields.List(fields.Nested(Setting), load_default=list)
