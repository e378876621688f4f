"""Keys and nonces are those of RFC 5869 and RFC 8613, and an epoch's keys are what both ends, and any third implementation, derive."""

from golden import cases, raw

from locker.mac import hmac_sha256
from locker.wire.ccm import seal, unseal
from locker.wire.keys import derive, epoch_keys, expand, nonce


def context_of(case, sender, recipient):
    id_context = None if case["id_context"] is None else raw(case["id_context"])
    salt, secret = raw(case["master_salt"]), raw(case["master_secret"])
    return derive(secret, salt, id_context, raw(case[sender]), raw(case[recipient]), 10)


def refuses(error, act, *arguments):
    try:
        act(*arguments)
    except error:
        return True
    return False


def test_hkdf_gives_the_keys_of_rfc_5869():
    vectors = cases("hkdf_rfc5869.json")
    assert len(vectors) == 3
    for case in vectors:
        prk = hmac_sha256(raw(case["salt"]), raw(case["ikm"]))
        assert prk == raw(case["prk"])
        for length in (1, 13, 16, 31, 32):
            assert expand(prk, raw(case["info"]), length) == raw(case["okm"])[:length]


def test_a_key_longer_than_one_hash_is_refused_and_not_cut_short():
    assert refuses(AssertionError, expand, b"prk", b"info", 33)


def test_both_ends_derive_the_contexts_of_rfc_8613():
    vectors = cases("oscore_rfc8613_keys.json")
    assert len(vectors) == 3
    for case in vectors:
        client_key, server_key, common_iv = context_of(case, "client_id", "server_id")
        assert client_key == raw(case["client_key"])
        assert server_key == raw(case["server_key"])
        assert common_iv == raw(case["common_iv"])
        assert context_of(case, "server_id", "client_id") == (server_key, client_key, common_iv)
        assert nonce(common_iv, raw(case["client_id"]), b"\0") == raw(case["client_nonce"])
        assert nonce(common_iv, raw(case["server_id"]), b"\0") == raw(case["server_nonce"])


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
    assert len({context[0] for context in contexts}) == 3


def test_no_two_sequence_numbers_or_senders_share_a_nonce():
    numbers = [b"\0", b"\1", b"\xff", b"\1\0", b"\1\0\0", b"\xff\xff\xff\xff\xff"]
    made = [nonce(bytes(range(13)), sender, number) for sender in (b"", b"\0", b"\1", b"\0\0", bytes(7)) for number in numbers]
    assert len(set(made)) == len(made)


def test_an_unknown_algorithm_is_refused():
    assert refuses(KeyError, derive, b"secret", b"salt", None, b"", b"\1", 24)


def test_epoch_keys_are_those_of_the_golden_vectors():
    for case in cases("keys.json"):
        inputs = [raw(case[name]) for name in ("master_secret", "nonce_host", "nonce_board", "board_id")]
        assert epoch_keys(*inputs, case["epoch"], case["nonce"]) == (raw(case["code"]), raw(case["receipt"]), raw(case["maint"]))


def test_every_input_changes_every_key():
    inputs = [b"m" * 32, b"h" * 8, b"b" * 8, b"i" * 8, 1, 7]
    seen = set(epoch_keys(*inputs))
    for at, other in enumerate((b"M" * 32, b"H" * 8, b"B" * 8, b"I" * 8, 2, 8)):
        changed = list(inputs)
        changed[at] = other
        seen |= set(epoch_keys(*changed))
    assert len(seen) == 21
