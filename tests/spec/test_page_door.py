"""Who may speak to the local page: the browser that was given its address, and no site through it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coxa.errors import OptionError
from coxa.page.door import Door
from coxa.page.serve import listening
from tests.spec.page_client import Client


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client.of(tmp_path)


def test_the_address_is_exchanged_for_a_cookie_that_no_script_reads_and_no_other_site_sends(client: Client) -> None:
    answer = client.get(f"/open/{client.door.token}")
    assert (answer.status, answer.to) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.door.token not in cookie
    assert client.get("/").heading.startswith("Studies in")


def test_tokens_are_long_and_never_the_same() -> None:
    one, other = Door(1), Door(1)
    secrets = {one.token, one.session, one.csrf, other.token, other.session, other.csrf}
    assert len(secrets) == 6
    assert min(map(len, secrets)) >= 43
    assert not any(secret in repr(one) for secret in secrets)


@pytest.mark.parametrize("path", ["/open/", "/open/wrong", "/open/%00", "/open/ä"])
def test_a_wrong_token_opens_nothing(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", [None, "", "coxa-8765=wrong", "coxa-1=x; coxa-8765", "coxa-8765=ä", ";;=;\x01"])
def test_without_the_cookie_nothing_is_shown(client: Client, cookie: str | None) -> None:
    for path in ("/", "/study/x/files", "/study/x/run/state"):
        answer = client.get(path, cookie=cookie)
        assert answer.status == 401
        assert client.door.csrf not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "localhost:8765", "127.0.0.1", "127.0.0.1:80", None]
)
def test_another_name_of_the_host_is_refused_so_that_no_site_can_rebind_it(client: Client, host: str | None) -> None:
    assert client.get("/", host=host).status == 421
    assert client.get(f"/open/{client.door.token}", host=host).status == 421
    assert client.post("/new", {"title": "x"}, host=host).status == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8765", None]
)
def test_a_form_of_another_site_is_refused(client: Client, tmp_path: Path, origin: str | None) -> None:
    assert client.post("/new", {"title": "stolen"}, origin=origin).status == 403
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize("path", ["/", "/new", "/end"])
def test_what_a_browser_says_is_from_another_site_is_refused(client: Client, path: str) -> None:
    assert client.get(path, sec_fetch_site="cross-site").status == 403
    assert client.post(path, sec_fetch_site="cross-site").status == 403
    assert client.post(path, sec_fetch_site="same-site").status == 403


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_the_token_of_the_page_is_refused(client: Client, tmp_path: Path, token: str) -> None:
    client.post("/new", {"title": "there"})
    for path in ("/new", "/end", "/example/trial", "/study/there/plan", "/study/there/run/start", "/study/there/read"):
        assert client.post(path, {"csrf": token, "title": "stolen", "text": "x"}).status == 403
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_a_form_of_another_kind_is_refused(client: Client) -> None:
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x", ""):
        assert client.send("POST", "/new", [b"csrf=x"], {"content-type": kind}).status == 415


def test_a_form_that_never_ends_is_refused(client: Client) -> None:
    endless = (b"a" * 100_000 for _ in range(10_000))
    answer = client.send("POST", "/new", endless, {"content-type": "application/x-www-form-urlencoded"})
    assert answer.status == 413
    assert answer.read < 5_000_000


def test_nothing_is_changed_by_looking(client: Client) -> None:
    for path in ("/new", "/end", "/study/x/run/start", "/study/x/upload"):
        assert client.get(path).status in (404, 405)


def test_every_answer_has_the_headers_of_safety(client: Client) -> None:
    for path in ("/", "/nowhere", "/static/page.css", "/static/page.js", "/open/wrong"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_a_page_loads_its_own_style_and_script_only(client: Client) -> None:
    text = client.get("/").text
    assert set(re.findall(r'(?:src|href)="([^"#]*)"', text)) <= {"/", "data:,", "/static/page.css", "/static/page.js"}
    assert "<style" not in text
    assert " style=" not in text


def test_only_the_two_files_of_the_package_are_static(client: Client) -> None:
    for name in ("page.py", "..%2Fapp.py", "../app.py", "%2e%2e/app.py"):
        assert client.get(f"/static/{name}").status == 404


def test_it_listens_on_this_computer_alone() -> None:
    with listening(0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        with pytest.raises(OptionError, match=f"Port {port} is taken"):
            listening(port)
