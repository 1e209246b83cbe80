"""Pages: lists, details, fragments, acts, errors in plain words, and the headers they carry."""

from __future__ import annotations

import re
from typing import Any

from house.stage import csrf_of
from kernel.tenancy import switch_plugin


def test_a_list_shows_rows_that_may_be_opened_sorted_filtered_and_continued(parcels: Any) -> None:
    page = parcels.client().get("/parcels").text
    assert 'href="/parcels/1"' in page
    assert "€123.45" in page
    assert "Contoso GmbH" in page
    assert 'hx-get="/parcels?sort=value"' in page
    assert 'hx-get="/parcels?cursor=12"' in page
    assert 'name="ids" value="1"' in page
    again = parcels.client().get("/parcels?sort=value&cursor=24&status=").text
    assert 'hx-get="/parcels?sort=-value"' in again
    assert "cursor=36" not in again


def test_a_list_without_rows_says_why(parcels: Any) -> None:
    assert "No entry fits these filters." in parcels.client().get("/parcels?q=nonsense").text


def test_a_wrong_filter_is_refused_in_words(parcels: Any) -> None:
    answer = parcels.client().get("/parcels?status=eaten")
    assert answer.status_code == 422
    assert "status" in answer.text


def test_a_detail_page_offers_panels_of_other_rooms(parcels: Any) -> None:
    page = parcels.client().get("/parcels/4").text
    assert 'hx-get="/parcels/history/' in page
    assert "?tab=parcels-history" in page
    chosen = parcels.client().get("/parcels/4?tab=parcels-history").text
    assert 'hx-trigger="load"' in chosen
    assert "commented" not in chosen


def test_acts_need_permission_to_be_offered_and_to_be_done(parcels: Any) -> None:
    carol = parcels.client("carol")
    page = carol.get("/parcels").text
    assert "New parcel" not in page
    assert 'name="ids"' not in page
    refused = carol.post("/parcels/1/close")
    assert refused.status_code == 403
    assert "parcel.send" in refused.text


def test_nobody_signed_in_is_led_to_the_login_and_back(parcels: Any) -> None:
    answer = parcels.app.test_client().get("/parcels?status=late")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/parcels%3Fstatus%3Dlate"
    fragment = parcels.app.test_client().get(
        "/parcels/card", headers={"HX-Request": "true", "HX-Current-URL": "http://x/parcels"}
    )
    assert fragment.headers["HX-Redirect"] == "/login?next=/parcels"


def test_a_post_without_the_forms_token_is_refused(parcels: Any) -> None:
    client = parcels.client()
    del client.environ_base["HTTP_X_CSRF_TOKEN"]
    assert client.post("/parcels/1/close").status_code == 403
    token = csrf_of(client.get("/parcels/new").text)
    assert client.post("/parcels/1/close", data={"csrf_token": token}).status_code == 303
    foreign = client.post("/parcels/1/close", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_a_toast_is_said_once_and_offers_undo(parcels: Any) -> None:
    client = parcels.client()
    sent = {"client_id": "7f7b1f6e-0a51-4f1e-9b6e-9a8f6f1f0001", "title": "Toner", "speed": "fast", "value": "1"}
    assert client.post("/parcels/new", data=sent).location == "/parcels/1"
    first = client.get("/parcels/1").text
    assert "Parcel sent." in first
    assert 'action="/parcels/1/undo"' in first
    assert "Parcel sent." not in client.get("/parcels/1").text


def test_a_forged_toast_cannot_lead_elsewhere(parcels: Any) -> None:
    client = parcels.client()
    client.set_cookie("deskhand_toast", '{"text": "<b>hi</b>", "undo": "//evil.example/x"}')
    page = client.get("/parcels").text
    assert "evil.example" not in page
    assert "&lt;b&gt;hi" in page


def test_fragments_answer_errors_with_a_toast(parcels: Any) -> None:
    client = parcels.client()
    answer = client.post("/parcels/1/close", data={"why": "broken"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "A broken parcel stays open." in answer.text
    assert "<html" not in answer.text
    gone = client.post("/parcels/1/close", headers={"HX-Request": "true"})
    assert gone.headers["HX-Redirect"] == "/parcels/1"


def test_errors_are_pages_in_plain_words(parcels: Any) -> None:
    client = parcels.client()
    parcels.app.config["PROPAGATE_EXCEPTIONS"] = False
    fault = client.post("/parcels/1/close", data={"why": "bug"})
    assert fault.status_code == 500
    assert "Nothing was changed" in fault.text
    assert "ZeroDivisionError" not in fault.text
    assert fault.headers["X-Request-Id"] in fault.text
    lost = client.get("/nowhere")
    assert lost.status_code == 404
    assert "Nothing is at this address" in lost.text


def test_a_switched_off_room_is_gone(parcels: Any) -> None:
    with parcels.call() as ctx:
        switch_plugin(ctx, "web_room", enabled=False)
    client = parcels.client()
    answer = client.get("/parcels")
    assert answer.status_code == 404
    assert "switched off" in answer.text
    assert "/parcels" not in client.get("/").text
    assert "Parcel" not in client.get("/palette?q=parcel").text


def test_navigation_cards_and_palette_show_what_the_reader_may_use(parcels: Any) -> None:
    alice, carol = parcels.client(), parcels.client("carol")
    assert 'hx-get="/parcels/card"' in carol.get("/").text
    assert "Parcel rules" in alice.get("/").text
    assert "Parcel rules" not in carol.get("/").text
    assert "Parcel rules" in alice.get("/palette?q=rul").text
    assert "Parcel rules" not in carol.get("/palette?q=rul").text
    assert 'data-value="/parcels/1"' in carol.get("/palette?q=7").text
    mallory = parcels.client("mallory").get("/")
    assert mallory.status_code == 200
    assert "/parcels" not in mallory.text


def test_every_page_carries_a_strict_policy(parcels: Any) -> None:
    answer = parcels.client().get("/parcels")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([\w-]+)'", policy)
    assert nonce
    assert f'nonce="{nonce[1]}"' in answer.text
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r'\sstyle="|\son\w+="', answer.text)
    assert parcels.client().get("/parcels").headers["Content-Security-Policy"] != policy


def test_assets_are_cached_for_ever_and_sent_packed(parcels: Any) -> None:
    client = parcels.client()
    page = client.get("/parcels").text
    sheet = re.search(r'href="(/static/dist/app-\w+\.css)"', page)
    assert sheet
    with client.get(sheet[1]) as plain, client.get(sheet[1], headers={"Accept-Encoding": "gzip"}) as packed:
        assert "immutable" in plain.headers["Cache-Control"]
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.mimetype == "text/css"
        assert len(packed.data) < len(plain.data) / 3
    assert client.get("/static/dist/../../../i18n.py").status_code == 404


def test_csv_cells_are_no_formulas(parcels: Any) -> None:
    text = parcels.client().get("/parcels.csv").text
    assert "'=cmd()" in text
    assert "-5,-5.20" in text


def test_a_panel_a_card_and_an_explanation_are_fragments(parcels: Any) -> None:
    client = parcels.client()
    for url in ("/parcels/card", "/parcels/why", "/parcels/pick?q=nor"):
        answer = client.get(url)
        assert answer.status_code == 200
        assert "<html" not in answer.text
    assert "Northwind Ltd" in client.get("/parcels/pick?q=nor").text
