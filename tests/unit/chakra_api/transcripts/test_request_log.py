"""The log of requests says what was asked, and no person's number."""

from __future__ import annotations

import logging

import pytest

from chakra_api.transcripts.request_log import request_log
from chakra_api.transcripts.watched import Exchange
from chakra_api.wire.transport import Request
from tests.support.transport import data


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/ext/procedure/lead/process/1?x=secret", "/v1/ext/procedure/lead/process/1"),
        (
            "/v1/ext/plugin/whatsapp/2f/phoneNumber/15550100017/send-template-message",
            "/v1/ext/plugin/whatsapp/2f/phoneNumber/…/send-template-message",
        ),
    ],
)
def test_a_line_says_what_was_asked(
    caplog: pytest.LogCaptureFixture, path: str, shown: str
) -> None:
    log = logging.getLogger("test.requests")
    with caplog.at_level(logging.DEBUG, log.name):
        [watcher] = request_log(log)
        watcher.came(Exchange(Request("POST", path), data({}), None, 0.5, 1.0))
    assert caplog.messages == [f"POST {shown}: 200, 36 bytes, 0.500 s"]
