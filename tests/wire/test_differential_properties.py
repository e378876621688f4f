"""Theorem: in 10^5 random cases (10^6 in the soak) sealing is `cryptography`'s,
and contexts, nonces and messages are aiocoap's OSCORE.
"""

import random

import pytest
from aiocoap import Message, oscore
from coap_oscore import PIV_MAX, Ours, Theirs, arriving, drawn, piv_of, short
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from pair import ALIAS, BOARD_ID, MASTER_SECRET, Pair

from host_tools.link.messages import Ack, encode_message
from locker.wire.ccm import BadSeal, seal, unseal
from locker.wire.frame import Decoder
from locker.wire.oscore import derive, nonce

CASES = 10_000  # of one run
SEALS, CONTEXTS, MESSAGES = 7, 2, 1  # runs in `make test`; ten times as many in the soak
GET, CHANGED = 1, 68


def flipped(data: bytes, draw: random.Random) -> bytes:
    """With one bit changed."""
    changed = bytearray(data)
    changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def check_seals(draw: random.Random) -> None:
    for _ in range(CASES):
        key, own_nonce = draw.randbytes(draw.choice((16, 24, 32))), draw.randbytes(draw.randint(7, 13))
        aad = draw.randbytes(draw.choice((0, draw.randrange(40), draw.randrange(300))))
        plaintext = draw.randbytes(draw.choice((draw.randrange(18), draw.randrange(80), draw.randrange(400))))
        tag_length = draw.randrange(4, 17, 2)
        sealed = seal(key, own_nonce, aad, plaintext, tag_length)
        theirs = AESCCM(key, tag_length)
        assert sealed == theirs.encrypt(own_nonce, plaintext, aad)
        assert unseal(key, own_nonce, aad, sealed, tag_length) == plaintext
        changed = flipped(sealed, draw)
        with pytest.raises(BadSeal):
            unseal(key, own_nonce, aad, changed, tag_length)
        with pytest.raises(InvalidTag):
            theirs.decrypt(own_nonce, changed, aad)


def check_contexts(draw: random.Random) -> None:
    for _ in range(CASES):
        inputs = drawn(draw)
        ours, theirs = derive(*inputs), Theirs(inputs)
        assert (ours.sender_key, ours.recipient_key, ours.common_iv) == (
            theirs.sender_key,
            theirs.recipient_key,
            theirs.common_iv,
        )
        assert derive(*inputs.of_server()) == (theirs.recipient_key, theirs.sender_key, theirs.common_iv)
        for sender_id in (inputs.sender_id, inputs.recipient_id):
            piv = short(piv_of(draw))
            assert nonce(ours.common_iv, sender_id, piv) == theirs.nonce(sender_id, piv)


def check_messages(draw: random.Random) -> None:
    """aiocoap asks and we answer; each reads the other, and neither reads what was changed on the way."""
    for _ in range(CASES):
        inputs = drawn(draw)
        client, server = Theirs(inputs), Ours(inputs.of_server())
        client.sender_sequence_number = piv_of(draw)
        piv = short(client.sender_sequence_number)
        text = draw.randbytes(draw.randrange(60))
        request, request_id = client.protect(Message(code=GET, uri_path=["tv1"], payload=text))
        plaintext = server.open(request, inputs.sender_id, piv)
        assert plaintext == b"\x01\xb3tv1" + (b"\xff" + text if text else b"")
        own_piv = draw.choice((None, short(piv_of(draw))))
        answer = server.protect(CHANGED, text, inputs.sender_id, piv, own_piv)
        assert client.unprotect(answer, request_id)[0].payload == text
        with pytest.raises(oscore.ProtectionInvalid):
            client.unprotect(arriving(CHANGED, flipped(answer.payload, draw), answer.opt.oscore), request_id)
        with pytest.raises(BadSeal):
            server.open(arriving(GET, flipped(request.payload, draw), b""), inputs.sender_id, piv)


CHECKS = (
    *[(check_seals, seed) for seed in range(SEALS)],
    *[(check_contexts, seed) for seed in range(CONTEXTS)],
)
CHECKS += tuple((check_messages, seed) for seed in range(MESSAGES))


@pytest.mark.parametrize(("check", "seed"), CHECKS)
def test_ours_and_theirs_are_the_same(check, seed: int) -> None:
    check(random.Random(seed))


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(1, 10))
@pytest.mark.parametrize(("check", "seed"), CHECKS)
def test_ours_and_theirs_stay_the_same_ten_times_as_often(check, seed: int, round_: int) -> None:
    check(random.Random(100 * round_ + seed))


def test_the_largest_sequence_number_is_taken_alike() -> None:
    inputs = drawn(random.Random(1))
    client = Theirs(inputs)
    client.sender_sequence_number = PIV_MAX
    request, _ = client.protect(Message(code=GET, uri_path=["tv1"]))
    assert Ours(inputs.of_server()).open(request, inputs.sender_id, b"\xff\xff\xff\xff\xfe") == b"\x01\xb3tv1"


def test_a_whole_session_is_sealed_under_the_context_that_aiocoap_derives() -> None:
    """Each payload on our line, opened with aiocoap's keys and nonces alone."""
    pair = Pair()
    nonce_board = pair.greet()
    hello = Decoder().feed(nonce_board)[0]
    pair.at_host(nonce_board)
    line = pair.host.outgoing()
    assert line is not None
    welcome = Decoder().feed(line)[0]
    pair.at_board(line)
    inputs = drawn(random.Random(1))._replace(
        master_secret=MASTER_SECRET,
        master_salt=BOARD_ID,
        id_context=welcome[5:13] + hello[5:13],
        sender_id=b"",
        recipient_id=b"\x01",
        algorithm=30,
    )
    host = Theirs(inputs)
    assert host.alg_aead.decrypt(welcome[13:], welcome[:13], host.sender_key, host.nonce(b"", b"\0")) == b""
    for number in range(1, 300):
        pair.at_host(pair.board.seal(Ack(number)))
        payload = Decoder().feed(pair.host.seal(Ack(number)))[0]
        end = 5 + (payload[0] & 7)
        assert payload[1:5] == ALIAS
        text = host.alg_aead.decrypt(
            payload[end:], payload[:end], host.sender_key, host.nonce(b"", payload[5:end])
        )
        assert text == encode_message(Ack(number))
