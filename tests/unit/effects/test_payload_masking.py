from __future__ import annotations

from kro.core.outbox.masking import masked_payload


def test_shows_shape_ids_times_and_words_of_ours_and_nothing_that_names_anybody() -> None:
    payload = {
        "to": "+2348031110001",
        "template": "order_created",
        "channel": "sms",
        "kind": "Ada Obi",
        "facts": {"title": "Laptop for Ada", "amount": 15_000_000, "order_id": "ord_01kajz7k3nf9b8r2m4q6s8t0vw"},
        "account": 1234567890,
        "user_id": "00000000-0000-7000-8000-000000000001",
        "expires_at": "2026-11-27T09:00:00Z",
        "users": ["ada@kro.example", None, True],
    }

    assert masked_payload(payload) == {
        "to": "***",
        "template": "order_created",
        "channel": "sms",
        "kind": "***",
        "facts": {"title": "***", "amount": 15_000_000, "order_id": "ord_01kajz7k3nf9b8r2m4q6s8t0vw"},
        "account": "***",
        "user_id": "00000000-0000-7000-8000-000000000001",
        "expires_at": "2026-11-27T09:00:00Z",
        "users": ["***", None, True],
    }


def test_masks_digits_in_every_form() -> None:
    assert masked_payload({"to": "20260101", "code": "123456", "phone": "2348031110001"}) == {
        "to": "***",
        "code": "***",
        "phone": "***",
    }
