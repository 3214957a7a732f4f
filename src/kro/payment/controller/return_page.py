"""The page a payer's browser comes back to from the provider's checkout, when no app of ours asked for another."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from kro.core.http import Router

router = Router()

# It says nothing of the payment: whoever has the address may open it, and coming back proves nothing.
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Thank you</title>
<style>
  body { max-width: 32rem; margin: 20vh auto; padding: 0 1.5rem; font: 1.1rem/1.6 system-ui, sans-serif; }
</style>
<h1>Thank you</h1>
<p>We are asking your bank. As soon as it confirms the payment, your order shows it and we tell you.</p>
<p>You can close this page.</p>
</html>
"""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


async def show_return_page(_: Request) -> HTMLResponse:
    """Show the payer that their money is being looked for."""
    return HTMLResponse(_PAGE, headers=_HEADERS)


# A plain route takes any query: Paystack appends trxref and reference, other providers what they like.
router.add_route("/public/payment-return", show_return_page, methods=["GET"], include_in_schema=False)
