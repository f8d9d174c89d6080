"""What we say over HTTP, to whom, and how often."""

from pathlib import Path

import pytest

from supplychain._http import check_address, post
from supplychain.errors import LimitExceeded, NetworkError, NetworkRefused
from tests.support.http import Answer, answering

LATER = Answer(status=503)


def send(url: str, *, repeatable: bool = True, seconds: float = 10, max_bytes: int = 100) -> bytes:
    return post(
        url,
        b"question",
        content_type="text/plain",
        max_bytes=max_bytes,
        repeatable=repeatable,
        seconds=seconds,
        pause=lambda _: None,
    )


def test_an_answer_comes_back_as_it_is() -> None:
    with answering(Answer(body=b"answer")) as server:
        assert send(server.url) == b"answer"
        assert (server.asked[0].method, server.asked[0].body) == ("POST", b"question")


def test_what_may_be_repeated_is_asked_three_times_and_no_more() -> None:
    with answering(LATER, LATER, Answer(body=b"answer")) as server:
        assert send(server.url) == b"answer"
    with answering(LATER) as server:
        with pytest.raises(NetworkError, match="status 503") as error:
            send(server.url)
        assert (len(server.asked), error.value.code) == (3, "NetworkError")


def test_what_may_not_be_repeated_is_asked_once() -> None:
    with answering(LATER) as server:
        with pytest.raises(NetworkError, match="503"):
            send(server.url, repeatable=False)
        assert len(server.asked) == 1


def test_an_answer_that_says_no_is_final() -> None:
    with answering(Answer(status=403, body=b"no")) as server:
        with pytest.raises(NetworkError, match="403"):
            send(server.url)
        assert len(server.asked) == 1


def test_a_longer_answer_than_agreed_is_not_read_to_its_end() -> None:
    with answering(Answer(body=b"x" * 101)) as server, pytest.raises(LimitExceeded, match="100 bytes"):
        send(server.url)
    with answering(Answer(body=b"x" * 100)) as server:
        assert len(send(server.url)) == 100


def test_silence_is_waited_out_and_told() -> None:
    with answering(Answer(waits=True)) as server, pytest.raises(NetworkError, match=r"within 0\.05 seconds"):
        send(server.url, seconds=0.05)


def test_nobody_there_is_told() -> None:
    with pytest.raises(NetworkError, match="cannot be reached"):
        send("http://127.0.0.1:9/")


@pytest.mark.threat(69)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_origin_is_not_followed(status: int) -> None:
    with answering(Answer(body=b"stolen")) as other:
        away = Answer(status=status, headers={"Location": f"{other.url}/x"})
        with answering(away) as server, pytest.raises(NetworkRefused, match="not followed"):
            send(server.url)
        assert other.asked == []


def test_the_same_origin_is_followed_a_few_times() -> None:
    with answering(Answer(status=307, headers={"Location": "/there"}), Answer(body=b"answer")) as server:
        assert send(server.url) == b"answer"
        assert (server.asked[1].path, server.asked[1].body) == ("/there", b"question")
    with answering(Answer(status=308, headers={"Location": "/again"})) as server:
        with pytest.raises(NetworkError, match="more than 3 redirects"):
            send(server.url)
        assert len(server.asked) == 4


@pytest.mark.threat(68)
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "//example.com/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
        "http://2852039166/",
        "http://[broken/",
        "http:///nobody",
        "http://127.0.0.1:99999/",
    ],
)
def test_an_address_nobody_should_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(NetworkRefused):
        send(url)
    with pytest.raises(NetworkRefused):
        check_address(url, look_up=False)


@pytest.mark.threat(75)
def test_a_password_in_an_address_is_refused_and_not_told() -> None:
    with pytest.raises(NetworkRefused) as error:
        send("https://me:hunter2@example.com/")
    assert "hunter2" not in str(error.value)


def test_offline_talks_to_nobody() -> None:
    with answering(Answer()) as server:
        with pytest.raises(NetworkRefused, match="offline"):
            post(server.url, b"", content_type="text/plain", max_bytes=1, offline=True)
        assert server.asked == []


def test_a_secret_goes_through_tls_or_stays_here() -> None:
    with pytest.raises(NetworkRefused, match="TLS"):
        check_address("http://example.com/", secret=True, look_up=False)
    for url in ("https://example.com/", "http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"):
        check_address(url, secret=True, look_up=False)


@pytest.mark.threat(75)
def test_passwords_of_the_user_are_sent_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(Answer(body=b"answer")) as server:
        send(server.url)
        assert "authorization" not in server.asked[0].headers
