"""Pages to look at: one self-contained HTML file each, made of parts, with nothing to fetch."""
