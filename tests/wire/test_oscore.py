"""Contexts and nonces are those of RFC 8613, appendix C."""

from golden import cases, raw

from locker.wire.ccm import seal, unseal
from locker.wire.oscore import derive, nonce


def context_of(case, sender, recipient):
    id_context = None if case["id_context"] is None else raw(case["id_context"])
    salt, secret = raw(case["master_salt"]), raw(case["master_secret"])
    return derive(secret, salt, id_context, raw(case[sender]), raw(case[recipient]), 10)


def test_both_ends_derive_the_contexts_of_rfc_8613():
    vectors = cases("oscore_rfc8613_keys.json")
    assert len(vectors) == 3
    for case in vectors:
        client = context_of(case, "client_id", "server_id")
        assert client.sender_key == raw(case["client_key"])
        assert client.recipient_key == raw(case["server_key"])
        assert client.common_iv == raw(case["common_iv"])
        assert context_of(case, "server_id", "client_id") == (client.recipient_key, client.sender_key, client.common_iv)
        assert nonce(client.common_iv, raw(case["client_id"]), b"\0") == raw(case["client_nonce"])
        assert nonce(client.common_iv, raw(case["server_id"]), b"\0") == raw(case["server_nonce"])


def test_the_messages_of_rfc_8613_are_sealed_as_printed():
    vectors = cases("oscore_rfc8613_messages.json")
    assert len(vectors) == 5
    for case in vectors:
        assert nonce(raw(case["common_iv"]), raw(case["nonce_id"]), raw(case["piv"])) == raw(case["nonce"])
        key, number, aad, plaintext, sealed = [raw(case[name]) for name in ("key", "nonce", "aad", "plaintext", "sealed")]
        assert seal(key, number, aad, plaintext, 8) == sealed
        assert unseal(key, number, aad, sealed, 8) == plaintext


def test_an_absent_id_context_is_not_an_empty_one_and_the_algorithm_enters_the_keys():
    contexts = [derive(b"secret", b"salt", *rest) for rest in ((None, b"", b"\1", 10), (b"", b"", b"\1", 10), (None, b"", b"\1", 30))]
    assert len({context.sender_key for context in contexts}) == 3


def test_no_two_sequence_numbers_or_senders_share_a_nonce():
    numbers = [b"\0", b"\1", b"\xff", b"\1\0", b"\1\0\0", b"\xff\xff\xff\xff\xff"]
    made = [nonce(bytes(range(13)), sender, number) for sender in (b"", b"\0", b"\1", b"\0\0", bytes(7)) for number in numbers]
    assert len(set(made)) == len(made)


def test_an_unknown_algorithm_is_refused():
    try:
        derive(b"secret", b"salt", None, b"", b"\1", 24)
    except KeyError:
        return
    raise AssertionError("algorithm 24 was taken")
