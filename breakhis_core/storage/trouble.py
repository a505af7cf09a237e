"""What stands in the way of the program, in one sentence: a database that is away, a disk that is full.

The sentences name no path, no statement and no value: they are read on screens that anybody may open. What
exactly happened is in the error's cause, and so in the log.
"""

from __future__ import annotations

import errno

from breakhis_core.errors import InputError

FULL = "The disk of the workspace is full. Make room on it, and try again."
READ_ONLY = (
    "The workspace can be read but not written, so nothing can be saved. "
    "Make its folder and files writable, and try again."
)
_DISK = "The disk of the workspace cannot be read or written. Look after it, and try again."
REFUSED = "The database of the workspace refused what the program asked. The log of the server says more."
_SQLITE = {
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_IOERR": _DISK,
    "SQLITE_BUSY": "Another program holds the database of the workspace. Close it or wait, and try again.",
    "SQLITE_LOCKED": "Another program holds the database of the workspace. Close it or wait, and try again.",
    "SQLITE_CANTOPEN": "The database of the workspace cannot be opened. See whether its folder is there.",
    "SQLITE_CORRUPT": "The database of the workspace is damaged. Put a copy in its place.",
    "SQLITE_NOTADB": "The database of the workspace is damaged, or no database. Put a copy in its place.",
}
_POSTGRESQL = {
    "53100": FULL.replace("the workspace", "the database server"),
    "53300": "The database server takes no more connections. Wait, and try again.",
}
_LOCKED_OUT = "The database server refuses us. See user, password and database in DATABASE_URL."
_AWAY = "The database server does not answer. Everything saved is safe; try again when it is back."
_SYSTEM = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.EIO: _DISK,
}


def in_a_sentence(error: BaseException) -> str | None:
    """Return what stands in the way, for people; None when the error is a fault of the program.

    >>> in_a_sentence(OSError(errno.ENOSPC, "No space left on device"))
    'The disk of the workspace is full. Make room on it, and try again.'
    >>> in_a_sentence(KeyError("p"))
    """
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _SYSTEM.get(error.errno)
    return None


def of_database(error: BaseException | None) -> str:
    """Return what stands in the way of a database, by its driver's error."""
    name = getattr(error, "sqlite_errorname", None)
    if name is not None:
        # SQLITE_IOERR_WRITE is a kind of SQLITE_IOERR.
        return next((words for code, words in _SQLITE.items() if str(name).startswith(code)), REFUSED)
    if error is None or type(error).__module__.partition(".")[0] != "psycopg":
        return REFUSED
    if any(words in str(error) for words in ("authentication failed", "does not exist", "pg_hba.conf")):
        return _LOCKED_OUT
    return _POSTGRESQL.get(str(getattr(error, "sqlstate", None)), _AWAY)
