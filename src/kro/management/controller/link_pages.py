"""What opens behind a link in a message: a page that changes nothing, and a button that does.

Mail scanners follow links, so looking has no effect. The pages load nothing and say nothing of the account; every
answer here is never stored, and sends no Referer on.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

import jinja2
from fastapi import APIRouter, Path, Request, Response

from kro.core.actor import AccountNotActiveError
from kro.core.auth.passwords import MAX_LENGTH, WeakPasswordError
from kro.core.guards import ClientDep, Public
from kro.core.http import BodyPolicy, JSONBytes, problems
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import TwoFactorRequiredError
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.views import LoginRead
from kro.verification.domain import LinkEndedError, LinkPurpose

router = APIRouter(prefix="/public", tags=["public"])
form_policy: Final = BodyPolicy(
    pattern=re.compile(r"/v1/public/password-resets/[^/]+"), max_bytes=4_096, json_only=False
)
"""The one page with a field in it sends a form, not JSON."""

Token = Annotated[str, Path(min_length=1, max_length=200)]
_REFUSALS: Final = problems(LinkEndedError, AccountNotActiveError, RateLimitedError)
_LOGIN: Final = problems(LinkEndedError, AccountNotActiveError, RateLimitedError, TwoFactorRequiredError)
_HTML: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/html": {}}}}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
_PAGE: Final = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string("""<!doctype html>
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
{% endif %}<p><button type="submit">{{ button }}</button></p>
</form>
{% endif %}</html>
""")


@router.get("/magic-links/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS})
async def show_login(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Ask whether to log in. Looking uses nothing up."""
    await accounts.links.ensure_live(token, purpose=LinkPurpose.LOGIN, client=client)
    return _page("Log in to KRO", "Only go on if you asked for this yourself, just now.", button="Log in")


@router.post("/magic-links/{token}", response_model=LoginRead, dependencies=[Public], responses=_LOGIN)
async def log_in_by_link(token: Token, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Open a session with a link; it works once. Apps that open the link themselves send this without the page."""
    return JSONBytes.of(LoginRead.of(await accounts.logins.log_in_by_link(token, client=client)))


@router.get(
    "/password-resets/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS}
)
async def show_reset(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Ask for a new password. Looking uses nothing up."""
    await accounts.links.ensure_live(token, purpose=LinkPurpose.PASSWORD_RESET, client=client)
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
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["password"],
                        "properties": {"password": {"type": "string", "maxLength": MAX_LENGTH}},
                    }
                }
            },
        }
    },
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
    await accounts.links.ensure_live(token, purpose=LinkPurpose.CHANGE_STOP, client=client)
    return _page("Stop this change?", "Everybody logged in to your account will be logged out.", button="Stop it")


@router.post(
    "/contact-changes/{token}", response_class=Response, dependencies=[Public], responses={**_HTML, **_REFUSALS}
)
async def stop_by_link(token: Token, accounts: AccountsDep, client: ClientDep) -> Response:
    """Stop a change of phone or mail address from the old one. All sessions end."""
    await accounts.contacts.stop_by_link(token, client=client)
    return _page("Stopped", "Your number and address stay as they were. Log in now and change your password.")


async def _password(request: Request) -> str:
    """Read the one field of the form; whatever else came is a password that does not do.

    :raises WeakPasswordError: when there is no such field, or it is too long.
    """
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=2, keep_blank_values=True)
    except ValueError:
        raise WeakPasswordError from None
    values = fields.get("password", [])
    if len(values) != 1 or len(values[0]) > MAX_LENGTH:
        raise WeakPasswordError
    return values[0]


def _page(title: str, text: str, *, button: str = "", password: bool = False) -> Response:
    page = _PAGE.render(title=title, text=text, button=button, password=password)
    return Response(page, media_type="text/html", headers=_HEADERS)
