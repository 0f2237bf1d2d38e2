"""The template of a mapping: that it is there, approved, and needs just what the mapping gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import nearest
from target_chakra.call_settings.message_sources import MEDIA
from target_chakra.messages.template_text import text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chakra_api.endpoints.message_templates import MessageTemplate, TemplateList
    from target_chakra.call_settings.template_message import TemplateMessageMapping
    from target_chakra.messages.template_text import TemplateText

APPROVED: Final = "APPROVED"
_OF_CODES: Final = "AUTHENTICATION"
"""The category of templates that bring a code to who logs in somewhere."""
_ON_A_MAP: Final = "location"
_MOST_NAMED: Final = 10
_STATUS_STEPS: Final = {
    "PENDING": "Run it again once WhatsApp has approved it",
    "PAUSED": "WhatsApp pauses a template that many people complain of, for some hours: run it"
    " again once it is approved again",
}
_OTHER_STEP: Final = "Name a template that is approved, or have this one reviewed again in WhatsApp"


def chosen_template(
    templates: TemplateList, mapping: TemplateMessageMapping, where: str
) -> MessageTemplate:
    """The template that a mapping names, in its language.

    Args:
        templates: All that there are.
        mapping: What its user wants.
        where: The mapping, for messages.

    Raises:
        SettingsError: It is not there, not approved, or needs other values than the mapping gives.
    """
    named = [each for each in templates.templates if each.name == mapping.template]
    if not named:
        raise _absent(templates, mapping.template, where)
    template = _in_language(named, mapping, where)
    title = f"The template '{template.name}' ({template.language})"
    status = template.status.upper()
    if status != APPROVED:
        raise SettingsError(
            f"{title}, which {where} names, is {status or 'of no status'}, and WhatsApp sends"
            " approved ones only",
            _STATUS_STEPS.get(status, _OTHER_STEP),
        )
    brings_code = template.category.upper() == _OF_CODES
    _check_code(mapping, f"{title} and {where}", brings_code=brings_code)
    if not brings_code:
        _check_values(text_of(template), mapping, f"{title} and {where}")
    return template


def _check_code(mapping: TemplateMessageMapping, both: str, *, brings_code: bool) -> None:
    """Check that a mapping gives a code where the template is of codes, and nothing else then.

    Raises:
        SettingsError: It does not.
    """
    if brings_code and not mapping.code:
        raise SettingsError(
            f"{both} do not fit: it is of the category {_OF_CODES}, and the mapping names no code",
            "Name the column of the code as code",
        )
    if mapping.code and not brings_code:
        raise SettingsError(
            f"{both} do not fit: the mapping names a code, and it is not of the category"
            f" {_OF_CODES}",
            "Take code away, or name a template of codes",
        )
    others = ("parameters", "header", "buttons", "media", "place")
    idle = [each for each in others if getattr(mapping, each)]
    if brings_code and idle:
        raise SettingsError(
            f"{both} do not fit: the code stands in all of its places, and the mapping names"
            f" {idle[0]}",
            f"Take {idle[0]} away",
        )


def _absent(templates: TemplateList, name: str, where: str) -> SettingsError:
    names = sorted({each.name for each in templates.templates if each.status.upper() == APPROVED})
    near = nearest(name, names)
    unsure = f" (as far as its list goes: {'; '.join(templates.unsure)})"
    more = ", …" if len(names) > _MOST_NAMED else ""
    return SettingsError(
        f"There is no template '{name}', which {where} names"
        + (f" (the nearest one is '{near}')" if near else "")
        + (unsure if templates.unsure else ""),
        f"Approved ones are: {', '.join(names[:_MOST_NAMED]) or 'none'}{more}",
    )


def _in_language(
    named: Sequence[MessageTemplate], mapping: TemplateMessageMapping, where: str
) -> MessageTemplate:
    languages = ", ".join(sorted(each.language for each in named))
    if not mapping.language:
        if len(named) == 1:
            return named[0]
        raise SettingsError(
            f"The template '{mapping.template}' is there in several languages, and {where} names"
            " none",
            f"Name language as one of: {languages}",
        )
    found = next((each for each in named if each.language == mapping.language), None)
    if found is None:
        raise SettingsError(
            f"The template '{mapping.template}' is not there in the language"
            f" '{mapping.language}', which {where} names",
            f"Name language as one of: {languages}",
        )
    return found


def _check_values(text: TemplateText, mapping: TemplateMessageMapping, both: str) -> None:
    """Check that a mapping gives just what a template needs.

    Raises:
        SettingsError: It gives less, or more.
    """
    _check_names(text.parameters, mapping.parameters, "parameters", both)
    _check_names(text.header_parameters, mapping.header, "header", both)
    _check_names(text.button_parameters, mapping.buttons, "buttons", both)
    shows = text.shows.lower()
    _check_place(shows, mapping, both)
    if shows == _ON_A_MAP:
        shows = ""
    elif shows and shows not in MEDIA:
        raise SettingsError(
            f"{both} do not fit: its header shows a {shows}, which target-chakra does not send",
            f"Name a template whose header is a text or shows one of: {', '.join(MEDIA)},"
            f" {_ON_A_MAP}",
        )
    given = next((each for each in MEDIA if each in mapping.media), "")
    if given != shows:
        needs = f"its header shows the {shows} of media" if shows else "its header shows no file"
        raise SettingsError(
            f"{both} do not fit: {needs}, and the mapping names {given or 'none'}",
            f'Name it as media: {{"{shows}": "<column>"}}' if shows else "Take media away",
        )


def _check_place(shows: str, mapping: TemplateMessageMapping, both: str) -> None:
    if (shows == _ON_A_MAP) == bool(mapping.place):
        return
    if mapping.place:
        raise SettingsError(
            f"{both} do not fit: the mapping names a place, and its header shows none",
            "Take place away",
        )
    raise SettingsError(
        f"{both} do not fit: its header shows a place on a map, and the mapping names none",
        'Name it as place: {"latitude": "lat", "longitude": "lon", "name": "clinic"}',
    )


def _check_names(needed: Collection[str], given: Collection[str], option: str, both: str) -> None:
    missing, idle = sorted(set(needed) - set(given)), sorted(set(given) - set(needed))
    if not missing and not idle:
        return
    said = f"nothing fills {_marks(missing)}" if missing else f"it has no {_marks(idle)}"
    wanted = ", ".join(f'"{each}"' for each in needed)
    raise SettingsError(
        f"{both} do not fit: {option} of the mapping gives {len(given)} values, the template takes"
        f" {len(needed)}, and {said}",
        f"Name a column for each of: {wanted}" if needed else f"Take {option} away",
    )


def _marks(names: Sequence[str]) -> str:
    return ", ".join(f"{{{{{each}}}}}" for each in names)
