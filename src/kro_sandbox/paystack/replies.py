from starlette.responses import Response

from kro_sandbox.core.wire import JSONObject, json_response


def ok(message: str, data: object, *, status: int = 200, meta: JSONObject | None = None) -> Response:
    """Wrap data the way every successful call does."""
    body: JSONObject = {"status": True, "message": message, "data": data}
    if meta is not None:
        body["meta"] = meta
    return json_response(body, status=status)
