"""Secrets that can't be printed, and the masking of texts and log records that may hold one."""

from __future__ import annotations

import logging
import re
from typing import NoReturn
from urllib.parse import unquote

from chakra_api.errors import SettingsError
from chakra_api.printable import printable
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
    r"\b([\w-]*(?:passw|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|credential)"
    r"[\w-]*[\"']?\s*[=:]\s*).*",
    re.IGNORECASE | re.DOTALL,
)
_SHOWN_WORD = rf"\1{MASK}"
_LIKE_A_KEY = re.compile(
    r"(?<![\w+=/\\-])(?=[\w+=-]*[A-Za-z])(?=[\w+=-]*\d)[\w+=-]{20,}"
    r"(?![\w+=/\\-]|\.[a-z]{2,5}\b)"
)
"""A word as keys are; parts of paths and names of files are none."""
_KEY_ALONE = re.compile(r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)(?![/.~])[\w+/=.-]{20,}", re.ASCII)
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
        if not equals or not _is_plain(name):
            # What follows may be the rest of a password that was not encoded.
            options[at:] = [f"{name}={MASK}" if equals else MASK]
            break
        options[at] = f"{name}={_WORD_AND_VALUE.sub(_SHOWN_WORD, value)}"
    return scheme + separator + _WORD_AND_VALUE.sub(_SHOWN_WORD, place) + "".join(options)


def secrets_within(text: str) -> list[str]:
    """What of a text that should be an address is a secret: its password, and that of its options.

    A password that is also the name of something in the address (`postgres:postgres@postgres`) is
    none: to mask it would mask that name wherever it stands. A text that is no address is one
    itself where it looks like a secret.

    Args:
        text: As the user wrote it.
    """
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        return [] if mask_likely(text) == text else [text.strip()]
    user = password = ""
    if not scheme.startswith("sqlite") and ("@" in rest or "%40" in rest):
        host = re.split("@|%40", rest)[-1]
        login = rest.removesuffix(host).removesuffix("@").removesuffix("%40")
        (user, _, password), rest = login.partition(":"), host
    place, *options = re.split("[?&;#]", rest)
    found = [option.partition("=") for option in options]
    secrets = [password, *(value for name, _, value in found if not _is_plain(name))]
    plain = (value for name, _, value in found if _is_plain(name))
    said = unquote(" ".join((scheme, user, place, *plain))).lower()
    spelt = dict.fromkeys(each for one in secrets for each in (one, unquote(one)))
    return [each for each in spelt if each and unquote(each).lower() not in said]


def _is_plain(option: str) -> bool:
    return unquote(option).strip().lower() in _PLAIN_OPTIONS


def mask_likely(text: str) -> str:
    """A text of a user, without what in it may be a secret: a key in the wrong setting is none.

    Masked are user and password in an address, what stands behind a word such as `password=`, and
    words of 20 and more characters that mix letters and digits.
    """
    if "://" in text or "@" in text:
        text = mask_url(text)
    text = _WORD_AND_VALUE.sub(_SHOWN_WORD, text)
    if _KEY_ALONE.fullmatch(text.strip()):
        return MASK
    return _LIKE_A_KEY.sub(MASK, text)


class RedactingFilter(logging.Filter):
    """Makes a log record fit for people: its message with arguments, its traceback, its names.

    A secret is masked in them, and what is not seen in a text stands as its escape, so that no text
    from outside begins a line of its own. A filter on a logger does not see its children's records,
    one on a handler does.

    Args:
        key: The secret; None to mask none.
    """

    def __init__(self, key: Secret | None = None) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record in place; always lets it pass."""
        plain = _message(record)
        said = printable(self._masked(plain))
        if said != plain:
            record.msg, record.args = said, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._lines(record, record.exc_text)
        if record.stack_info:
            record.stack_info = self._lines(record, record.stack_info)
        self._scrub_members(record)
        return True

    def _scrub_members(self, record: logging.LogRecord) -> None:
        """The name of the logger, of the thread and all else that a format may show beside it."""
        for name, value in list(record.__dict__.items()):
            if name in _DONE or (name in _OF_EVERY_RECORD and not isinstance(value, str)):
                continue
            text = str(value)
            if (shown := printable(self._masked(text))) != text:
                record.__dict__[name] = shown

    def _masked(self, text: str) -> str:
        return text if self._key is None else self._key.redact(text)

    def _lines(self, record: logging.LogRecord, text: str) -> str:
        """A traceback, each of its lines further in than a log line begins."""
        masked = self._masked(text)
        if masked != text:
            record.exc_info = None  # some formatters take it from there
        return "\n".join(
            shown if (shown := printable(line)).startswith(_INDENT) else _INDENT + shown
            for line in masked.split("\n")
        )

    def __eq__(self, other: object) -> bool:
        """Whether two filters mask the same secret: a handler takes such a filter in but once."""
        return isinstance(other, RedactingFilter) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash(self._secret)

    @property
    def _secret(self) -> str | None:
        return None if self._key is None else self._key.reveal()


def redact_logs(key: Secret | None, *loggers: str) -> None:
    """Make log records fit for people, and mask the key in them.

    Args:
        key: The key; None to mask none.
        loggers: Names: what is told to these loggers, and what their handlers write. None named:
            what any handler writes that there is.
    """
    told = [logging.getLogger(name) for name in loggers or logging.root.manager.loggerDict]
    told += [] if loggers else [logging.getLogger()]
    places: list[logging.Filterer] = [each for logger in told for each in logger.handlers]
    if loggers:
        places += told
    elif logging.lastResort is not None:
        places.append(logging.lastResort)
    for place in places:
        place.addFilter(RedactingFilter(key))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit: logging reports it itself
        return f"{record.msg} {record.args}"


_INDENT = "  "
_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
"""What a log record has that nobody added."""
_DONE = frozenset({"msg", "args", "exc_info", "exc_text", "stack_info", "message", "asctime"})
"""Members that are scrubbed in ways of their own, or made by a formatter from those that are."""
