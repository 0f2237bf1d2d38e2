"""The documentation site: `make docs` makes it of the documents of this repository."""
