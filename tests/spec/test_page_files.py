"""Files and folders of the local page: nothing outside the chosen folder is read or written, nothing is left half."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coxa.errors import OptionError
from coxa.page.home import Home, Place, file_name, folder_name
from coxa.page.one_page import only_page
from coxa.page.plan_text import checked_text
from tests.spec.page_client import BOUNDARY, Client, multipart, part

ROWS = b"patient,clinic\nP1,A\n"
LIMIT = 50_000


@pytest.fixture
def client(tmp_path: Path) -> Client:
    home = tmp_path / "home"
    home.mkdir()
    opened = Client.of(home, most_upload=LIMIT)
    opened.post("/new", {"title": "Hips"})
    return opened


@pytest.fixture
def hips(tmp_path: Path, client: Client) -> Path:  # noqa: ARG001
    return tmp_path / "home" / "hips"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".coxa-page.json")


def test_files_are_written_to_the_folder_of_the_study(client: Client, hips: Path) -> None:
    answer = client.upload("hips", [("a.csv", ROWS), ("b.csv", ROWS * 900)])
    assert (answer.status, answer.to) == (303, "/study/hips/files")
    assert (hips / "a.csv").read_bytes() == ROWS
    assert (hips / "b.csv").read_bytes() == ROWS * 900
    assert os.name == "nt" or (hips / "a.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../evil.csv", "evil.csv"),
        ("/etc/evil.csv", "evil.csv"),
        ("C:\\\\Users\\\\me\\\\evil.csv", "evil.csv"),
        ("..\\\\evil.csv", "evil.csv"),
        (".hidden.csv", "hidden.csv"),
        ("a\x01b<c>.csv", "a_b_c_.csv"),
        ("Übung 1.XLSX", "Übung 1.XLSX"),
    ],
)
def test_a_name_is_its_last_part_without_what_a_system_means_by_it(
    client: Client, hips: Path, tmp_path: Path, given: str, kept: str
) -> None:
    assert client.upload("hips", [(given, ROWS)]).status == 303
    assert names(hips) == [kept]
    assert names(tmp_path) == ["home"]


@pytest.mark.parametrize(
    "given", ["study.yaml", "x.html", "x", "..", ".csv", "con.csv", ".coxa-page.json", "x.csv.exe"]
)
def test_other_files_are_refused(client: Client, hips: Path, given: str) -> None:
    assert client.upload("hips", [(given, ROWS)]).status == 422
    assert names(hips) == []


def test_a_file_replaces_another_only_when_it_was_ticked(client: Client, hips: Path) -> None:
    client.upload("hips", [("a.csv", ROWS)])
    answer = client.upload("hips", [("A.csv", b"other"), ("b.csv", ROWS)])
    assert answer.status == 422
    assert "There is a file A.csv already" in answer.problem
    assert names(hips) == ["a.csv"]
    assert client.upload("hips", [("a.csv", b"other")], {"replace": "yes"}).status == 303
    assert (hips / "a.csv").read_bytes() == b"other"


def test_a_link_in_the_study_is_never_written_through(client: Client, hips: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_bytes(b"evidence")
    (hips / "a.csv").symlink_to(outside)
    assert client.upload("hips", [("a.csv", ROWS)], {"replace": "yes"}).status == 422
    assert outside.read_bytes() == b"evidence"


def test_two_gigabytes_are_refused_before_a_byte_is_taken(tmp_path: Path) -> None:
    client = Client.of(tmp_path)
    client.post("/new", {"title": "Hips"})
    answer = client.upload("hips", [("a.csv", ROWS)], content_length=str(2_000_000_000))
    assert (answer.status, answer.read) == (413, 0)
    assert "larger than 1 GB" in answer.problem
    assert names(tmp_path / "hips") == []


def test_a_stream_that_is_longer_than_it_says_is_cut_and_nothing_is_kept(client: Client, hips: Path) -> None:
    def endless() -> Iterator[bytes]:
        yield part('name="csrf"', client.door.csrf.encode())
        yield part('name="files"; filename="a.csv"', b"")[:-2]
        while True:
            yield b"x" * 10_000

    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "content-length": "100"}
    answer = client.send("POST", "/study/hips/upload", endless(), kind)
    assert answer.status == 413
    assert answer.read < LIMIT + 20_000
    assert names(hips) == []


def test_while_a_file_comes_its_part_is_in_the_study_and_nowhere_else(
    client: Client, hips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    seen: list[list[str]] = []

    def body() -> Iterator[bytes]:
        yield part('name="csrf"', client.door.csrf.encode())
        yield part('name="files"; filename="a.csv"', b"")[:-2]
        for _ in range(20):
            yield b"x" * 2000
            seen.append([*names(hips), *names(elsewhere)])
        yield f"\r\n--{BOUNDARY}--\r\n".encode()

    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert client.send("POST", "/study/hips/upload", body(), kind).status == 303
    assert set(map(tuple, seen)) == {(".a.csv.part",)}
    assert names(hips) == ["a.csv"]


def test_an_upload_that_breaks_off_leaves_nothing(client: Client, hips: Path) -> None:
    whole = multipart({"csrf": client.door.csrf}, [("a.csv", ROWS * 50)])
    assert client.send_multipart("hips", whole[:-200]).status == 422
    assert names(hips) == []

    def broken() -> Iterator[bytes | None]:
        yield whole[:900]
        yield None

    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert client.send("POST", "/study/hips/upload", broken(), kind).status == 400
    assert names(hips) == []


@pytest.mark.parametrize("token", ["", "wrong", None])
def test_an_upload_without_the_token_is_refused_before_its_first_file(
    client: Client, hips: Path, token: str | None
) -> None:
    body = multipart({} if token is None else {"csrf": token}, [("a.csv", ROWS)])
    assert client.send_multipart("hips", body).status == 403
    late = part('name="files"; filename="a.csv"', ROWS) + multipart({"csrf": client.door.csrf}, [])
    assert client.send_multipart("hips", late).status == 403
    assert names(hips) == []


def test_two_files_of_one_name_are_refused(client: Client, hips: Path) -> None:
    assert client.upload("hips", [("a.csv", ROWS), ("x/A.csv", ROWS)]).status == 422
    assert names(hips) == []


KILLED = """
import os, sys
from pathlib import Path
from tests.spec.page_client import BOUNDARY, Client, part
client = Client.of(Path(sys.argv[1]))
def body():
    yield part('name="csrf"', client.door.csrf.encode())
    yield part('name="files"; filename="a.csv"', b"")[:-2]
    yield b"x" * 5000
    os.kill(os.getpid(), 9)
kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
client.send("POST", "/study/hips/upload", body(), kind)
"""


@pytest.mark.skipif(os.name == "nt", reason="a signal that Windows does not have")
def test_after_a_kill_there_is_a_part_at_most_and_the_next_start_removes_it(client: Client, hips: Path) -> None:
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), str(root / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-c", KILLED, str(hips.parent)], env=environment, check=False)
    assert names(hips) == [".a.csv.part"]
    Client.of(hips.parent)
    assert names(hips) == []
    assert client.get("/study/hips/files").status == 200


@pytest.mark.parametrize(
    "path", ["..", "%2e%2e", "../..", "..%2f..", "hips/..", "hips%2f..", ".", "%00", "hips\\", "nowhere", ".hidden"]
)
def test_an_address_leads_to_a_study_of_the_folder_or_nowhere(client: Client, path: str, tmp_path: Path) -> None:
    (tmp_path / "home" / ".hidden").mkdir()
    assert client.get(f"/study/{path}/files").status == 404


def test_links_to_folders_and_files_are_not_followed(client: Client, hips: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "rows.csv").write_bytes(ROWS)
    (hips.parent / "linked").symlink_to(secret)
    (hips / "inner").symlink_to(secret)
    (hips / "rows.csv").symlink_to(secret / "rows.csv")
    (hips / "study.yaml").symlink_to(secret / "rows.csv")
    assert client.get("/study/linked/files").status == 404
    assert "rows.csv" not in client.get("/study/hips/files").text
    assert Place("hips", hips).plan is None
    answer = client.post("/study/hips/read", {"file": ["rows.csv", "../secret/rows.csv", "/etc/passwd"], "kind": ""})
    assert "No file is chosen" in answer.problem


def test_results_are_those_of_a_run_by_their_own_names(client: Client, hips: Path, tmp_path: Path) -> None:
    run = hips / "runs" / "1"
    run.mkdir(parents=True)
    (run / "results.json").write_text("{}")
    (run / "report.html").write_text("<p>a report</p>")
    (run / "findings.csv").write_text("P1")
    (tmp_path / "report.pdf").write_text("secret")
    (run / "report.pdf").symlink_to(tmp_path / "report.pdf")
    assert client.get("/study/hips/runs/1/page/report.html").text == "<p>a report</p>"
    for name in ("findings.csv", "results.json", "report.pdf", "..%2f..%2f..%2freport.pdf", "nothing.html"):
        assert client.get(f"/study/hips/runs/1/save/{name}").status == 404
    for number in ("0", "2", "-1", "1e0", "٣", "99999999"):
        assert client.get(f"/study/hips/runs/{number}/page/report.html").status == 404


def test_a_report_is_shown_as_a_page_of_no_site_under_its_own_policy(client: Client, hips: Path) -> None:
    run = hips / "runs" / "1"
    run.mkdir(parents=True)
    (run / "results.json").write_text("{}")
    policy = "default-src 'none'; script-src 'sha256-abc'"
    meta = policy.replace("'", "&#39;")
    (run / "report.html").write_text(f'<meta http-equiv="Content-Security-Policy" content="{meta}">')
    found = client.get("/study/hips/runs/1/page/report.html").headers["content-security-policy"]
    assert found.startswith(f"{policy}; sandbox allow-scripts allow-downloads;")
    assert "frame-ancestors 'self'" in found
    assert "allow-same-origin" not in found
    saved = client.get("/study/hips/runs/1/save/report.html")
    assert saved.headers["content-disposition"] == 'attachment; filename="hips-1-report.html"'


AUDIT = "audit: tiny\ntitle: Tiny\noutcomes: {pain: {instrument: nprs}}\ndata: "


@pytest.mark.parametrize(
    "data", ["{folder: ../.., file: a.csv}", "{file: ../../a.csv}", "{file: /etc/passwd}", "{file: inner/a.csv}"]
)
def test_a_plan_with_data_outside_of_the_folder_has_a_fault(hips: Path, tmp_path: Path, data: str) -> None:
    (hips / "inner").symlink_to(tmp_path)
    found = checked_text(AUDIT + data, "audit.yaml", hips, Home.of(hips.parent))
    assert found.plan is None
    assert {fault.row for fault in found.faults} == {4}
    assert "outside of the folder" in found.faults.items[0].rule


def test_a_plan_with_a_server_is_not_run_here(hips: Path) -> None:
    text = f"{AUDIT}{{database: postgresql://reader@host/clinic, table: episodes}}"
    found = checked_text(text, "audit.yaml", hips, Home.of(hips.parent))
    assert found.plan is None
    assert "database server" in found.faults.items[0].rule


def test_names_of_folders_are_made_of_letters_digits_and_hyphens(client: Client, hips: Path) -> None:
    assert folder_name("  Hip & Groin: Clinic Ä ") == "hip-groin-clinic-a"
    for title in ("", "///", "..", "日本", "con"):
        with pytest.raises(OptionError):
            folder_name(title)
    answer = client.post("/new", {"title": "HIPS!"})
    assert answer.status == 422
    assert "There is a folder hips already" in answer.problem
    assert names(hips.parent) == ["hips"]


def test_a_name_is_cut_where_it_is_long() -> None:
    assert len(file_name("x" * 400 + ".csv")) == 100


def test_studies_are_the_folders_in_the_chosen_one_and_itself_where_it_has_a_plan(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    assert [place.name for place in Home.of(tmp_path).places()] == ["one"]
    (tmp_path / "study.yaml").write_text("study: x")
    assert [place.name for place in Home.of(tmp_path).places()] == ["this-folder", "one"]
    with pytest.raises(OptionError):
        Home.of(tmp_path / "study.yaml")


def test_one_page_is_open_for_a_folder(tmp_path: Path) -> None:
    with only_page(tmp_path):
        with pytest.raises(OptionError, match="A page is open"), only_page(tmp_path):
            pass
        assert names(tmp_path) == [".coxa-page.lock"]
    with only_page(tmp_path):
        pass
    assert names(tmp_path) == []


def test_what_a_stopped_run_left_is_removed_at_the_next_start_and_a_run_with_results_stays(
    client: Client,  # noqa: ARG001
    hips: Path,
) -> None:
    for number, file in (("1", "results.json"), ("2", ".coxa-writing/report.html"), ("notes", ".coxa-writing/x")):
        path = hips / "runs" / number / file
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    other = hips.parent / "other" / "runs" / "1"
    other.mkdir(parents=True)
    (hips.parent / "other" / ".a.csv.part").write_bytes(ROWS)
    Client.of(hips.parent)
    assert names(hips / "runs") == ["1", "notes"]
    assert names(hips.parent / "other") == [".a.csv.part", "runs"], "no page has written there"
    assert other.is_dir()
