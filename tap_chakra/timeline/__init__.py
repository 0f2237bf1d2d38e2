"""Time as a scan cuts and walks it: pieces, samples, orders. Pure."""
