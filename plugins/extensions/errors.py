"""The ways the extension platform says no."""

from __future__ import annotations

from kernel.errors import InvalidInput, StartupError, Unavailable


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


class MissingHandler(ComponentRefused):
    code = "missing_handler"


class CompileLimitExceeded(ComponentRefused):
    """Compiling took more time or memory than any component may take."""

    code = "compile_limit_exceeded"


class ManifestRefused(InvalidInput):
    """`deskhand.json` says something that it may not, or leaves out what it must say."""

    code = "manifest_refused"
    title = "The manifest cannot be accepted"


class ArtefactTampered(Unavailable):
    """A compiled guest on disk is not what we wrote: publish the version again."""

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
