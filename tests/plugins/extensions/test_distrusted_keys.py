"""A key that is trusted no more leaves its publisher known."""

from __future__ import annotations

import base64

from plugins.extensions.publishers import trust
from tests.conftest import World
from tests.extensions.room_stage import API, install
from tests.plugins.extensions.test_trust import OTHER_KEY, code, ready, send, signed


def test_a_publisher_whose_last_key_is_distrusted_gets_no_other_one_unasked(acme: World, beta: World) -> None:
    installed = install(acme, ready(acme, signed()))
    keys = f"{API}/extension-publisher-keys"
    [key] = acme.api().get(keys).json["items"]
    assert acme.client("bob").get(installed["url"]).text == "ok"
    assert acme.api().delete(f"{keys}/{key['id']}").status_code == 204
    assert acme.api().get(keys).json["items"] == []
    assert code(acme.api().delete(f"{keys}/{key['id']}")) == "publisher_key_not_found"
    assert code(acme.client("bob").get(installed["url"])) == "publisher_key_unknown", "what it signed stops"
    rival = signed(OTHER_KEY, name="org.example.rival")
    assert code(send(acme, rival)) == "publisher_key_unknown"
    assert code(send(acme, signed(None, name="org.example.bare"))) == "signature_missing"
    with acme.call() as ctx:
        again = trust.trust_key(ctx, key["publisher"], base64.b64decode(key["key"]))
        assert (str(again.id), again.distrusted_at) == (key["id"], None)
    assert acme.client("bob").get(installed["url"]).text == "ok"
    assert [one["id"] for one in acme.api().get(keys).json["items"]] == [key["id"]]
    install(beta, ready(beta, rival))
