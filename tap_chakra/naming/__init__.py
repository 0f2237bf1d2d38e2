"""Names that loaders take for one, and what the setting `column_names` calls columns. Pure."""
