"""`cryptolib` by the shape of its answers only: no host is there to be spoken to."""


class aes:
    def __init__(self, key, mode, iv=None):
        pass

    def encrypt(self, data, out=None):
        return bytes(len(data)) if out is None else out

    decrypt = encrypt
