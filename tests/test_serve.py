"""The server on this machine answers as a host of static pages does."""

from __future__ import annotations

import gzip
import threading
import urllib.error
import urllib.request

import pytest

from tools.serve import open_server


@pytest.fixture
def ask(tmp_path):
    (tmp_path / "page.html").write_text("<p>words</p>" * 100)
    (tmp_path / "404.html").write_text("<p>lost</p>")
    (tmp_path / "picture.png").write_bytes(b"png")
    with open_server(tmp_path, port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def get(path: str, **headers: str):
            address = f"http://127.0.0.1:{server.server_address[1]}/{path}"
            return urllib.request.urlopen(urllib.request.Request(address, headers=headers))

        yield get
        server.shutdown()


def test_text_is_compressed_for_a_browser_that_takes_it(ask):
    with ask("page.html", **{"Accept-Encoding": "gzip, br"}) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) == len(body) < 200
    assert gzip.decompress(body) == b"<p>words</p>" * 100


@pytest.mark.parametrize(("path", "accepted"), [("page.html", ""), ("picture.png", "gzip")])
def test_anything_else_goes_as_it_is(ask, path, accepted, tmp_path):
    with ask(path, **{"Accept-Encoding": accepted}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.read() == (tmp_path / path).read_bytes()


def test_a_missing_address_is_answered_by_the_books_own_page(ask):
    with pytest.raises(urllib.error.HTTPError) as answer:
        ask("no/such/page.html")
    assert answer.value.code == 404
    assert answer.value.read() == b"<p>lost</p>"
