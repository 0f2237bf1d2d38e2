"""Secrets that can't be printed, and the masking of texts and log records that may hold one."""

from __future__ import annotations

import logging
import re
from typing import NoReturn
from urllib.parse import unquote

from chakra_api.errors import SettingsError
from chakra_api.secret_forms import MASK, Forms

_PLAIN_OPTIONS = frozenset(
    {
        *("application_name", "cache", "connect_timeout", "dbname", "gssencmode", "host"),
        *("mode", "options", "port", "schema", "sslmode", "target_session_attrs", "timeout"),
        *("uri",),
    }
)
"""Options of an address that are no secrets; what another one says is not shown."""
_WORD_AND_VALUE = re.compile(
    r"\b([\w-]*(?:passw|passphrase|pwd|secret|token|key|credential)[\w-]*\s*[=:]\s*).*",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN_WORD = rf"\1{MASK}"
_NO_PORT = re.compile(r"^([^/:\[\]]*):(?!\d*(?:/|$)).*", re.DOTALL)
"""`user:secret` where a host and its port should stand."""


class Secret:
    """A text that cannot be printed, formatted, copied, pickled or dumped by accident.

    Args:
        value: The text.
    """

    __slots__ = ("__forms", "__value")

    def __init__(self, value: str) -> None:
        self.__value = value
        self.__forms = Forms(value)

    def reveal(self) -> str:
        """Return the text itself, for what it is a secret of and nothing else."""
        return self.__value

    def redact(self, text: str) -> str:
        """Return `text` with every form of the secret masked; itself where it holds none."""
        return self.__forms.masked(text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is neither pickled nor copied")


class ApiKey(Secret):
    """A ChakraHQ API key; it goes into the Authorization header and nowhere else.

    Args:
        value: The key as the user gave it; blanks around it are dropped.

    Raises:
        SettingsError: It is empty, or holds what no HTTP header can carry.
    """

    __slots__ = ()

    def __init__(self, value: str) -> None:
        value = value.strip()
        if not value:
            raise SettingsError(
                "The setting api_key is empty", "Give the API key of a ChakraHQ team"
            )
        if not (value.isascii() and value.isprintable()):
            raise SettingsError(
                "The setting api_key holds a character that no HTTP header can carry",
                "Copy the key again, without line breaks or quotes",
            )
        super().__init__(value)


def redact(text: str, key: Secret) -> str:
    """Return `text` with the key masked: plain, encoded in a usual way, or split by line breaks."""
    return key.redact(text)


def mask_url(url: str) -> str:
    """An address as a message may show it: without user, password and the values of options.

    What is no address (`user:password@host`, `host=h password=p`) is masked as well as it can be:
    rather too much than too little. Options that are known to be no secrets are shown.

    Args:
        url: Of ChakraHQ, a proxy, a journal, a file elsewhere; any text that should have been one.
    """
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    if ("@" in rest or "%40" in rest) and not scheme.startswith("sqlite"):
        rest = f"{MASK}@{re.split('@|%40', rest)[-1]}"
    place, *options = re.split("([?&;#])", rest)
    place = _NO_PORT.sub(rf"\1:{MASK}", place)
    for at in range(1, len(options), 2):
        name, equals, value = options[at].partition("=")
        if not equals or unquote(name).strip().lower() not in _PLAIN_OPTIONS:
            # What follows may be the rest of a password that was not encoded.
            options[at:] = [f"{name}={MASK}" if equals else MASK]
            break
        options[at] = f"{name}={_WORD_AND_VALUE.sub(_SHOWN_WORD, value)}"
    return scheme + separator + _WORD_AND_VALUE.sub(_SHOWN_WORD, place) + "".join(options)


class RedactingFilter(logging.Filter):
    """Masks a secret in a log record: its message with arguments, traceback and stack.

    Attach it to handlers (a filter on a logger does not see its children's records).
    """

    def __init__(self, key: Secret) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record in place; always lets it pass."""
        plain = _message(record)
        scrubbed = self._key.redact(plain)
        if scrubbed != plain:
            record.msg, record.args = scrubbed, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._key.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self._key.redact(record.stack_info)
        return True

    def __eq__(self, other: object) -> bool:
        """Whether two filters mask the same secret: a handler takes such a filter in but once."""
        return isinstance(other, RedactingFilter) and other._key.reveal() == self._key.reveal()

    def __hash__(self) -> int:
        return hash(self._key.reveal())


def redact_logs(key: Secret, logger: str | None = None) -> None:
    """Mask the key in what a logger's handlers write; the root logger's by default."""
    for handler in logging.getLogger(logger).handlers:
        handler.addFilter(RedactingFilter(key))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit: logging reports it itself
        return f"{record.msg} {record.args}"
