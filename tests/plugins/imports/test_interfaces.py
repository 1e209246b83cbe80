"""The same import by page, by REST and by the command line."""

from __future__ import annotations

import base64
import io
import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from house.stage import csrf_of
from kernel import jobs
from kernel.directory.models import Client
from plugins.imports import commands, services
from plugins.imports.commands import import_files

pytestmark = pytest.mark.usefixtures("room")
FIRMS = b"external_id,name,currency\nF-1,Quellbach,EUR\nF-2,Rosenquist,USD\n"
BAD = FIRMS + b"F-3,,EUR\n"


def firms(world: Any) -> list[str]:
    with world.call() as ctx:
        return sorted(ctx.session.scalars(select(Client.name)))


def as_json(content: bytes, **options: Any) -> dict[str, Any]:
    return {"files": [{"name": "firms.csv", "content": base64.b64encode(content).decode()}], **options}


def test_an_import_through_rest_is_done_by_a_job(acme: Any) -> None:
    api = acme.api()
    answer = api.post("/api/v1/imports", json=as_json(FIRMS))
    assert answer.status_code == 202, answer.json
    assert answer.json["state"] == "open"
    jobs.drain(acme.kernel, acme.tenant_id)
    url = f"/api/v1/imports/{answer.json['id']}"
    assert api.get(url).json["state"] == "done"
    (file,) = api.get(f"{url}/files").json["items"]
    assert (file["name"], file["state"], file["rows_loaded"]) == ("firms.csv", "loaded", 2)
    assert api.get("/api/v1/imports").json["items"][0]["id"] == answer.json["id"]
    assert firms(acme) == ["Quellbach", "Rosenquist"]


def test_rest_lists_what_is_to_be_mended(acme: Any) -> None:
    api = acme.api()
    url = f"/api/v1/imports/{api.post('/api/v1/imports', json=as_json(BAD, dry_run=True)).json['id']}"
    jobs.drain(acme.kernel, acme.tenant_id)
    assert api.get(url).json["state"] == "refused"
    assert api.get(f"{url}/errors").json["items"] == [
        {"file": "firms.csv", "line": 4, "column": "name", "external_id": "F-3", "message": "must have a value."}
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"files": []}, "files"),
        ({"files": [{"name": "firms.csv", "content": "no base 64!"}]}, "files[0].content"),
        (as_json(FIRMS, date_order="ymd"), "date_order"),
        (as_json(FIRMS, mood="fine"), "mood"),
    ],
)
def test_rest_names_the_field_that_is_wrong(acme: Any, body: dict[str, Any], field: str) -> None:
    answer = acme.api().post("/api/v1/imports", json=body)
    assert answer.status_code == 422
    assert [name.replace("[", ".").replace("]", "") for name in answer.json["errors"]] == [
        field.replace("[", ".").replace("]", "")
    ]


def test_bob_may_not_import(acme: Any) -> None:
    assert acme.api("bob").post("/api/v1/imports", json=as_json(FIRMS)).status_code == 403
    assert acme.client("bob").get("/imports").status_code == 403


def test_the_pages_take_files_and_show_what_became_of_them(acme: Any) -> None:
    browser = acme.client()
    form = browser.get("/imports/new")
    assert "people.csv" in form.text
    sent = {
        "csrf_token": csrf_of(form.text),
        "skip_bad_rows": "true",
        "date_order": "",
        "decimal": "",
        "encoding": "",
        "files": [(io.BytesIO(BAD), "firms.csv"), (io.BytesIO(b"x"), "letter.txt")],
    }
    answer = browser.post("/imports/new", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    jobs.drain(acme.kernel, acme.tenant_id)
    page = browser.get(answer.location).text
    assert "must have a value." in page
    assert "letter.txt" in page
    errors = browser.get(f"{answer.location}/errors.csv")
    assert errors.data.decode("utf-8-sig").splitlines()[1] == "firms.csv,4,name,F-3,must have a value."
    assert "Alice" in browser.get("/imports").text
    assert firms(acme) == ["Quellbach", "Rosenquist"]


def test_a_form_without_a_file_comes_back_with_the_reason(acme: Any) -> None:
    browser = acme.client()
    token = csrf_of(browser.get("/imports/new").text)
    answer = browser.post("/imports/new", data={"csrf_token": token})
    assert answer.status_code == 422
    assert "Choose at least one file." in answer.text


def test_an_empty_file_with_the_right_header_is_offered(acme: Any) -> None:
    browser = acme.client()
    assert browser.get("/imports/templates/firms.csv").data.decode("utf-8-sig") == "external_id,name,currency\r\n"
    assert browser.get("/imports/templates/passwd").status_code == 404


@pytest.fixture
def run(acme: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, in a folder of its own, on the database of the test."""

    @contextmanager
    def opened() -> Any:
        yield acme.kernel

    monkeypatch.setattr(commands, "open_kernel", opened)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(import_files, [*arguments, "--tenant", acme.tenant.slug])

    return call


def test_the_command_line_loads_a_folder(acme: Any, run: Any, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "firms.csv").write_bytes(FIRMS)
    checked = run("export", "--dry-run")
    assert checked.exit_code == 0, checked.output
    assert "Everything can be loaded; nothing was kept." in checked.output
    assert firms(acme) == []
    loaded = run("export")
    assert "firms.csv" in loaded.output
    assert loaded.output.endswith("Done.\n")
    assert "loaded before, unchanged" in run("export").output
    assert firms(acme) == ["Quellbach", "Rosenquist"]


def test_the_command_line_writes_the_error_file(acme: Any, run: Any, tmp_path: Path) -> None:
    (tmp_path / "firms.csv").write_bytes(BAD)
    refused = run("firms.csv", "--errors", "mend.csv", "--json")
    assert refused.exit_code == 1
    report = json.loads(refused.stdout)
    assert report["state"] == "refused"
    assert report["files"][0]["error_count"] == 1
    assert "F-3" in (tmp_path / "mend.csv").read_text(encoding="utf-8-sig")
    assert firms(acme) == []


def test_a_user_of_the_command_line_needs_the_permission(acme: Any, run: Any, tmp_path: Path) -> None:
    (tmp_path / "firms.csv").write_bytes(FIRMS)
    with acme.call() as ctx:
        from kernel.directory import staff

        email = staff.get_user(ctx, acme.users["bob"]).email
    refused = run("firms.csv", "--as", email)
    assert "import.run" in str(refused.exception)


def test_a_job_that_lost_its_worker_goes_on_with_the_next_file(acme: Any) -> None:
    people = b"external_id,firm,name\nP-1,F-1,Dana\n"
    with acme.call() as ctx:
        run = services.queue_import(ctx, {"firms.csv": FIRMS, "people.csv": people}, services.Options(), "api")
        run_id = run.id
    with acme.call() as ctx:
        services.next_step(ctx, run_id, lambda *_: None)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call() as ctx:
        assert [one.state for one in services.list_files(ctx, run_id)] == ["loaded", "loaded"]
        assert jobs.get_job(ctx, run.job_id).state == "succeeded"
