"""The ways an import says no."""

from __future__ import annotations

from kernel.errors import Conflict, InvalidInput, NotFound, Refused


class FileUnreadable(InvalidInput):
    """A file is no table that can be read: not text, no header, a quote never closed, a column missing."""

    code = "import_file_unreadable"
    title = "The file cannot be read"


class NothingToImport(InvalidInput):
    """No file of the folder or the upload is one that an enabled plugin loads."""

    code = "import_nothing_to_load"
    title = "There is nothing to import"


class ImportNotFound(NotFound):
    code = "import_not_found"
    title = "No such import"


class ImportRunning(Conflict):
    """One import at a time: two that load the same external ids would wait for each other."""

    code = "import_running"
    title = "An import is running already"


class ImporterFault(Refused):
    """A plugin's importer broke its contract; the message names plugin kind and what it did."""

    code = "importer_fault"
    title = "An importer did not keep its contract"
