"""The keys of an epoch are what both ends, and any third implementation, derive; HKDF is that of RFC 5869."""

from golden import cases, raw

from locker.contract.keys import epoch_keys, expand
from locker.contract.mac import hmac_sha256


def test_hkdf_gives_the_keys_of_rfc_5869():
    vectors = cases("hkdf_rfc5869.json")
    assert len(vectors) == 3
    for case in vectors:
        prk = hmac_sha256(raw(case["salt"]), raw(case["ikm"]))
        assert prk == raw(case["prk"])
        assert len(raw(case["okm"])) in (42, 82)
        for length in range(1, len(raw(case["okm"])) + 1):
            assert expand(prk, raw(case["info"]), length) == raw(case["okm"])[:length]


def test_hkdf_gives_as_much_as_rfc_5869_allows():
    assert len(expand(b"prk", b"info", 255 * 32)) == 255 * 32


def test_epoch_keys_are_those_of_the_golden_vectors():
    for case in cases("keys.json"):
        inputs = [raw(case[name]) for name in ("master_secret", "nonce_host", "nonce_board", "board_id")]
        assert epoch_keys(*inputs, case["epoch"], case["nonce"]) == (
            raw(case["code"]),
            raw(case["receipt"]),
            raw(case["maint"]),
        )


def test_every_input_changes_every_key():
    inputs = [b"m" * 32, b"h" * 8, b"b" * 8, b"i" * 8, 1, 7]
    seen = set(epoch_keys(*inputs))
    for at, other in enumerate((b"M" * 32, b"H" * 8, b"B" * 8, b"I" * 8, 2, 8)):
        changed = list(inputs)
        changed[at] = other
        seen |= set(epoch_keys(*changed))
    assert len(seen) == 21
