"""A row becomes a typed record: schemas and types, of processes, users and configuration."""
