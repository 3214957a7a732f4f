"""What opens behind a link in a message: a page that changes nothing, and a button that does.

Mail scanners follow links, so looking has no effect. The pages load nothing and say nothing of the account; every
answer here is never stored, and sends no Referer on.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import Path, Request, Response

from kro.core.actor import AccountNotActiveError
from kro.core.auth.passwords import MAX_LENGTH, WeakPasswordError
from kro.core.guards import ClientDep, Public
from kro.core.http import BodyPolicy, HTMLPage, JSONBytes, Router, problems
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import FactorLockedError, TwoFactorRequiredError, WrongFactorError
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.views import LoginRead
from kro.management.domain import FactorProof
from kro.verification.domain import LinkEndedError, LinkPurpose

router = Router(prefix="/public", tags=["public"])
form_policy: Final = BodyPolicy(
    pattern=re.compile(r"/v1/public/(password-resets|magic-links)/[^/]+"), max_bytes=4_096, json_only=False
)
"""The pages with a field in them send a form, not JSON."""

Token = Annotated[str, Path(min_length=1, max_length=200)]
_REFUSALS: Final = problems(LinkEndedError, AccountNotActiveError, RateLimitedError)
_LOGIN: Final = problems(
    LinkEndedError,
    AccountNotActiveError,
    TwoFactorRequiredError,
    WrongFactorError,
    FactorLockedError,
    RateLimitedError,
)
_CODE: Final = re.compile(r"[0-9]{3} ?[0-9]{3}")
_LONGEST_CODE: Final = 64
_HTML: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/html": {}}}}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
_PAGE: Final = HTMLPage("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{{ title }}</title>
<style>
  body { max-width: 32rem; margin: 15vh auto; padding: 0 1.5rem; font: 1.1rem/1.6 system-ui, sans-serif; }
  button, input { font: inherit; padding: .5rem 1rem; }
</style>
<h1>{{ title }}</h1>
<p>{{ text }}</p>
{% if button %}<form method="post">
{% if password %}<p><label>New password<br><input type="password" name="password" minlength="8" maxlength="128"
  autocomplete="new-password" required></label></p>
{% endif %}{% if code %}<p><label>Code of your authenticator, or a recovery code<br><input name="code" maxlength="64"
  autocomplete="one-time-code" required></label></p>
{% endif %}<p><button type="submit">{{ button }}</button></p>
</form>
{% endif %}</html>
""")


def _form(name: str, most: int, *, required: bool) -> dict[str, Any]:
    """Return how the document describes a body that is a form with one field."""
    properties = {name: {"type": "string", "maxLength": most}}
    schema = {"type": "object", "properties": properties, **({"required": [name]} if required else {})}
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"requestBody": {"required": required, "content": content}}


@router.get("/magic-links/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS})
async def show_login(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Ask whether to log in, and for a code where there is an authenticator. Looking uses nothing up."""
    code = await accounts.logins.asks_for_code(token, client=client)
    return _page("Log in to KRO", "Only go on if you asked for this yourself, just now.", button="Log in", code=code)


@router.post(
    "/magic-links/{token}",
    response_model=LoginRead,
    dependencies=[Public],
    responses=_LOGIN,
    openapi_extra=_form("code", _LONGEST_CODE, required=False),
)
async def log_in_by_link(token: Token, request: Request, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Open a session with a link; it works once. Apps that open the link themselves send this without the page.

    For whoever has an authenticator `code` is one of its codes, or a recovery code; a wrong one uses nothing up.
    """
    factor = _factor(await _field(request, "code"))
    return JSONBytes.of(LoginRead.of(await accounts.logins.log_in_by_link(token, factor=factor, client=client)))


@router.get(
    "/password-resets/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS}
)
async def show_reset(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Ask for a new password. Looking uses nothing up."""
    await accounts.links.owner_of(token, purpose=LinkPurpose.PASSWORD_RESET, client=client)
    return _page(
        "Set a new password",
        "8 to 128 characters that are not easy to guess. All devices will be logged out.",
        button="Set the password",
        password=True,
    )


@router.post(
    "/password-resets/{token}",
    response_class=Response,
    dependencies=[Public],
    responses={**_HTML, **_REFUSALS, **problems(WeakPasswordError)},
    openapi_extra=_form("password", MAX_LENGTH, required=True),
)
async def reset_by_page(token: Token, request: Request, accounts: AccountsDep, client: ClientDep) -> Response:
    """Set a new password from the page; apps use `POST /v1/auth/password/reset`."""
    await accounts.passwords.reset_by_link(token, password=await _password(request), client=client)
    return _page("Your password is set", "Log in with it now. You can close this page.")


@router.get(
    "/contact-changes/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS}
)
async def show_stop(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Ask whether to stop a change of phone or mail address. Looking stops nothing."""
    await accounts.links.owner_of(token, purpose=LinkPurpose.CHANGE_STOP, client=client)
    return _page("Stop this change?", "Everybody logged in to your account will be logged out.", button="Stop it")


@router.post(
    "/contact-changes/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS}
)
async def stop_by_link(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Stop a change of phone or mail address from the old one. All sessions end."""
    await accounts.contacts.stop_by_link(token, client=client)
    return _page("Stopped", "Your number and address stay as they were. Log in now and change your password.")


async def _password(request: Request) -> str:
    """Return the new password.

    :raises WeakPasswordError: when there is no such field, or it is too long.
    """
    password = await _field(request, "password")
    if password is None or len(password) > MAX_LENGTH:
        raise WeakPasswordError
    return password


async def _field(request: Request, name: str) -> str | None:
    """Return the one field of a form; ``None`` for whatever else came."""
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=2, keep_blank_values=True)
    except ValueError:
        return None
    values = fields.get(name, [])
    return values[0] if len(values) == 1 else None


def _factor(code: str | None) -> FactorProof:
    if not code:
        return FactorProof()
    return FactorProof(totp=code) if _CODE.fullmatch(code) else FactorProof(recovery_code=code[:_LONGEST_CODE])


def _page(title: str, text: str, *, button: str = "", password: bool = False, code: bool = False) -> Response:
    page = _PAGE.render(title=title, text=text, button=button, password=password, code=code)
    return Response(page, media_type="text/html", headers=_HEADERS)
