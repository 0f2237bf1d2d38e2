"""One run: its session, its writer, and how they are wired."""
