"""What a shell starts in the background ignores Ctrl-C, and so would all that the tests start."""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
