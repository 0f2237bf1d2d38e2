"""Options of mappings whose rows bring photos, as a user sees them."""

from __future__ import annotations

from singer_sdk import typing as th

PHOTO_OPTIONS = (
    th.Property(
        "attribute",
        th.StringType,
        description="Of kind photo: ShortId of the attribute that is to hold the photo.",
    ),
    th.Property(
        "file",
        th.StringType,
        description="Of kind photo: column of the file's path, below root.",
    ),
    th.Property(
        "content",
        th.StringType,
        description="Of kind photo, in place of file: column of the file itself, in base64.",
    ),
    th.Property(
        "filename",
        th.StringType,
        description="Of kind photo: column of the photo's name. By default that of its file.",
    ),
    th.Property(
        "root",
        th.StringType,
        description="The folder, or the URL of fsspec, below which rows may name files.",
    ),
    th.Property(
        "max_bytes",
        th.IntegerType,
        description="Bytes of a file at the most: 33554432 by default. Of a larger one its row is a"
        " reject.",
    ),
)
