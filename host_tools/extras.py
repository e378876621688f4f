"""Which packages are optional, and the extra of `pip install` that brings each:
what flashes and tests boards needs none.
"""

from importlib.util import find_spec

from host_tools.errors import UserError

#: By the module that is imported: the extra that brings it (pyproject.toml, optional-dependencies).
EXTRAS = {
    "aiosmtplib": "host",
    "alembic": "host",
    "apprise": "apprise",
    "argon2": "host",
    "cryptography": "host",
    "fpdf": "host",
    "httpx": "host",
    "micropython_run": "sim",
    "prometheus_client": "host",
    "psycopg": "postgres",
    "pyotp": "host",
    "sqlalchemy": "host",
    "standardwebhooks": "host",
    "starlette": "host",
    "uvicorn": "host",
}


def lacking(module: str) -> UserError:
    """The sentence for an optional module that is not installed."""
    return UserError(
        f"This needs {module}, which is not installed: "
        f"`pip install 'ansim[{EXTRAS[module]}]'`, then run the command again."
    )


def require(*modules: str) -> None:
    """Raises UserError for the first of these optional modules that is not installed;
    for what needs them in another process.
    """
    for module in modules:
        if find_spec(module) is None:
            raise lacking(module)
