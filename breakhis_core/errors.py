"""The error that is meant for people."""


class InputError(Exception):
    """Something given to us cannot be used; the message is one clear sentence for the person who gave it."""
