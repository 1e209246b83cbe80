"""Passwords (argon2id) and one-time codes (RFC 6238)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.errors import InvalidInput

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.directory.models import User

MIN_LENGTH = 10
MAX_LENGTH = 256
TOTP_SECONDS = 30

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's second recommended setting
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Fr2ulY2wxkfcLbCa6BoKhi2jb0sYeOlaTFpmLB5k1+E"


def seal_password(password: str) -> str:
    """The stored form of a password. Raises InvalidInput for one that is too short, too long or one letter repeated."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or len(set(password)) < 4:
        raise InvalidInput(errors={"password": f"Use {MIN_LENGTH} to {MAX_LENGTH} characters, and not just a few repeated."})
    return _hasher.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """True if the password is right; takes as long for a user who does not exist."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:MAX_LENGTH]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def password_needs_rehash(stored: str | None) -> bool:
    """True if the stored form was made with weaker parameters than today's."""
    return stored is not None and _hasher.check_needs_rehash(stored)


def start_totp(ctx: CallContext, user: User) -> str:
    """Give the user a new secret, not yet in force, and return the address to show as a QR code."""
    secret = pyotp.random_base32()
    user.totp_secret = ctx.kernel.seal(ctx, secret.encode(), "users", user.id, "totp_secret")
    user.totp_enabled = False
    return _address(ctx, user, secret)


def pending_totp(ctx: CallContext, user: User) -> str | None:
    """The address of a secret that waits for its first right code; None when there is none or it is in force."""
    if user.totp_enabled or user.totp_secret is None:
        return None
    return _address(ctx, user, _secret(ctx, user, user.totp_secret))


def stop_totp(user: User) -> None:
    """Ask this user for no codes any more."""
    user.totp_secret, user.totp_enabled = None, False


def _address(ctx: CallContext, user: User, secret: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=f"Deskhand ({ctx.tenant.name})")


def _secret(ctx: CallContext, user: User, sealed: bytes) -> str:
    return ctx.kernel.open(ctx, sealed, "users", user.id, "totp_secret").decode()


def confirm_totp(ctx: CallContext, user: User, code: str) -> None:
    """Put the secret in force once the user has shown a right code. Raises InvalidInput."""
    if not check_totp(ctx, user, code):
        raise InvalidInput(errors={"code": "The code is not right. Codes change every 30 seconds; check the phone's time."})
    user.totp_enabled = True


def check_totp(ctx: CallContext, user: User, code: str | None) -> bool:
    """True for the present code or its neighbours, each only once."""
    if not code or user.totp_secret is None:
        return False
    secret = _secret(ctx, user, user.totp_secret)
    step = int(ctx.now().timestamp()) // TOTP_SECONDS
    totp = pyotp.TOTP(secret)
    for candidate in (step - 1, step, step + 1):
        if candidate > user.totp_step and pyotp.utils.strings_equal(totp.generate_otp(candidate), code.replace(" ", "")):
            user.totp_step = candidate
            return True
    return False
