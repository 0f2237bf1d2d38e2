"""What a file is, by how it begins or by its name, and how it is called then. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.wire.multipart import ANY_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD: Final = 16
"""Bytes at a file's beginning that say what it is."""
_ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/avif": ("avif",),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp",),
    "image/svg+xml": ("svg",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/3gpp": ("3gp",),
    "application/pdf": ("pdf",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "text/plain": ("txt",),
    "text/csv": ("csv",),
}
"""How files of a type are called, the usual ending first."""
_BY_ENDING: Final = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}
_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
)
_BRANDS: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"3gp": "video/3gpp",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"avc1": "video/mp4",
    b"M4V ": "video/mp4",
}
"""What the container of ISO media says that it holds."""


def kind_of(name: str, head: bytes) -> str:
    """The content type of a file: as it begins, else as it is called.

    Args:
        name: Its name.
        head: Its first bytes, `HEAD` of them where there are so many.
    """
    return _by_head(head) or _BY_ENDING.get(ending_of(name), ANY_TYPE)


def is_image(kind: str) -> bool:
    """Whether a content type may be that of a picture; what is not known may be."""
    return kind == ANY_TYPE or kind.startswith("image/")


def called(name: str, kind: str) -> str:
    """A file's name with an ending that agrees with what it is.

    Args:
        name: As it is called where it comes from.
        kind: Its content type.
    """
    endings, ending = _ENDINGS.get(kind, ()), ending_of(name)
    if not endings or ending in endings:
        return name
    stem = name[: -len(ending) - 1] if ending in _BY_ENDING else name
    return f"{stem}.{endings[0]}"


def ending_of(name: str) -> str:
    """What follows the last dot of a name, in small letters; empty without one."""
    stem, _, ending = name.rpartition(".")
    return ending.lower() if stem else ""


def _by_head(head: bytes) -> str:
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS.items() if head[8:].startswith(brand)), "")
    return ""
