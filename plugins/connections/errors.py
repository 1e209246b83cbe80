"""The ways the connections room says no."""

from kernel.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable


class ApplicationNotFound(NotFound):
    code = "connection_application_not_found"
    title = "No such application"


class ApplicationTaken(Conflict):
    """A tenant has one application for each environment of a service."""

    code = "connection_application_taken"
    title = "There is an application for this already"


class ApplicationInUse(Conflict):
    """Tokens can be renewed and taken back only by the application that they were given to."""

    code = "connection_application_in_use"
    title = "Connections were made with this application"


class ConnectionNotFound(NotFound):
    code = "connection_not_found"
    title = "No such connection"


class StillConnected(Conflict):
    code = "connection_still_connected"
    title = "Disconnect it first"


class ConnectionFailing(Unavailable):
    """The service could not be reached, or does not know the application; tried again later, ever less often."""

    code = "connection_failing"
    title = "The connection does not work now"


class ConsentNotFound(NotFound):
    code = "connection_consent_not_found"
    title = "No such consent"


class ConsentUnknown(Refused):
    """The answer of a service fits no open question of the person who is signed in."""

    code = "connection_consent_unknown"
    title = "Nobody here asked for this"


class ProviderUnknown(InvalidInput):
    """No plugin that is switched on connects to this service, or it has no such environment."""

    code = "connection_provider_unknown"
    title = "No such service"
