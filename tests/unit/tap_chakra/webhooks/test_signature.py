"""The signature: what counts, what does not; against a digest that OpenSSL made."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.redaction import Secret
from tap_chakra.webhooks.signature import is_signed, is_token, signature, unsigned_token

BODY = b'{"event":"message","payload":{"messageId":"m1"}}'
NEW, OLD = Secret("the secret of today"), Secret("the one before")


def by_openssl(body: bytes, secret: str) -> str:
    command = ["openssl", "dgst", "-sha256", "-hmac", secret]
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    return done.stdout.decode().rpartition(" ")[2].strip()


SIGNED = by_openssl(BODY, "the secret of today")


def test_it_is_what_openssl_makes_of_the_raw_body() -> None:
    assert signature(BODY, NEW) == SIGNED


@pytest.mark.parametrize("given_", [[SIGNED], [SIGNED.upper()]])
def test_digits_of_either_case_count(given_: list[str]) -> None:
    assert is_signed(BODY, given_, [NEW])


@pytest.mark.parametrize(
    "given_",
    [
        [],
        [""],
        ["sha256=" + SIGNED],
        [SIGNED[:-1]],
        [SIGNED + "0"],
        [f" {SIGNED}"],
        [" ".join((SIGNED[:32], SIGNED[32:]))],
        [SIGNED, SIGNED],
        ["\uff10" * 64],  # a digit, and no hexadecimal one
        ["x" * 64],
    ],
)
def test_what_is_no_signature_does_not_count(given_: list[str]) -> None:
    assert not is_signed(BODY, given_, [NEW, OLD])


def test_the_old_secret_counts_beside_the_new_one_and_no_longer() -> None:
    old = by_openssl(BODY, "the one before")
    assert is_signed(BODY, [old], [NEW, OLD])
    assert is_signed(BODY, [SIGNED], [NEW, OLD])
    assert not is_signed(BODY, [old], [NEW])
    assert not is_signed(BODY, [SIGNED], [])


@given(st.integers(0, len(BODY) * 8 - 1))
def test_no_bit_of_the_body_may_differ(at: int) -> None:
    flipped = bytearray(BODY)
    flipped[at // 8] ^= 1 << at % 8
    assert not is_signed(bytes(flipped), [SIGNED], [NEW, OLD])


@given(st.integers(0, 255))
def test_no_bit_of_the_signature_may_differ(at: int) -> None:
    flipped = bytearray(bytes.fromhex(SIGNED))
    flipped[at // 8] ^= 1 << at % 8
    assert not is_signed(BODY, [flipped.hex()], [NEW, OLD])


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40).filter(str.strip))
def test_any_body_is_signed_with_its_secret_alone(body: bytes, secret: str) -> None:
    signed = signature(body, Secret(secret))
    assert is_signed(body, [signed], [Secret(secret)])
    assert is_signed(body, [signed], [Secret(secret + "x")]) is False


def test_the_token_of_an_address_is_of_each_secret_and_no_signature_of_a_body() -> None:
    assert is_token(unsigned_token(NEW), [NEW, OLD])
    assert is_token(unsigned_token(OLD), [NEW, OLD])
    assert not is_token(unsigned_token(OLD), [NEW])
    assert not is_token("", [NEW])
    assert not is_token("é\ud800", [NEW])
    assert unsigned_token(NEW) != unsigned_token(OLD)
