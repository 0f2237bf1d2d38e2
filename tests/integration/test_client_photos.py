"""Photos over the wire: each way of fetching, uploads in pieces, and whom the key goes to."""

from __future__ import annotations

import hashlib
import io
import random
import threading
import time
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pytest

from chakra_api.errors import (
    AnswerLost,
    AnswerTooLarge,
    NoAccess,
    NoFile,
    NotFound,
    SettingsError,
    TooLarge,
    Unreadable,
)
from chakra_api.wire.multipart import Upload
from chakra_sandbox.launch import Sandbox
from tests.support.client_of import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.endpoints.client import ChakraClient

NO_ONES = "00000000-0000-4000-8000-000000000000"
LOST = ["reset_after", "truncate", "garbage", "502_after"]
WAYS = ["bytes", "redirect", "json"]


def photo_id(number: int) -> str:
    return f"51c2d3e4-f5a6-4b7c-8d9e-{number:012x}"


def png(body: bytes, name: str = "front.png") -> Upload:
    return Upload.of_bytes(name, "image/png", body)


@pytest.mark.parametrize("way", WAYS)
def test_what_was_uploaded_is_fetched_byte_for_byte(
    server: Sandbox, client: ChakraClient, way: str
) -> None:
    """With what would end a form, or a JSON text, in it."""
    body = bytes(range(256)) * 500 + b"\r\n--\r\n--chakra--\r\n{},{}," * 99
    made = client.photos.upload(png(body))
    server.knobs(photo_fetch=way)
    fetched = client.photos.fetch(str(made.photo_id))
    assert (fetched.body, fetched.content_type) == (body, "image/png")
    [held] = [each for each in server.arrived("photos") if each["id"] == made.photo_id]
    assert held["sha256"] == hashlib.sha256(body).hexdigest()
    assert (held["filename"], held["filetype"]) == ("front", "png")
    assert (made.row["filename"], made.was_there) == ("front", False)
    assert fetched.row.get("id") == (made.photo_id if way == "json" else None)


@pytest.mark.parametrize("way", WAYS)
def test_photos_of_made_rows_can_be_fetched_and_are_pictures(
    server: Sandbox, client: ChakraClient, way: str
) -> None:
    server.knobs(photo_fetch=way)
    rows: list[Any] = client.list_processes("ticket", None).rows
    named = [str(row["data"]["front_photo"]) for row in rows if "front_photo" in row["data"]]
    assert len(named) > 5
    bodies = {client.photos.fetch(each).body for each in named}
    assert len(bodies) == len(named)
    assert all(body.startswith(b"\x89PNG") for body in bodies)


@pytest.mark.parametrize("way", ["redirect", "json"])
def test_the_key_goes_to_the_host_of_the_api_alone(
    server: Sandbox, client: ChakraClient, way: str
) -> None:
    made = client.photos.upload(png(b"picture"))
    server.knobs(photo_fetch=way)
    server.forget_requests()
    client.photos.fetch(str(made.photo_id))
    asked = [(each["path"].split("/")[1], each["authorized"]) for each in server.requests()]
    assert asked == [("v1", True), ("_files", False)]


def test_a_photo_that_is_not_there_and_one_without_a_file_are_told_apart(
    server: Sandbox, client: ChakraClient
) -> None:
    with pytest.raises(NotFound, match="404"):
        client.photos.fetch(NO_ONES)
    made = client.photos.upload(png(b"picture"))
    server.knobs(photo_fetch="json_alone")
    server.forget_requests()
    with pytest.raises(NoFile, match="no address of its file"):
        client.photos.fetch(str(made.photo_id))
    assert len(server.requests()) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_photo_larger_than_is_wanted_is_not_read(
    server: Sandbox, client: ChakraClient, way: str
) -> None:
    made = client.photos.upload(png(random.Random(1).randbytes(5000)))  # nothing to compress
    server.knobs(photo_fetch=way)
    with pytest.raises(AnswerTooLarge) as caught:
        client.photos.fetch(str(made.photo_id), most_bytes=4999)
    assert caught.value.size == 5000
    assert len(client.photos.fetch(str(made.photo_id), most_bytes=5000).body) == 5000


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["reset_before", "truncate", "502", "html"])
def test_a_fetch_is_repeated_from_its_beginning(
    server: Sandbox, client: ChakraClient, way: str, kind: str
) -> None:
    made = client.photos.upload(png(b"picture" * 99))
    server.knobs(photo_fetch=way, faults=[{"kind": kind, "every_nth": 3}])
    for _ in range(4):
        assert client.photos.fetch(str(made.photo_id)).body == b"picture" * 99
    assert client.stats.retries > 0


