"""The operating system's users, as far as accounts ask for them."""

import pytest

from host_tools.host.accounts import people


def there_are(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """The operating system knows these users and no others."""
    monkeypatch.setattr(people, "is_os_user", names.__contains__)
