"""Asking ChakraHQ: one window, a dense instant, ranges of ids, undated rows; and the probes."""
