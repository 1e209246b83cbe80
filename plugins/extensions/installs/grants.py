"""Grants: what an administrator consented to, capability by capability, with the values each may be used with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.capabilities import default_capabilities
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.extensions.errors import GrantNotAsked
from plugins.extensions.models import Grant, Install, Release
from plugins.extensions.publishing.manifest_parts import HOST, MOST_VALUES, ExtensionManifest
from plugins.extensions.publishing.releases import manifest_of

KIND = "extension.install"
Values = Mapping[str, Sequence[str]]
"""The values of a capability's parameters: `{"hosts": ["api.example.com"]}`."""
Wanted = Mapping[str, Mapping[str, list[str]]]
"""What is to be granted, by capability."""


def list_grants(ctx: CallContext, install_id: UUID) -> list[Grant]:
    """What an install may do, by capability."""
    return list(ctx.session.scalars(select(Grant).where(Grant.install_id == install_id).order_by(Grant.capability)))


def checked(ctx: CallContext, release: Release, grants: Iterable[str], parameters: Mapping[str, Values]) -> Wanted:
    """`grants` with their values: those in `parameters`, else all that the release asks for. Raises GrantNotAsked for what it
    does not ask for; a default needs no asking.
    """
    manifest, names = manifest_of(release), set(grants)
    known = {*manifest.asked, *default_capabilities(ctx.kernel.plugins.capabilities)}
    strange = sorted(names - known) + sorted(set(parameters) - names)
    if strange:
        raise _not_asked(release, strange)
    return {name: _values(release, manifest, name, parameters.get(name, {})) for name in sorted(names)}


def _values(release: Release, manifest: ExtensionManifest, name: str, given: Values) -> dict[str, list[str]]:
    asked, more = manifest.asking(name), manifest.takes_more(name)
    strange = [
        f"{name} with {one} {value}"
        for one, values in given.items()
        for value in values
        if value not in asked.get(one, ()) and not (more and HOST.match(value))
    ]
    if strange or set(given) - set(asked):
        raise _not_asked(release, strange or sorted(set(given) - set(asked)))
    wanted = {one: _chosen(values, given.get(one, values)) for one, values in asked.items()}
    if any(len(values) > MOST_VALUES for values in wanted.values()):
        raise InvalidInput(errors={"hosts": f"At most {MOST_VALUES} hosts can be granted."})
    return wanted


def _chosen(asked: Sequence[str], given: Sequence[str]) -> list[str]:
    """What was chosen of the values that are asked for, in their order, then what was named besides."""
    return [*(one for one in asked if one in given), *dict.fromkeys(one for one in given if one not in asked)]


def _not_asked(release: Release, strange: Sequence[str]) -> GrantNotAsked:
    words = f"{release.name} {release.semver} does not ask for {', '.join(strange)}."
    return GrantNotAsked(words, errors={"grants": words})


def give(ctx: CallContext, install: Install, wanted: Wanted) -> None:
    """Grant; what was granted with other values is granted with these from now on."""
    held = {one.capability: one.parameters for one in list_grants(ctx, install.id)}
    for capability, parameters in sorted(wanted.items()):
        if held.get(capability) == parameters:
            continue
        row = insert(Grant).values(tenant_id=ctx.tenant_id, id=uuid7(), install_id=install.id, capability=capability,
                                   parameters=parameters, granted_by=ctx.actor.name, granted_at=ctx.now())  # fmt: skip
        new = {name: row.excluded[name] for name in ("parameters", "granted_by", "granted_at")}
        ctx.session.execute(
            row.on_conflict_do_update(index_elements=["tenant_id", "install_id", "capability"], set_=new),
            execution_options={"synchronize_session": False},
        )
        _record(ctx, "extension.capability_granted", install, {"capability": capability, **parameters})
    ctx.session.expire_all()


def take(ctx: CallContext, install: Install, capability: str) -> None:
    """Take a grant back."""
    gone = delete(Grant).where(Grant.install_id == install.id, Grant.capability == capability).returning(Grant.id)
    if ctx.session.scalars(gone).all():
        _record(ctx, "extension.capability_revoked", install, {"capability": capability})


def narrow(ctx: CallContext, install: Install, release: Release, keep: Iterable[str] | None = None) -> None:
    """Drop the grants and values that the release does not ask for; with `keep`, also all grants but those and the defaults."""
    manifest, defaults = manifest_of(release), default_capabilities(ctx.kernel.plugins.capabilities)
    kept = {*(manifest.asked if keep is None else keep), *defaults}
    for grant in list_grants(ctx, install.id):
        asked = manifest.asking(grant.capability)
        if grant.capability not in kept:
            take(ctx, install, grant.capability)
        elif grant.parameters:
            _narrow_values(ctx, install, grant, _kept(grant.parameters, asked, more=manifest.takes_more(grant.capability)))
    ctx.session.flush()


def _narrow_values(ctx: CallContext, install: Install, grant: Grant, kept: Mapping[str, list[str]]) -> None:
    if grant.parameters != kept:
        grant.parameters = dict(kept)
        _record(ctx, "extension.capability_narrowed", install, {"capability": grant.capability, **kept})


def still_asked(ctx: CallContext, install_id: UUID, release: Release) -> Wanted:
    """What is granted now and a release asks for as well, with the values that it asks for of those."""
    manifest = manifest_of(release)
    return {
        one.capability: _kept(one.parameters, manifest.asking(one.capability), more=manifest.takes_more(one.capability))
        for one in list_grants(ctx, install_id)
        if one.capability in manifest.asked
    }


def _kept(held: Values, asked: Values, *, more: bool) -> dict[str, list[str]]:
    return {name: [value for value in values if more or value in asked.get(name, ())] for name, values in held.items()}


def open_requests(ctx: CallContext, install: Install, release: Release) -> list[str]:
    """What the release asks for and is not granted."""
    granted = {one.capability for one in list_grants(ctx, install.id)}
    return [one for one in manifest_of(release).asked if one not in granted]


def _record(ctx: CallContext, action: str, install: Install, changes: Mapping[str, object]) -> None:
    audit.record(ctx, action, kind=KIND, row_id=install.id, label=install.name, changes=changes)
