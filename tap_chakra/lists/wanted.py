"""Which lists the settings ask for, by the names of their streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_chakra.lists.template_list import template_list, template_schema
from tap_chakra.photos.photo_records import PHOTO_SCHEMA, PHOTOS
from tap_chakra.records.stream_names import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.client import ChakraClient
    from tap_chakra.records.config_collections import Collection
    from tap_chakra.records.list_mask import ListMask
    from tap_chakra.settings import Settings

    Masking = Callable[[str], ListMask | None]


def list_schemas(settings: Settings) -> dict[str, dict[str, object]]:
    """The JSON Schemas of the lists that are asked for, and of photos, by stream; without masks."""
    templates = {TEMPLATES: template_schema()} if settings.whatsapp.waba_id else {}
    return {**templates, PHOTOS: dict(PHOTO_SCHEMA)} if settings.photos.to else templates


def wanted_lists(settings: Settings, client: ChakraClient, mask: Masking) -> dict[str, Collection]:
    """The lists that are asked for, by stream, each fetched when its first row is wanted.

    Args:
        settings: What the user set.
        client: Talks to the account.
        mask: Knows what masks a stream.
    """
    if not settings.whatsapp.waba_id:
        return {}
    return {TEMPLATES: template_list(client, settings.whatsapp, mask(TEMPLATES))}
