"""Everything that can be chosen when the sandbox starts. Keys are public test values on purpose."""

from dataclasses import dataclass

PAYSTACK_TEST_KEY = "sk_test_kro_sandbox_0000000000000000000000"
FINCRA_TEST_KEY = "fincra_kro_sandbox_secret_000000000000"
FINCRA_PUBLIC_KEY = "pk_test_kro_sandbox_fincra_00000000000"
FINCRA_WEBHOOK_KEY = "fincra_kro_sandbox_webhook_00000000000"
FINCRA_BUSINESS = "64f1c2a4b7d9e30012ab4567"
PROVIDUS_CLIENT = "kro_sandbox_client"
PROVIDUS_TEST_KEY = "kro_sandbox_client_secret_0000000000000000"
PROVIDUS_ACCOUNT = "5900085856"
TERMII_TEST_KEY = "TL_kro_sandbox_0000000000000000000000"
TERMII_SIGNING_KEY = "TL_kro_sandbox_secret_0000000000000000"
TWILIO_ACCOUNT = "AC00000000000000000000000000000001"
TWILIO_TOKEN = "kro_sandbox_twilio_token_00000000"  # noqa: S105  a public test value
TWILIO_SHARED_KEY = ("webhooks_sharedkey_sandbox", "kro_sandbox_twilio_shared_000000")
TWILIO_OTP_CONTENT = "HX00000000000000000000000000000001"
TWILIO_NOTICE_CONTENT = "HX00000000000000000000000000000002"
TELNYX_TEST_KEY = "KEY_kro_sandbox_telnyx_0000000000000000"
TELNYX_PROFILE = "4001a0de-0000-4000-8000-000000000001"
TELNYX_SIGNING_SEED = b"kro_sandbox_telnyx_signing_00000"
"""Of the Ed25519 key that signs its webhooks; 32 bytes."""
WHATSAPP_TOKEN = "EAA_kro_sandbox_whatsapp_00000000000000"  # noqa: S105  as above
WHATSAPP_APP_SECRET = "kro_sandbox_whatsapp_app_secret_00000000"  # noqa: S105  as above
WHATSAPP_VERIFY_TOKEN = "kro_sandbox_whatsapp_verify_000000000000"  # noqa: S105  as above
WHATSAPP_PHONE_ID = "100000000000001"
DOJAH_APP_ID = "kro_sandbox_app"
DOJAH_TEST_KEY = "test_sk_kro_sandbox_dojah_000000000000"
SENDGRID_SIGNING_SEED = b"kro_sandbox_sendgrid_signing_000"
"""Of the P-256 key that signs its events; 32 bytes."""
SENDGRID_TEST_KEY = "SG.kro_sandbox.0000000000000000000000"
RECAPTCHA_TEST_KEY = "kro_sandbox_recaptcha_secret_00000000000"
S3_KEY_ID = "kro_sandbox_s3_key_id"
S3_TEST_KEY = "kro_sandbox_s3_secret_00000000000000000"
S3_BUCKET = "kro-sandbox"
S3_REGION = "eu-west-1"

# Paystack live retries every 3 minutes four times, then hourly; the shape is kept and the waiting is not.
COMPRESSED_RETRIES = (1.0, 1.0, 1.0, 1.0, 5.0, 5.0, 10.0, 20.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    host: str = "127.0.0.1"
    port: int = 4000
    public_url: str | None = None
    """Where a person's browser finds the sandbox; taken from each request when not given."""
    webhook_target: str = "http://127.0.0.1:3000"
    retry_delays: tuple[float, ...] = COMPRESSED_RETRIES
    webhook_timeout: float = 30.0
    paystack_key: str = PAYSTACK_TEST_KEY
    opening_balance: int = 1_000_000_000
    """Kobo on each payment company's balance before anything happened."""
    transfer_delay: float = 0.5
    refund_delay: float = 0.5
    fincra_key: str = FINCRA_TEST_KEY
    fincra_public_key: str = FINCRA_PUBLIC_KEY
    fincra_webhook_key: str = FINCRA_WEBHOOK_KEY
    fincra_business: str = FINCRA_BUSINESS
    providus_client: str = PROVIDUS_CLIENT
    providus_key: str = PROVIDUS_TEST_KEY
    providus_login: tuple[str, str] = ("test", "test")
    """User name and password of the transfer service."""
    providus_account: str = PROVIDUS_ACCOUNT
    providus_dynamic_seconds: float = 600.0
    """How long Providus lends an account for one payment; agreed with each merchant."""
    providus_fee: int = 4_500
    """Kobo that Providus keeps of each payment, as in its sample; agreed with each merchant."""
    termii_key: str = TERMII_TEST_KEY
    termii_signing_key: str = TERMII_SIGNING_KEY
    termii_senders: tuple[str, ...] = ("KRO", "KROTrust", "N-Alert")
    termii_webhooks: bool = False
    termii_wallet: float = 1_000_000.0
    """Naira on the Termii wallet before anything was sent."""
    message_reports: bool = True
    text_senders: tuple[str, ...] = ("KRO", "KROTrust")
    """Names that Twilio and Telnyx send from."""
    twilio_account: str = TWILIO_ACCOUNT
    twilio_token: str = TWILIO_TOKEN
    twilio_whatsapp_from: str = "+15550100001"
    telnyx_key: str = TELNYX_TEST_KEY
    telnyx_profile: str = TELNYX_PROFILE
    telnyx_signing_seed: bytes = TELNYX_SIGNING_SEED
    whatsapp_token: str = WHATSAPP_TOKEN
    whatsapp_app_secret: str = WHATSAPP_APP_SECRET
    whatsapp_phone_id: str = WHATSAPP_PHONE_ID
    dojah_app_id: str = DOJAH_APP_ID
    dojah_key: str = DOJAH_TEST_KEY
    sendgrid_key: str = SENDGRID_TEST_KEY
    sendgrid_signing_seed: bytes = SENDGRID_SIGNING_SEED
    recaptcha_secret: str = RECAPTCHA_TEST_KEY
    s3_key_id: str = S3_KEY_ID
    s3_secret: str = S3_TEST_KEY
    s3_bucket: str = S3_BUCKET
    s3_region: str = S3_REGION
