"""A complete scan beside a table of a warehouse: which rows agree, and which do not."""
