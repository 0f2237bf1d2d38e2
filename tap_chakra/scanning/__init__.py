"""Reading a whole procedure in parallel: one thread decides, readers ask."""
