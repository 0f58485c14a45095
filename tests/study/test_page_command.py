"""`coxa page`, as a user starts and ends it: an address that works, and nothing left when it has ended."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from typer.testing import CliRunner

from coxa.cli.main import app


@contextmanager
def started(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command without a browser; yield its process and the address that it prints."""
    words = [sys.executable, "-u", "-m", "coxa.cli.main", "page", str(folder), "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/open/\S+", process.stdout.readline())
        assert found
        yield process, found[0]


def asked(address: str, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    """Send one request as a browser does; return status, headers and text."""
    host = urlsplit(address).netloc
    connection = http.client.HTTPConnection(host)
    own = {"origin": f"http://{host}", "content-type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body, {**own, **headers})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


def test_the_address_opens_the_page_and_its_button_ends_it(tmp_path: Path) -> None:
    (tmp_path / "hips").mkdir()
    with started(tmp_path) as (process, address):
        status, headers, _ = asked(address, "GET", urlsplit(address).path)
        cookie = headers["set-cookie"].split(";")[0]
        assert status == 303
        status, headers, text = asked(address, "GET", "/", cookie=cookie)
        assert status == 200
        assert "server" not in headers
        assert "hips" in text
        assert asked(address, "GET", "/")[0] == 401
        assert asked(address, "GET", "/", host="evil.example", cookie=cookie)[0] == 421
        again = CliRunner().invoke(app, ["page", str(tmp_path), "--no-browser"])
        assert again.exit_code == 2
        assert "A page is open" in again.output
        token = re.search(r'name="csrf" value="([^"]+)"', text)
        assert token
        status, _, text = asked(address, "POST", "/end", urlencode({"csrf": token[1]}), cookie=cookie)
        assert "The page has ended" in text
        rest = process.communicate()[0]
        assert process.returncode == 0
        assert rest.endswith("The page has ended.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["hips"]


@pytest.mark.skipif(os.name == "nt", reason="a signal that Windows sends otherwise")
def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with started(tmp_path) as (process, address):
        assert asked(address, "GET", urlsplit(address).path)[0] == 303
        process.send_signal(signal.SIGINT)
        rest = process.communicate()[0]
        assert process.returncode == 0
        assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["page", str(tmp_path / "nowhere"), "--no-browser"])
    assert result.exit_code == 2
    assert "is not a folder" in result.output
