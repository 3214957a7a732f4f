"""HTTP manners: problems, request identity, strict inputs, idempotency, pages, documentation, health."""

from kro.core.http.application import API
from kro.core.http.body import BodyPolicy
from kro.core.http.context import RequestContext, current_request
from kro.core.http.health import Check, health_router
from kro.core.http.idempotency import IdempotencyKey, IdempotencyRequest, OptionalIdempotencyKey
from kro.core.http.inputs import Currency, Email, Input, Line, MoneyIn, MoneyOut, Paragraphs, QueryInput, id_text
from kro.core.http.install import install, new_api
from kro.core.http.lazy import Router
from kro.core.http.outputs import Output
from kro.core.http.pages import HTMLPage
from kro.core.http.paging import BoundTo, CursorSigner, Page, PageParameters, PageQuery, Slice
from kro.core.http.problems import Problem, RateLimitFacts, problem_response, problems, render_problem
from kro.core.http.proxies import behind_proxies
from kro.core.http.replies import JSONBytes, send, written
from kro.core.http.strict_query import strict_query
from kro.core.http.surfaces import SurfaceMiddleware
from kro.core.paging import Position

__all__ = [
    "API",
    "BodyPolicy",
    "BoundTo",
    "Check",
    "Currency",
    "CursorSigner",
    "Email",
    "HTMLPage",
    "IdempotencyKey",
    "IdempotencyRequest",
    "Input",
    "JSONBytes",
    "Line",
    "MoneyIn",
    "MoneyOut",
    "OptionalIdempotencyKey",
    "Output",
    "Page",
    "PageParameters",
    "PageQuery",
    "Paragraphs",
    "Position",
    "Problem",
    "QueryInput",
    "RateLimitFacts",
    "RequestContext",
    "Router",
    "Slice",
    "SurfaceMiddleware",
    "behind_proxies",
    "current_request",
    "health_router",
    "id_text",
    "install",
    "new_api",
    "problem_response",
    "problems",
    "render_problem",
    "send",
    "strict_query",
    "written",
]
