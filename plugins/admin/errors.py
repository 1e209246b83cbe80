"""The ways administration says no."""

from kernel.errors import Conflict, NotFound, Refused


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    title = "No such API key"


class SessionNotFound(NotFound):
    code = "session_not_found"
    title = "No such session"


class PasswordWrong(Refused):
    """What changes how one signs in asks for the present password."""

    code = "password_wrong"
    title = "The present password is not right"


class TotpInForce(Conflict):
    code = "totp_in_force"
    title = "Codes are asked for already"


class TotpNotStarted(Conflict):
    code = "totp_not_started"
    title = "Begin with a new QR code first"


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    title = "No such delivery"


class DeliveryNotDead(Conflict):
    """Only what was given up can be tried again or put aside."""

    code = "delivery_not_dead"
    title = "The delivery was not given up"
