"""What SendGrid checks before it accepts a mail. The texts are SendGrid's where they are known."""

import re
from collections.abc import Iterator

from kro_sandbox.core.wire import JSONObject

RECIPIENTS_AT_MOST = 1000
_CATEGORIES_AT_MOST = 10
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_TEMPLATE = re.compile(r"d-[0-9a-f]{32}")
_TO_MISSING = (
    "The to array is required for all personalization objects, "
    "and must have at least one email object with a valid email address."
)
_FROM_MISSING = (
    "The from object must be provided for every email send. It is an object that requires the email parameter, "
    'but may also contain a name parameter. e.g. {"email" : "example@example.com"} '
    'or {"email" : "example@example.com", "name" : "Example Recipient"}.'
)
_SUBJECT_MISSING = (
    "The subject is required. You can get around this requirement if you use a template with a subject defined "
    "or if every personalization has a subject defined."
)
_CONTENT_MISSING = (
    "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined "
    "content block. We typically suggest both text/plain and text/html blocks are included, "
    "but only one block is required."
)
_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"


def error(message: str, field: str | None = None) -> JSONObject:
    return {"message": message, "field": field, "help": None if field is None else f"{_HELP}#message.{field}"}


def errors_of(mail: JSONObject) -> list[JSONObject]:
    """List everything SendGrid would refuse about a mail."""
    return [*_personalizations(mail), *_sender(mail), *_content(mail), *_categories(mail), *_sandbox_mode(mail)]


def is_sandboxed(mail: JSONObject) -> bool:
    return _sandbox_value(mail) is True


def addresses(personalization: JSONObject, *names: str) -> list[str]:
    items = [item for name in names for item in personalization.get(name) or []]
    return [str(item.get("email", "")) if isinstance(item, dict) else "" for item in items]


def _personalizations(mail: JSONObject) -> Iterator[JSONObject]:
    listed = mail.get("personalizations")
    if not isinstance(listed, list) or not listed:
        yield error("You must have at least one personalization.", "personalizations")
        return
    if len(listed) > RECIPIENTS_AT_MOST:
        yield error(
            "The personalization block is limited to 1000 personalizations per API request. "
            f"You have provided [{len(listed)}] personalizations.",
            "personalizations",
        )
        return
    total = 0
    for index, item in enumerate(listed):
        personalization = item if isinstance(item, dict) else {}
        total += len(addresses(personalization, "to", "cc", "bcc"))
        yield from _recipients(personalization, f"personalizations.{index}")
    if total > RECIPIENTS_AT_MOST:
        yield error("There is a limit of 1000 total recipients (to + cc + bcc) per request.", "personalizations")


def _recipients(personalization: JSONObject, where: str) -> Iterator[JSONObject]:
    if not addresses(personalization, "to"):
        yield error(_TO_MISSING, f"{where}.to")
    seen: set[str] = set()
    for name in ("to", "cc", "bcc"):
        for index, address in enumerate(addresses(personalization, name)):
            if not _EMAIL.fullmatch(address):
                yield error("Does not contain a valid address.", f"{where}.{name}.{index}.email")
            if address.lower() in seen:
                yield error(
                    "Each email address in the personalization block should be unique between to, cc, and bcc. "
                    f"We found the first duplicate instance of [{address}] in the {where}.{name} field.",
                    where,
                )
            seen.add(address.lower())


def _sender(mail: JSONObject) -> Iterator[JSONObject]:
    sender = mail.get("from")
    if not isinstance(sender, dict) or not sender.get("email"):
        yield error(_FROM_MISSING, "from.email")
    elif not _EMAIL.fullmatch(str(sender["email"])):
        yield error("The from email does not contain a valid address.", "from.email")


def _content(mail: JSONObject) -> Iterator[JSONObject]:
    template = mail.get("template_id")
    if template:
        if not _TEMPLATE.fullmatch(str(template)):
            yield error(f"The template_id must be a valid GUID, you provided '{template}'.", "template_id")
        return
    listed = mail.get("personalizations")
    every_has_subject = isinstance(listed, list) and all(
        isinstance(item, dict) and item.get("subject") for item in listed
    )
    if not mail.get("subject") and not every_has_subject:
        yield error(_SUBJECT_MISSING, "subject")
    blocks = mail.get("content")
    if not isinstance(blocks, list) or not blocks:
        yield error(_CONTENT_MISSING, "content")
        return
    for index, block in enumerate(blocks):
        if not isinstance(block, dict) or not block.get("type") or not block.get("value"):
            yield error(
                "The content value must be a string at least one character in length.", f"content.{index}.value"
            )
    types = [block.get("type") for block in blocks if isinstance(block, dict)]
    if types != sorted(
        types, key=("text/plain", "text/html").index if set(types) <= {"text/plain", "text/html"} else str
    ):
        yield error(
            "If present, text/plain must be first, followed by text/html, followed by any other content.", "content"
        )


def _categories(mail: JSONObject) -> Iterator[JSONObject]:
    categories = mail.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(category, str) for category in categories):
        yield error("The categories parameter must be an array of strings.", "categories")
    elif len(categories) > _CATEGORIES_AT_MOST:
        yield error("There cannot be more than 10 categories per request.", "categories")
    elif len(set(categories)) != len(categories):
        yield error("The categories must be unique.", "categories")


def _sandbox_mode(mail: JSONObject) -> Iterator[JSONObject]:
    if _sandbox_value(mail) not in (True, False, None):
        yield error("The sandbox mode enable param should be a boolean value.", "mail_settings.sandbox_mode.enable")


def _sandbox_value(mail: JSONObject) -> object:
    settings = mail.get("mail_settings")
    mode = settings.get("sandbox_mode") if isinstance(settings, dict) else None
    return mode.get("enable") if isinstance(mode, dict) else None
