"""Amounts as Stripe counts them, signatures, and the keys of an account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe_fake import running, sign

from kernel import jobs
from kernel.errors import InvalidInput
from kernel.money import exponent
from plugins.stripe import services
from plugins.stripe.amounts import from_stripe, to_stripe
from plugins.stripe.errors import AmountNotPayable, NoticeRefused
from plugins.stripe.models import StripeAccount
from plugins.stripe.notices import check_signature

NOW = datetime(2026, 10, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(("currency", "minor", "theirs"), [
    ("EUR", 1250, 1250), ("JPY", 500, 500), ("KWD", 1230, 1230), ("UGX", 700, 70000), ("ISK", 700, 70000), ("MGA", 500, 5),
])  # fmt: skip
def test_amounts_as_stripe_counts_them(currency: str, minor: int, theirs: int) -> None:
    assert to_stripe(minor, currency, exponent(currency)) == theirs
    assert from_stripe(theirs, currency, exponent(currency)) == minor


@pytest.mark.parametrize(("currency", "minor"), [("KWD", 1234), ("MGA", 510)])
def test_parts_that_would_be_lost_are_refused(currency: str, minor: int) -> None:
    with pytest.raises(AmountNotPayable):
        to_stripe(minor, currency, exponent(currency))


@given(st.integers(1, 10**9), st.sampled_from(["EUR", "JPY", "KWD", "UGX", "ISK", "MGA", "USD", "BHD"]))
def test_there_and_back(minor: int, currency: str) -> None:
    whole = minor * 1000
    assert from_stripe(to_stripe(whole, currency, exponent(currency)), currency, exponent(currency)) == whole


@pytest.mark.parametrize("header", [
    "", "t=1", "v1=abc", "t=1,t=2,v1=00", "t=x,v1=00", "t=-1,v1=00", "t=99999999999999,v1=00", "t=\u0661,v1=00", "t=1,v1=\u00e9",
])  # fmt: skip
def test_headers_that_are_no_signature(header: str) -> None:
    with pytest.raises(NoticeRefused):
        check_signature(header, b"{}", "whsec_1", NOW)


def test_one_right_code_among_several_is_enough() -> None:
    at = int(NOW.timestamp())
    right = sign(b"{}", "whsec_1", at)
    check_signature(right.replace(",v1=", ",v0=zz,v1=00,v1="), b"{}", "whsec_1", NOW)
    for secret, body in (("whsec_2", b"{}"), (None, b"{}"), ("whsec_1", b"{} ")):
        with pytest.raises(NoticeRefused):
            check_signature(right, body, secret, NOW)


def test_keys_are_sealed_checked_and_refused(acme: Any, beta: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with acme.call("alice") as ctx:
        for wrong in ({"secret_key": "pk_live_1"}, {}, {"secret_key": "sk_test_1", "webhook_secret": "secret"}):
            with pytest.raises(InvalidInput):
                services.connect_account(ctx, **wrong)
    with running() as stripe:
        monkeypatch.setenv("DESKHAND_STRIPE_URL", stripe.url)
        for key, state in (("sk_test_1", "connected"), ("sk_live_1", "refused")):
            with acme.call("alice") as ctx:
                services.connect_account(ctx, secret_key=key, webhook_secret="whsec_1")
            jobs.drain(acme.kernel, acme.tenant_id)
            with acme.call("alice") as ctx:
                account = ctx.session.query(StripeAccount).one()
                assert (account.state, key.encode() in account.secret_key) == (state, False)
                assert (services.open_account(ctx) is None) == (state == "refused")
        alice = acme.client("alice")
        alice.post("/stripe/check", data={"csrf_token": alice.csrf})
        jobs.drain(acme.kernel, acme.tenant_id)
    page = acme.client("alice").get("/stripe").text
    assert "sk_" not in page
    assert "Refused" in page
    assert acme.client("carol").get("/stripe").status_code == 403
    with beta.call("alice") as ctx:
        assert services.find_account(ctx) is None
