import base64
import hashlib
import hmac
from urllib.parse import parse_qsl


def signature(token: str, url: str, form: bytes) -> str:
    """Sign as Twilio does: the address, then each parameter's name and value in the order of names."""
    pairs = sorted(set(parse_qsl(form.decode(), keep_blank_values=True)))
    message = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(token.encode(), message.encode(), hashlib.sha1).digest()).decode()
