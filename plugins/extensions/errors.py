"""The ways the extension platform says no."""

from __future__ import annotations

from kernel.errors import (
    Conflict,
    DeskhandError,
    InvalidInput,
    NotFound,
    RateLimited,
    Refused,
    StartupError,
    Unauthenticated,
    Unavailable,
)


class ComponentRefused(InvalidInput):
    """The bytes are no component that this platform runs."""

    code = "component_refused"
    title = "This component cannot be run"


class NotAComponent(ComponentRefused):
    """No WebAssembly component: text, a core module, something cut off."""

    code = "not_a_component"


class ComponentTooLarge(ComponentRefused):
    code = "component_too_large"


class UndeclaredImport(ComponentRefused):
    """It imports what its manifest does not ask for, or what the platform does not have."""

    code = "undeclared_import"


class ImportTypeMismatch(ComponentRefused):
    """It was built against another shape of our interfaces."""

    code = "import_type_mismatch"


class MissingExport(ComponentRefused):
    """It lacks a function that every extension has, or one that its manifest promises, or gives it another type."""

    code = "missing_export"


class CompileLimitExceeded(ComponentRefused):
    """Compiling took more time or memory than any component may take."""

    code = "compile_limit_exceeded"


class ManifestRefused(InvalidInput):
    """`deskhand.json` says something that it may not, or leaves out what it must say."""

    code = "manifest_refused"
    title = "The manifest cannot be accepted"


class BundleRefused(InvalidInput):
    """No zip file, or one whose names, entries or sizes are not those of a bundle."""

    code = "bundle_refused"
    title = "The bundle cannot be accepted"


class BundleTooLarge(BundleRefused):
    code = "bundle_too_large"
    status = 413


class SignatureInvalid(InvalidInput):
    """The signature is not the named key's over this content: somebody changed one of them."""

    code = "signature_invalid"
    title = "The signature does not fit"


class SignatureMissing(InvalidInput):
    """This tenant takes signed releases only, or knows the publisher's key, and the release has no signature."""

    code = "signature_missing"
    title = "The release is not signed"


class PublisherKeyUnknown(InvalidInput):
    """The release is signed with another key than those that this tenant trusts for its publisher."""

    code = "publisher_key_unknown"
    title = "The release is signed with an unknown key"


class ExtensionRevoked(Conflict):
    """An administrator revoked the extension, this version of it, or the key that signed it."""

    code = "extension_revoked"
    title = "This extension was revoked"


class ReleaseTampered(Unavailable):
    """What is stored of the release is not what was published; it is not run."""

    code = "release_tampered"
    title = "The stored release was changed"


class RevocationNotFound(NotFound):
    code = "revocation_not_found"
    title = "No such revocation"


class PublisherKeyNotFound(NotFound):
    code = "publisher_key_not_found"
    title = "No such key"


class NothingToRollBack(Conflict):
    """The install has served one release only."""

    code = "nothing_to_roll_back"
    title = "There is no release to go back to"


class ArtefactTampered(Unavailable):
    """A compiled guest on disk is not what we wrote; it is never loaded, but compiled again from what was published."""

    code = "artefact_tampered"
    title = "The compiled extension was changed on disk"


class ArtefactMissing(Unavailable):
    """No compiled guest by this key: compile the component again."""

    code = "artefact_missing"
    title = "The extension is not compiled"


class GuestsBusy(Unavailable):
    """All workers are taken and the queue is full, or the wait was too long."""

    code = "guests_busy"
    title = "Too many extension calls at once"


class RequestTooLarge(InvalidInput):
    code = "request_too_large"
    status = 413
    title = "The request is too large"


class WorkerNotStarted(StartupError):
    """A guest worker does not come up: this installation is broken."""

    code = "guest_worker_not_started"
    status = 503


class ReleaseNotFound(NotFound):
    code = "release_not_found"
    title = "No such release"


class ReleasePublished(Conflict):
    """This version was published with other content; a published version never changes."""

    code = "release_published"
    title = "This version is published already"


class ReleaseNotReady(Conflict):
    """The release is still being compiled, or was refused."""

    code = "release_not_ready"
    title = "The release cannot be installed"


class InstallNotFound(NotFound):
    code = "install_not_found"
    title = "No such install"


class ExtensionInstalled(Conflict):
    """A tenant has an extension once; a newer version is an upgrade."""

    code = "extension_installed"
    title = "The extension is installed already"


class GrantNotAsked(InvalidInput):
    """Somebody would grant what the extension's manifest does not ask for."""

    code = "grant_not_asked"
    title = "The extension does not ask for this"


class NothingToConsent(Conflict):
    code = "nothing_to_consent"
    title = "No release waits for consent"


