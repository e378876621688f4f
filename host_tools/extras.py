"""Which packages are optional, and the extra of `pip install` that brings each:
what flashes and tests boards needs none.
"""

from importlib.util import find_spec

from host_tools.errors import UserError

#: By the module that is imported: the extra that brings it (pyproject.toml, optional-dependencies).
EXTRAS = {
    "alembic": "host",
    "cryptography": "host",
    "micropython_run": "sim",
    "psycopg": "postgres",
    "sqlalchemy": "host",
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
