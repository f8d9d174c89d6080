"""A timestamp is put beside a signature by a key only when it verifies."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp

from supplychain import Signature, Trust, sign, verify
from supplychain.api.evidence import sign_files
from supplychain.api.keys import timestamped
from supplychain.errors import NetworkError, NetworkRefused, SupplyChainError, TimestampInvalid
from supplychain.keys import generate
from supplychain.signing.local import LocalSigner
from supplychain.signing.timestamp import TimestampAuthority
from tests.sigstore_stack import oracle, root, tsa
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.stack import Stack, new_stack
from tests.support.http import Answer, Asked, answering

KEY = generate()


@pytest.fixture(scope="module")
def stack() -> Stack:
    return new_stack(Clock(oracle.today()))


def root_of(stack: Stack) -> bytes:
    return json.dumps(root.trusted_root(stack)).encode()


@contextmanager
def authority(stack: Stack, answer: Callable[[Asked], Answer] | Answer) -> Iterator[TimestampAuthority]:
    stack.clock.set(oracle.today())
    with answering(answer) as server:
        yield TimestampAuthority(url=server.url, root=root_of(stack), pause=lambda _: None)


def stamping(stack: Stack) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(status=201, body=tsa.respond(stack.tsa, asked.body))


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "app.bin"
    path.write_bytes(b"bytes of the app")
    return path


def test_a_stamped_signature_tells_its_time_by_the_root_that_knows_the_authority(stack: Stack, artifact: Path) -> None:
    with authority(stack, stamping(stack)) as tsa_:
        sign_files([artifact], signer=LocalSigner(KEY, tsa_))
    (proof,) = verify(artifact, Signature, trust=Trust(KEY.public, root=root_of(stack)))
    assert proof.signed_at == stack.clock.now()
    with pytest.raises(TimestampInvalid):
        verify(artifact, Signature, trust=Trust(KEY.public))


def test_a_stamped_signature_is_kept_and_one_without_is_not(stack: Stack, artifact: Path) -> None:
    assert sign_files([artifact], signer=KEY).files
    with authority(stack, stamping(stack)) as tsa_:
        signer = LocalSigner(KEY, tsa_)
        assert sign_files([artifact], signer=signer).files
        assert sign_files([artifact], signer=signer).kept


def test_the_library_signs_with_a_timestamp(stack: Stack, artifact: Path) -> None:
    stack.clock.set(oracle.today())
    with answering(stamping(stack)) as server:
        made = sign(artifact, signer=timestamped(server.url, root=root_of(stack))(KEY))
    assert len(made.timestamps) == 1


def replayed(stack: Stack) -> Callable[[Asked], Answer]:
    """Of the same signature, but asked for by somebody else."""

    def answer(asked: Asked) -> Answer:
        request = tsp.TimeStampReq.load(asked.body)
        request["nonce"] = 7
        return Answer(body=tsa.respond(stack.tsa, request.dump(force=True)))

    return answer


def of_another_signature(stack: Stack) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        request = tsp.TimeStampReq.load(asked.body)
        request["message_imprint"]["hashed_message"] = b"\0" * 32
        return Answer(body=tsa.respond(stack.tsa, request.dump(force=True)))

    return answer


def of_another_day(stack: Stack) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        with stack.clock.at(stack.clock.now() - timedelta(hours=1)):
            return Answer(body=tsa.respond(stack.tsa, asked.body))

    return answer


def refusing(_: Stack) -> Answer:
    """TimeStampResp (RFC 3161, 2.4.2) of status 2, rejection, with a text and without a token."""
    text = b"not \x1b[31mtoday"
    status = b"\x02\x01\x02\x30" + bytes([len(text) + 2]) + b"\x0c" + bytes([len(text)]) + text
    return Answer(body=b"\x30" + bytes([len(status) + 2]) + b"\x30" + bytes([len(status)]) + status)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replayed, "its nonce is another one"),
        (of_another_signature, "about another signature"),
        (of_another_day, "says that it is"),
        (refusing, "refusal"),
        (lambda _: stamping(new_stack(Clock(oracle.today()))), "does not verify"),
        (lambda _: Answer(body=b"<html>"), "cannot be read"),
        (lambda _: Answer(body=b""), "cannot be read"),
        (lambda _: Answer(status=500), "status 500"),
        (lambda _: Answer(body=b"x" * 70_000), "longer than"),
    ],
)
def test_a_useless_timestamp_is_told_and_nothing_is_written(
    stack: Stack, artifact: Path, wrong: Callable[[Stack], Callable[[Asked], Answer] | Answer], told: str
) -> None:
    with authority(stack, wrong(stack)) as tsa_, pytest.raises(SupplyChainError, match=told) as error:
        sign_files([artifact], signer=LocalSigner(KEY, tsa_))
    assert error.value.exit_code == 3
    assert tsa_.url in error.value.where
    assert "\x1b" not in str(error.value)
    assert [p.name for p in artifact.parent.iterdir()] == ["app.bin"]


def test_of_five_files_none_is_signed_when_the_third_fails(stack: Stack, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.bin" for number in range(5)]
    for file in files:
        file.write_bytes(file.name.encode())
    count = iter(range(5))

    def answer(asked: Asked) -> Answer:
        return stamping(stack)(asked) if next(count) < 2 else Answer(status=400)

    with authority(stack, answer) as tsa_, pytest.raises(NetworkError, match="400"):
        sign_files(files, signer=LocalSigner(KEY, tsa_))
    assert sorted(tmp_path.iterdir()) == files


@pytest.mark.threat(68)
@pytest.mark.parametrize("url", ["file:///tsa", "http://169.254.169.254/tsa"])
def test_an_address_that_is_refused_is_so_before_anything_is_signed(url: str) -> None:
    with pytest.raises(NetworkRefused):
        timestamped(url)


def test_offline_asks_nobody() -> None:
    with pytest.raises(NetworkRefused, match="offline"):
        timestamped("http://127.0.0.1:9/", offline=True)
