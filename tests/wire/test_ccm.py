"""AES-CCM seals as RFC 3610 and the COSE working group say, and opens nothing that was touched."""

from golden import cases, raw

from locker.wire.ccm import BadSeal, seal, unseal

KEY = bytes(range(16))
NONCE = bytes(13)


def opens(*arguments):
    try:
        unseal(*arguments)
    except BadSeal:
        return False
    return True


def refuses(act, *arguments):
    try:
        act(*arguments)
    except ValueError:
        return True
    return False


def check_packets(name, count):
    packets = cases(name)
    assert len(packets) == count
    for packet in packets:
        key, nonce, aad, plaintext, sealed = [
            raw(packet[name]) for name in ("key", "nonce", "aad", "plaintext", "sealed")
        ]
        tag_length = len(sealed) - len(plaintext)
        assert seal(key=key, nonce=nonce, aad=aad, plaintext=plaintext, tag_length=tag_length) == sealed
        assert unseal(key=key, nonce=nonce, aad=aad, sealed=sealed, tag_length=tag_length) == plaintext
        assert not opens(key, nonce, aad + b"\0", sealed, tag_length)


def test_the_packets_of_rfc_3610_come_out_as_printed():
    check_packets("ccm_rfc3610.json", 24)


def test_the_examples_of_the_cose_working_group_come_out_as_printed():
    check_packets("ccm_cose.json", 16)


def test_a_seal_breaks_when_any_single_bit_of_text_tag_header_nonce_or_key_changes():
    sealed = seal(KEY, NONCE, b"header", b"seventeen  bytes!")
    for which, good in enumerate((KEY, NONCE, b"header", sealed)):
        for bit in range(8 * len(good)):
            changed = bytearray(good)
            changed[bit >> 3] ^= 1 << (bit & 7)
            arguments = [KEY, NONCE, b"header", sealed]
            arguments[which] = bytes(changed)
            assert not opens(*arguments)
    assert opens(KEY, NONCE, b"header", sealed)


def test_a_seal_that_is_cut_short_or_made_longer_does_not_open():
    sealed = seal(KEY, NONCE, b"", b"text")
    for size in range(len(sealed)):
        assert not opens(KEY, NONCE, b"", sealed[:size])
    assert not opens(KEY, NONCE, b"", sealed + b"\0")


def test_associated_data_of_every_length_class_is_bound():
    for size in (0, 1, 13, 14, 15, 0xFEFF, 0xFF00, 0xFF01):
        sealed = seal(KEY, NONCE, bytes(size), b"text")
        assert opens(KEY, NONCE, bytes(size), sealed)
        assert not opens(KEY, NONCE, bytes(size + 1), sealed)


def test_lengths_that_ccm_has_no_room_for_are_refused():
    for nonce in (b"", bytes(6), bytes(14)):
        assert refuses(seal, KEY, nonce, b"", b"text")
        assert refuses(unseal, KEY, nonce, b"", bytes(20))
    for tag_length in (0, 2, 5, 15, 18):
        assert refuses(seal, KEY, NONCE, b"", b"text", tag_length)
    assert refuses(seal, KEY, NONCE, b"", bytes(0x10000))
    assert len(seal(KEY, NONCE, b"", bytes(0xFFFF))) == 0xFFFF + 16
