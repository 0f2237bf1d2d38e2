"""Time as a scan cuts and walks it: windows, stretches, samples, orders. Pure."""
