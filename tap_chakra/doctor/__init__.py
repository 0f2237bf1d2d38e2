"""Doctor: one look at an account, by few requests, and what follows from it for a pipeline."""
