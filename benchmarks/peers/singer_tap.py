"""Leads as a plain tap, the way singer-sdk's own template begins one: REST, pages by offset.

python singer_tap.py --config config.json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import OffsetPaginator

if TYPE_CHECKING:
    import requests
    from singer_sdk.streams.rest import HTTPRequest, PageContext

LIMIT = 100
TEXTS = (
    "lead_id",
    "name",
    "phone_number",
    "email",
    "city",
    "source",
    "consent",
    "follow_up",
    "renewal_month",
    "website",
    "introduced_by",
    "remarks",
    "summary",
)
WHOLE = ("last_contacted", "birth_date", "call_time")
ANY = th.CustomType({"type": ["string", "number", "object", "array", "boolean", "null"]})

DATA = th.ObjectType(
    *(th.Property(name, th.StringType) for name in TEXTS),
    *(th.Property(name, th.IntegerType) for name in WHOLE),
    *(th.Property(name, ANY) for name in ("score", "budget", "utm", "address")),
    th.Property("rating", th.NumberType),
    th.Property("is_hot", th.BooleanType),
    th.Property("tags", th.ArrayType(th.StringType)),
    th.Property("location", th.ArrayType(th.NumberType)),
    th.Property("utm_campaign", th.StringType),
    th.Property("legacy_ref", th.IntegerType),
)


class MoreFollows(OffsetPaginator):
    """Goes on while the answer says so."""

    def has_more(self, response: requests.Response) -> bool:
        """Whether another page follows."""
        return bool(response.json()["_meta"]["hasMore"])


class Leads(RESTStream):
    """The leads created since start_date."""

    name = "lead"
    path = "/v1/ext/procedure/lead/process/list"
    http_method = "POST"
    payload_as_json = True
    records_jsonpath = "$._data[*]"
    primary_keys: ClassVar[list[str]] = ["id"]
    schema = th.PropertiesList(
        *(
            th.Property(name, th.StringType)
            for name in (
                "id",
                "team",
                "procedure",
                "createdBy",
                "assignedTo",
                "belongsTo",
                "entity",
                "record",
                "status",
                "state",
            )
        ),
        *(
            th.Property(name, th.IntegerType)
            for name in ("nextActionAt", "completedAt", "createdAt", "updatedAt")
        ),
        th.Property("isDeleted", th.BooleanType),
        th.Property("data", DATA),
        th.Property(
            "derivedData",
            th.ObjectType(
                th.Property("lead_priority", th.IntegerType),
                th.Property("contact_label", th.StringType),
            ),
        ),
    ).to_dict()

    @property
    def url_base(self) -> str:
        """The API's address."""
        url: str = self.config["api_url"]
        return url

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        """The key, in a header."""
        return BearerTokenAuthenticator(token=self.config["auth_token"])

    def get_new_paginator(self) -> MoreFollows:
        """By offset."""
        return MoreFollows(start_value=0, page_size=LIMIT)

    def get_http_request(self, *, page: PageContext[Any]) -> HTTPRequest:
        """A page's request."""
        request = super().get_http_request(page=page)
        request.data = {
            "where": {"createdAt": {">=": self.config["start_date"]}},
            "skip": page.next_page_token or 0,
            "limit": LIMIT,
        }
        return request


class PlainTap(Tap):
    """A tap for leads."""

    name = "tap-plain"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("auth_token", th.StringType, required=True, secret=True),
        th.Property("start_date", th.DateTimeType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[Leads]:
        """The one stream."""
        return [Leads(self)]


if __name__ == "__main__":
    PlainTap.cli()
