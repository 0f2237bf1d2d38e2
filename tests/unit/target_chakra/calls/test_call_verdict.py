"""What is known of a call by the error that it ended with."""

from __future__ import annotations

import pytest

from chakra_api.errors import (
    AnswerLost,
    BadRequest,
    ChakraError,
    HeldBack,
    MetaError,
    NoAccess,
    NotFound,
    NotSent,
    RefusedByMeta,
    ReportedErrors,
    ServerFault,
    Throttled,
    Unavailable,
    Unreadable,
    WrongKey,
)
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.calls.call_verdict import CallVerdict, call_verdict
from target_chakra.messages.meta_codes import next_step_of

TEMPLATE, FREE = CallKind.TEMPLATE_MESSAGE, CallKind.MESSAGE
NOT_MADE, REFUSED, UNKNOWN = CallVerdict.NOT_MADE, CallVerdict.REFUSED, CallVerdict.UNKNOWN


def of_meta(code: int, subcode: int | None = None) -> RefusedByMeta:
    return RefusedByMeta("no", status=400, error=MetaError(code, subcode=subcode))


@pytest.mark.parametrize("kind", list(CallKind))
@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (AnswerLost("?"), UNKNOWN),
        (ServerFault("?", status=500), UNKNOWN),
        (Unavailable("?", status=503), UNKNOWN),
        (Unreadable("?"), UNKNOWN),
        (NotSent("?"), NOT_MADE),
        (Throttled("?"), NOT_MADE),
        (HeldBack("?"), NOT_MADE),
        (WrongKey("?", status=401), NOT_MADE),
        (NoAccess("?", status=403), NOT_MADE),
        (BadRequest("?", status=400), REFUSED),
        (NotFound("?", status=404), REFUSED),
        (ReportedErrors("?"), REFUSED),
    ],
)
def test_only_a_lost_answer_leaves_a_doubt(
    kind: CallKind, error: ChakraError, wanted: CallVerdict
) -> None:
    assert call_verdict(error, kind, made_before=False) is wanted


def test_a_role_that_made_one_before_is_refused_this_one_alone() -> None:
    refused = NoAccess("?", status=403)
    assert call_verdict(refused, TEMPLATE, made_before=True) is REFUSED


@pytest.mark.parametrize(
    ("code", "subcode", "by_template", "free"),
    [
        (131026, None, REFUSED, REFUSED),  # this number can't be reached
        (131009, None, REFUSED, REFUSED),  # this value is not valid
        (131056, None, REFUSED, REFUSED),  # too many to this very number
        (132018, None, REFUSED, REFUSED),  # these parameters
        (100, None, REFUSED, REFUSED),
        (100, 33, NOT_MADE, NOT_MADE),  # the sender is nobody's
        (131042, None, NOT_MADE, NOT_MADE),  # payment
        (131031, None, NOT_MADE, NOT_MADE),  # locked
        (131048, None, NOT_MADE, NOT_MADE),  # spam
        (368, None, NOT_MADE, NOT_MADE),  # blocked for a while
        (190, None, NOT_MADE, NOT_MADE),  # the token has expired
        (210, None, NOT_MADE, NOT_MADE),  # permission
        (131016, None, NOT_MADE, NOT_MADE),  # WhatsApp is down
        (132001, None, NOT_MADE, REFUSED),  # the template is gone
        (132015, None, NOT_MADE, REFUSED),  # the template is paused
    ],
)
def test_what_meta_refuses_to_all_stops_the_run(
    code: int, subcode: int | None, by_template: CallVerdict, free: CallVerdict
) -> None:
    error = of_meta(code, subcode)
    assert call_verdict(error, TEMPLATE, made_before=True) is by_template
    assert call_verdict(error, FREE, made_before=True) is free
    assert bool(next_step_of(error.error)) is (by_template is NOT_MADE), "and what to do about it"
