"""Contexts and nonces are those of OSCORE (RFC 8613),
and what is sealed under them comes out as printed there.
"""

from golden import cases, raw

from locker.wire.ccm import seal, unseal
from locker.wire.oscore import derive, nonce

OTHER = {"client": "server", "server": "client"}


def context_of(case, end):
    """The context of one end, asked for by name."""
    return derive(
        master_secret=raw(case["master_secret"]),
        master_salt=raw(case["master_salt"]),
        id_context=None if case["id_context"] is None else raw(case["id_context"]),
        sender_id=raw(case[end + "_id"]),
        recipient_id=raw(case[OTHER[end] + "_id"]),
        algorithm=10,
    )


def test_both_ends_derive_the_contexts_of_rfc_8613():
    vectors = cases("oscore_rfc8613_keys.json")
    assert [case["section"] for case in vectors] == ["C.1", "C.2", "C.3"]
    for case in vectors:
        for end in OTHER:
            context = context_of(case, end)
            assert context.sender_key == raw(case[end + "_key"])
            assert context.recipient_key == raw(case[OTHER[end] + "_key"])
            assert context.common_iv == raw(case["common_iv"])
            assert nonce(context.common_iv, raw(case[end + "_id"]), b"\0") == raw(case[end + "_nonce"])
            sender_key, recipient_key, common_iv = context
            assert (sender_key, recipient_key, common_iv) == (
                context.sender_key,
                context.recipient_key,
                context.common_iv,
            )


def test_the_messages_of_rfc_8613_are_sealed_as_printed():
    contexts = {case["section"]: case for case in cases("oscore_rfc8613_keys.json")}
    vectors = cases("oscore_rfc8613_messages.json")
    assert [case["section"] for case in vectors] == ["C.4", "C.5", "C.6", "C.7", "C.8"]
    for case in vectors:
        sender = context_of(contexts[case["context"]], case["sender"])
        recipient = context_of(contexts[case["context"]], OTHER[case["sender"]])
        assert sender.sender_key == recipient.recipient_key == raw(case["key"])
        assert sender.common_iv == recipient.common_iv == raw(case["common_iv"])
        number = nonce(sender.common_iv, raw(case["nonce_id"]), raw(case["piv"]))
        assert number == raw(case["nonce"])
        aad, plaintext, sealed = [raw(case[name]) for name in ("aad", "plaintext", "sealed")]
        assert seal(sender.sender_key, number, aad, plaintext, 8) == sealed
        assert unseal(recipient.recipient_key, number, aad, sealed, 8) == plaintext


def test_an_absent_id_context_is_not_an_empty_one_and_the_algorithm_enters_the_keys():
    contexts = [
        derive(b"secret", b"salt", *rest)
        for rest in ((None, b"", b"\1", 10), (b"", b"", b"\1", 10), (None, b"", b"\1", 30))
    ]
    assert len({context.sender_key for context in contexts}) == 3


def test_no_two_sequence_numbers_or_senders_share_a_nonce():
    numbers = [b"\0", b"\1", b"\xff", b"\1\0", b"\1\0\0", b"\xff\xff\xff\xff\xff"]
    made = [
        nonce(bytes(range(13)), sender, number)
        for sender in (b"", b"\0", b"\1", b"\0\0", bytes(7))
        for number in numbers
    ]
    assert len(set(made)) == len(made)


def test_an_unknown_algorithm_is_refused():
    try:
        derive(b"secret", b"salt", None, b"", b"\1", 24)
    except KeyError:
        return
    raise AssertionError
