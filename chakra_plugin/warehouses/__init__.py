"""Tables of a warehouse, read in flat memory: DuckDB, what SQLAlchemy reaches, parquet and CSV."""