class ReleaseYanked(Conflict):
    """Its publisher took the version back: where it serves it goes on, and nobody begins to serve it."""

    code = "release_yanked"
    title = "This version was taken back"


class PublisherNotFound(NotFound):
    code = "publisher_not_found"
    title = "No such publisher"


class AdvisoryNotFound(NotFound):
    code = "advisory_not_found"
    title = "No such advisory"


class OtherReleaseWaits(Conflict):
    """Somebody consents to a release, and by now another one waits."""

    code = "other_release_waits"
    title = "Another release waits for consent"


class InvocationNotFound(NotFound):
    code = "invocation_not_found"
    title = "No such invocation"


class InvocationNotRecorded(Conflict):
    """Calls can be replayed only where they were recorded with the host's answers."""

    code = "invocation_not_recorded"
    title = "This call was not recorded"


class ReplayNotFound(NotFound):
    code = "replay_not_found"
    title = "No such replay"


class ReplayRefused(Conflict):
    """What may not run, or was changed since, does not run in replays either; trying again would not help."""

    code = "replay_refused"
    title = "The call cannot be replayed any more"
    retryable = False


class ReplayEnded(Conflict):
    """There is nothing to cancel: all its calls are made, or it stopped before."""

    code = "replay_ended"
    title = "The replay has ended already"


class EndpointNotFound(NotFound):
    """The extension declares no endpoint for this method and path."""

    code = "endpoint_not_found"
    title = "The extension has nothing at this address"


class InstallDisabled(Conflict):
    """An administrator switched the install off."""

    code = "install_disabled"
    title = "This extension is switched off"


class InstallBusy(RateLimited):
    """As many calls of this install as may run at once are running."""

    code = "install_busy"
    title = "Too many calls of this extension at once"


class BreakerOpen(Unavailable):
    """The extension failed several times in a row and rests for a moment."""

    code = "extension_resting"
    title = "This extension failed too often"


class BodyNotText(InvalidInput):
    """Handlers take text; the request's body is no UTF-8."""

    code = "body_not_text"
    status = 400
    title = "The body is not UTF-8 text"


class GuestRefused(DeskhandError):
    """An export of the extension answered with an error of its own; its words are in the detail."""

    code = "guest_refused"
    status = 502
    title = "The extension said no"


class HookFailed(Unavailable):
    """An extension that answers a hook of the platform gave no answer, and its manifest says that nothing goes on without."""

    code = "hook_failed"
    title = "An extension did not answer"


class GuestChargesMoved(Conflict):
    """Charges that extensions named were billed while the invoice was written."""

    code = "guest_charges_moved"
    title = "Charges changed meanwhile"


class GuestStopped(DeskhandError):
    """The extension gave no answer; the problem's code is the trap: `guest_timeout`, `guest_memory_exceeded`,
    `guest_stack_exhausted`, `host_call_flood`, `bad_response`, `guest_trapped`, `guest_not_loadable`, `guest_crashed` or
    `host_error`.
    """

    code = "guest_stopped"
    status = 502
    title = "The extension did not answer"


class EgressSpent(RateLimited):
    """The invocation has made as many HTTP calls, moved as many bytes or waited as long as one invocation may."""

    code = "egress_spent"
    title = "No more HTTP calls in this invocation"


class SecretNotFound(NotFound):
    code = "extension_secret_not_found"
    title = "No such secret"


class StorageConflict(Conflict):
    """A key was to be changed only at one revision, and has another, or was to be new and is there."""

    code = "storage_conflict"
    title = "The key has another revision"


class StorageFull(Refused):
    """The install would keep more namespaces, keys or bytes than it may."""

    code = "storage_full"
    title = "The extension's storage is full"


class SignatureRefused(Unauthenticated):
    """A call of a signed endpoint carries no signature, an old one, or one that was not made with the install's secret."""

    code = "signature_refused"
    title = "The call is not signed as it must be"


class AnswerNotKept(Conflict):
    """A repeated call was carried out the first time, but its answer was too large to be given again."""

    code = "answer_not_kept"
    title = "Carried out before"


class BundleFileNotFound(NotFound):
    """The address leads to no file that browsers may have: made up, of another release, or of a type that is not served."""

    code = "bundle_file_not_found"
    title = "No such file"


class SlotNotFound(NotFound):
    """The installed extension shows nothing at this place, or no more since another version serves."""

    code = "slot_not_found"
    status = 410
    title = "Nothing is shown here"


class OptionsRefused(InvalidInput):
    """The JSON schema of an extension's settings says what a form cannot show, or is none."""

    code = "options_refused"
    title = "The settings cannot be shown"
