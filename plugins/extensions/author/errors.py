"""The ways an author's bench says no."""

from __future__ import annotations

from kernel.errors import Conflict, InvalidInput


class BuildFailed(InvalidInput):
    """The author's source does not become a component; the sentence is what the compiler said."""

    code = "build_failed"
    title = "The extension could not be built"


class ToolMissing(InvalidInput):
    """A tool that builds extensions is not installed."""

    code = "tool_missing"


class FolderNotEmpty(Conflict):
    """A new extension is never written over files that are there."""

    code = "folder_not_empty"


class ServedAlready(Conflict):
    """The tenant serves a published version of this extension, which a build from somebody's desk may not replace unasked."""

    code = "served_already"


class CaseRefused(InvalidInput):
    """A case of an extension's tests says what cannot be: a function, an answer or a field that there is not."""

    code = "case_refused"