def test_an_upload_without_an_id_is_sent_once(server: Sandbox, client: ChakraClient) -> None:
    for number, kind in enumerate(LOST):
        before = len(server.arrived("photos"))
        server.knobs(faults=[{"kind": kind, "every_nth": 1}])
        with pytest.raises(AnswerLost, match="may be there"):
            client.photos.upload(png(b"lost %d" % number))
        server.knobs(faults=[])
        assert len(server.arrived("photos")) == before + 1


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("repeat", ["accepted", "conflict"])
def test_an_upload_under_an_id_is_repeated_and_is_one_photo(
    server: Sandbox, client: ChakraClient, kind: str, repeat: str
) -> None:
    wanted = photo_id(LOST.index(kind) + 10 * (repeat == "conflict"))
    server.knobs(photo_repeat=repeat, faults=[{"kind": kind, "at": [1], "match": wanted}])
    made = client.photos.upload_as(wanted, png(b"once"))
    assert (made.photo_id, made.was_there) == (wanted, repeat == "conflict")
    assert client.photos.fetch(wanted).body == b"once"
    [held] = [each for each in server.arrived("photos") if each["id"] == wanted]
    assert held["times"] == (1 if repeat == "conflict" else 2)


def test_a_file_is_opened_anew_for_each_time_it_is_sent(
    server: Sandbox, client: ChakraClient
) -> None:
    opened = list[io.BytesIO]()

    def opening() -> io.BytesIO:
        opened.append(io.BytesIO(b"z" * 200_000))
        return opened[-1]

    server.knobs(faults=[{"kind": "502_after", "at": [1, 2]}])
    client.photos.upload_as(photo_id(99), Upload("z.jpg", "image/jpeg", 200_000, opening))
    assert [file.closed for file in opened] == [True] * 3
    assert client.photos.fetch(photo_id(99)).content_type == "image/jpeg"


def test_a_large_file_is_sent_in_pieces_of_little_memory(
    server: Sandbox, client: ChakraClient
) -> None:
    size = 24 << 20

    class Endless(io.RawIOBase):
        """A file of zeros that lies nowhere."""

        left = size

        def read(self, wanted: int = -1, /) -> bytes:
            given = min(wanted, self.left)
            self.left -= given
            return bytes(given)

    server.knobs(photo_max_bytes=size)
    client.health()
    tracemalloc.start()
    upload = Upload("z.png", "image/png", size, lambda: cast("BinaryIO", Endless()))
    made = client.photos.upload_as(photo_id(77), upload)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20
    [held] = [each for each in server.arrived("photos") if each["id"] == made.photo_id]
    assert held["bytes"] == size


def test_an_upload_may_take_longer_than_an_answer(server: Sandbox) -> None:
    """An answer has five times the read timeout; its time begins when the file has left."""
    body = b"s" * (8 << 16)

    class Slow(io.BytesIO):
        """Read as from a slow disk."""

        def read(self, wanted: int | None = -1, /) -> bytes:
            time.sleep(0.3)
            return super().read(wanted)

    client = client_of(server, read_timeout=0.4)
    made = client.photos.upload(Upload("s.png", "image/png", len(body), lambda: Slow(body)))
    assert client.photos.fetch(str(made.photo_id)).body == body
    client.close()


@pytest.mark.parametrize("size", [99, 101])
def test_a_file_that_changes_while_it_is_sent_does_not_arrive(
    server: Sandbox, client: ChakraClient, size: int
) -> None:
    before = len(server.arrived("photos"))
    changed = Upload("a.png", "image/png", 100, lambda: io.BytesIO(b"a" * size))
    with pytest.raises(SettingsError, match="changed while it was sent"):
        client.photos.upload(changed)
    assert len(server.arrived("photos")) == before
    assert client.photos.upload(png(b"after it")).photo_id is not None


def test_what_is_too_large_or_not_allowed_is_refused(server: Sandbox, client: ChakraClient) -> None:
    server.knobs(photo_max_bytes=100)
    with pytest.raises(TooLarge):
        client.photos.upload(png(b"x" * 101))
    with pytest.raises(NoAccess):
        client_of(server, key="sandbox-readonly-key").photos.upload(png(b"x"))
    with pytest.raises(NoAccess):
        client_of(server, key="sandbox-forbidden-key").photos.fetch(NO_ONES)
    assert client_of(server, key="sandbox-readonly-key").photos.fetch(
        str(client.photos.upload(png(b"x")).photo_id)
    )


# A server that means harm


