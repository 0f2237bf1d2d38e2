"""Many rows become Arrow tables, column by column."""
