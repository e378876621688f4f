"""HKDF gives the keys of RFC 5869, appendix A."""

from golden import cases, raw

from locker.wire.hkdf import expand, extract


def test_hkdf_gives_the_keys_of_rfc_5869():
    vectors = cases("hkdf_rfc5869.json")
    assert len(vectors) == 3
    for case in vectors:
        prk = extract(raw(case["salt"]), raw(case["ikm"]))
        assert prk == raw(case["prk"])
        okm = raw(case["okm"])
        assert expand(prk, raw(case["info"]), len(okm)) == okm


def test_a_shorter_key_is_the_beginning_of_a_longer_one():
    longest = expand(b"prk", b"info", 8160)
    for length in (0, 1, 31, 32, 33, 64, 100):
        assert expand(b"prk", b"info", length) == longest[:length]
