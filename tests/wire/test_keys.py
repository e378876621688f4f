"""An epoch's keys are what both ends, and any third implementation, derive."""

from golden import cases, raw

from locker.wire.keys import epoch_keys


def test_epoch_keys_are_those_of_the_golden_vectors():
    for case in cases("keys.json"):
        inputs = [raw(case[name]) for name in ("master_secret", "nonce_host", "nonce_board", "board_id")]
        keys = epoch_keys(*inputs, case["epoch"])
        assert (keys.code, keys.receipt, keys.maint) == (raw(case["code"]), raw(case["receipt"]), raw(case["maint"]))


def test_every_input_changes_every_key():
    inputs = [b"m" * 32, b"h" * 8, b"b" * 8, b"i" * 8, 1]
    seen = set(epoch_keys(*inputs))
    for at, other in enumerate((b"M" * 32, b"H" * 8, b"B" * 8, b"I" * 8, 2)):
        changed = list(inputs)
        changed[at] = other
        seen |= set(epoch_keys(*changed))
    assert len(seen) == 18
