"""The errors that are meant for people."""


class InputError(Exception):
    """Something given to us cannot be used; the message is one clear sentence for the person who gave it."""


class UnavailableError(InputError):
    """The workspace, its disk or its database cannot be used now; the message says which, and what to do."""
