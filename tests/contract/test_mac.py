"""HMAC-SHA-256 agrees with RFC 4231 on both interpreters."""

from binascii import unhexlify

from locker.contract.mac import digits, hmac_sha256, same

RFC_4231 = (  # key, data, MAC (sections 4.2 to 4.4 and 4.7)
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
)


def test_hmac_gives_the_macs_of_rfc_4231():
    for key, data, mac in RFC_4231:
        assert hmac_sha256(key, data) == unhexlify(mac)


def test_digits_are_the_first_bytes_of_the_mac_as_a_number():
    # RFC 4231, section 4.3: the MAC begins 5bdcc146bf60754e
    assert digits(b"Jefe", b"what do ya want for nothing?", 8, 10**4) == 0x5BDCC146BF60754E % 10**4
    assert digits(b"Jefe", b"what do ya want for nothing?", 2, 10**8) == 0x5BDC


def test_byte_strings_are_the_same_only_when_every_byte_is():
    assert same(b"", b"")
    assert same(b"tag", bytearray(b"tag"))
    for other in (b"", b"ta", b"tags", b"tab", b"Tag"):
        assert not same(b"tag", other)
