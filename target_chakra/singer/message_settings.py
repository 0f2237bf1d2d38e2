"""Options of mappings whose rows each send a message, as a user sees them, and how to get there."""

from __future__ import annotations

from singer_sdk import typing as th

from chakra_api.whatsapp_account import DEFAULT_API_VERSION

WHATSAPP = th.Property(
    "whatsapp",
    th.ObjectType(
        th.Property("plugin", th.StringType, description="Id of ChakraHQ's WhatsApp plugin."),
        th.Property(
            "sender",
            th.StringType,
            description="Meta's id of the phone number that messages are sent from.",
        ),
        th.Property(
            "waba_id",
            th.StringType,
            description="Meta's id of the WhatsApp Business Account, which owns the templates.",
        ),
        th.Property(
            "api_version",
            th.StringType,
            description=f"Meta's version. {DEFAULT_API_VERSION} by default.",
        ),
    ),
    title="WhatsApp",
    description="The account's way to WhatsApp, for streams of messages: plugin, sender, waba_id"
    " and api_version.",
)
_NAMED_VALUES = th.ObjectType(additional_properties=True)
MESSAGE_OPTIONS = (
    th.Property(
        "template",
        th.StringType,
        description="Of whatsapp_template_message: name of the template, which must be approved.",
    ),
    th.Property(
        "language",
        th.StringType,
        description="Language of the template, where it is there in several. Of"
        " whatsapp_template: the column of the language.",
    ),
    th.Property(
        "phone",
        th.StringType,
        description="Column of the phone number that a message goes to, with its country code; in"
        " place of process and procedure.",
    ),
    th.Property(
        "parameters",
        _NAMED_VALUES,
        description='Parameter of the template to column, or constant: {"1": "first_name", "2":'
        ' {"value": "Pune"}}.',
    ),
    th.Property("header", _NAMED_VALUES, description="The same for the template's header."),
    th.Property(
        "buttons",
        _NAMED_VALUES,
        description="The same for its buttons that open an address, counted from 1.",
    ),
    th.Property(
        "media",
        _NAMED_VALUES,
        description="What the header shows: image, video or document to the column of its public"
        ' address, or {"file": "<column>"}: of a path below root, which is made public; with a'
        " document, filename.",
    ),
    th.Property(
        "place",
        _NAMED_VALUES,
        description="What the header shows on a map: latitude, longitude, name and address to"
        " column, or constant.",
    ),
    th.Property(
        "code",
        th.StringType,
        description="Of a template of the category AUTHENTICATION: column of the code.",
    ),
    th.Property(
        "sender",
        th.StringType,
        description="Meta's id of the number that messages are sent from, in place of the one of"
        " the setting whatsapp.",
    ),
    th.Property(
        "message",
        th.StringType,
        description="Of whatsapp_message: column of a whole message, JSON as Meta's Cloud API"
        " takes it.",
    ),
    th.Property(
        "text",
        th.StringType,
        description="Of whatsapp_message: column of a plain text, in place of message; with phone.",
    ),
    th.Property(
        "campaign",
        th.StringType,
        description="Of whatsapp_message: a name of your own that stays. A value of once_by is sent"
        " for once within it.",
    ),
    th.Property(
        "name",
        th.StringType,
        description="Of whatsapp_template: the column of the template's name.",
    ),
    th.Property(
        "category",
        th.StringType,
        description="Of whatsapp_template: the column of its category, UTILITY, MARKETING or"
        " AUTHENTICATION, which a new one needs.",
    ),
    th.Property(
        "components",
        th.StringType,
        description="Of whatsapp_template: the column of its header, text, footer and buttons, JSON"
        " as Meta takes it.",
    ),
    th.Property(
        "max_messages",
        th.IntegerType,
        description="Messages that a run may send. 0 by default: the first one stops the run.",
    ),
    th.Property(
        "allowed_numbers",
        th.ArrayType(th.StringType),
        description='Numbers that messages may go to, for trials: ["9199*"]. Others are rejects.',
    ),
    th.Property(
        "rate",
        th.NumberType,
        description="Messages per minute at the most.",
    ),
    th.Property(
        "quiet_hours",
        th.ObjectType(additional_properties=True),
        description='Hours in which none leaves: {"from": "21:00", "until": "08:00", "zone":'
        ' "Asia/Kolkata"}.',
    ),
)
