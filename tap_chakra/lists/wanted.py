"""Which lists the settings ask for, by the names of their streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_chakra.lists.job_lists import JobLists, entry_schema, job_schema
from tap_chakra.lists.template_list import template_list, template_schema
from tap_chakra.photos.photo_records import PHOTO_SCHEMA, PHOTOS
from tap_chakra.records.stream_names import JOB_ENTRIES, JOBS, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.values.times import Times
    from tap_chakra.records.config_collections import Collection
    from tap_chakra.records.list_mask import ListMask
    from tap_chakra.settings import Settings

    Masking = Callable[[str], ListMask | None]


def list_schemas(settings: Settings) -> dict[str, dict[str, object]]:
    """The JSON Schemas of the lists that are asked for, by stream; without masks."""
    schemas = {TEMPLATES: template_schema()} if settings.whatsapp.waba_id else {}
    if settings.jobs is not None:
        schemas |= {JOBS: job_schema(), JOB_ENTRIES: entry_schema()}
    return schemas


def declared_schemas(settings: Settings) -> dict[str, dict[str, object]]:
    """Those schemas, and that of photos, which come with the rows that name them."""
    schemas = list_schemas(settings)
    return {**schemas, PHOTOS: dict(PHOTO_SCHEMA)} if settings.photos.to else schemas


def wanted_lists(
    settings: Settings, client: ChakraClient, mask: Masking, times: Times
) -> dict[str, Collection]:
    """The lists that are asked for, by stream, each fetched when its first row is wanted.

    Args:
        settings: What the user set.
        client: Talks to the account.
        mask: Knows what masks a stream.
        times: What times mean in the account.
    """
    found: dict[str, Collection] = {}
    if settings.whatsapp.waba_id:
        found[TEMPLATES] = template_list(client, settings.whatsapp, mask(TEMPLATES))
    if settings.jobs is not None:
        lists = JobLists(client, settings.jobs, times)
        found |= {JOBS: lists.jobs(mask(JOBS)), JOB_ENTRIES: lists.entries(mask(JOB_ENTRIES))}
    return found
