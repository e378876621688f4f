"""What a person can do something about: one sentence, and how the command ends."""


class Complaint(Exception):  # noqa: N818 - it is what the user reads, not a fault of the program
    """One clear sentence: what is wrong and what to do. Never holds a secret, a code or personal data.

    `exit_code` is 1 (it failed) or 2 (it was asked for in a way that cannot work).
    """

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