class Harm(BaseHTTPRequestHandler):
    """Answers as its server is told to, and keeps what it was asked."""

    server: Harmful

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.server.replies[self.path.partition("?")[0]]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Harmful(ThreadingHTTPServer):
    """A server at two names: `127.0.0.1` is the API, `localhost` is elsewhere."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Harm)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.replies: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def handle_error(self, *_: object) -> None:
        """Who is sent away says nothing."""

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def elsewhere(self) -> str:
        return f"http://localhost:{self.server_port}"


@pytest.fixture
def harmful() -> Iterator[Harmful]:
    with Harmful() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetched(harmful: Harmful, most_bytes: int = 10_000) -> bytes:
    client = client_of(Sandbox(harmful.api, "sk-secret", "", 0))
    try:
        return client.photos.fetch("p", most_bytes=most_bytes).body
    finally:
        client.close()


def redirect(to: str) -> tuple[int, dict[str, str], bytes]:
    return 302, {"Location": to}, b""


def test_no_redirect_of_any_form_carries_the_key_to_another_host(harmful: Harmful) -> None:
    port = harmful.server_port
    forms = [
        f"{harmful.elsewhere}/file?signature=s",
        f"//localhost:{port}/file",
        f"HTTP://LOCALHOST:{port}/file",
        f"/\\localhost:{port}/file",
        f"{harmful.api}@localhost:{port}/file",
    ]
    harmful.replies["/file"] = (200, {"Content-Type": "image/png"}, b"file")
    for form in forms:
        harmful.asked.clear()
        harmful.replies["/v1/ext/photo/p"] = redirect(form)
        if "\\" in form or "@" in form:
            with pytest.raises(NoFile):
                fetched(harmful)
        else:
            assert fetched(harmful) == b"file"
        there = [headers for _, headers in harmful.asked if "localhost" in headers["Host"]]
        assert all("Authorization" not in headers for headers in there), form
        assert all("sk-secret" not in str(headers) for headers in there), form


def test_a_redirect_within_chakra_is_followed_with_the_key_and_not_for_ever(
    harmful: Harmful,
) -> None:
    harmful.replies["/v1/ext/photo/p"] = redirect("/v2/p?x=1")
    harmful.replies["/v2/p"] = (200, {"Content-Type": "image/png"}, b"own")
    assert fetched(harmful) == b"own"
    assert [path for path, _ in harmful.asked] == ["/v1/ext/photo/p", "/v2/p?x=1"]
    assert all(headers["Authorization"] for _, headers in harmful.asked)
    harmful.replies["/v1/ext/photo/p"] = redirect("/v1/ext/photo/p")
    harmful.asked.clear()
    with pytest.raises(NoFile, match="one redirect after another"):
        fetched(harmful)
    assert len(harmful.asked) < 10
    harmful.replies["/v1/ext/photo/p"] = redirect(f"{harmful.elsewhere}/a")
    harmful.replies["/a"] = redirect("/a")
    with pytest.raises(NoFile, match="one redirect after another"):
        fetched(harmful)


def test_a_way_back_from_elsewhere_has_no_key(harmful: Harmful) -> None:
    harmful.replies["/v1/ext/photo/p"] = redirect(f"{harmful.elsewhere}/a")
    harmful.replies["/a"] = redirect(f"{harmful.api}/back")
    harmful.replies["/back"] = (200, {}, b"back")
    assert fetched(harmful) == b"back"
    assert "Authorization" not in harmful.asked[-1][1]


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://localhost/x", "javascript:0", "http://", "http://a:b@localhost/"],
)
def test_what_is_no_address_of_a_file_is_not_asked(harmful: Harmful, address: str) -> None:
    body = f'{{"_data": {{"id": "p", "url": "{address}"}}}}'.encode()
    harmful.replies["/v1/ext/photo/p"] = (200, {"Content-Type": "application/json"}, body)
    with pytest.raises(NoFile):
        fetched(harmful)
    assert len(harmful.asked) == 1


def test_an_address_is_a_secret_and_no_error_says_it(harmful: Harmful) -> None:
    for status, kind in ((403, Exception), (404, NotFound)):
        harmful.replies["/v1/ext/photo/p"] = redirect(f"{harmful.elsewhere}/f?signature=s3cret")
        harmful.replies["/f"] = (status, {}, b"s3cret")
        with pytest.raises(kind, match=f"localhost.*{status}") as caught:
            fetched(harmful)
        assert "s3cret" not in str(caught.value)


def test_answers_without_end_are_left(harmful: Harmful) -> None:
    harmful.replies["/v1/ext/photo/p"] = redirect(f"{harmful.elsewhere}/f")
    harmful.replies["/f"] = (200, {}, b"x" * 20_000)
    with pytest.raises(AnswerTooLarge):
        fetched(harmful)
    many = b'{"_data": {"url": [' + b"{}," * 3_000 + b"0]}}"
    harmful.replies["/v1/ext/photo/p"] = (200, {"Content-Type": "application/json"}, many)
    with pytest.raises(AnswerTooLarge, match="values"):
        fetched(harmful)


def test_a_page_is_no_photo(harmful: Harmful) -> None:
    page = {"Content-Type": "text/html; charset=utf-8"}
    harmful.replies["/v1/ext/photo/p"] = (200, page, b"<html>log in</html>")
    with pytest.raises(Unreadable, match="a page"):
        fetched(harmful)
