"""The application: routes, middlewares, and the document that describes them."""

from __future__ import annotations

import functools

from aiohttp import web

from posd.api.body import BODY_AT_MOST, is_printable, printable
from posd.api.context import CONTEXT, Call, Context, reply
from posd.api.errors import Handler, problems
from posd.api.openapi import document
from posd.api.problems import invalid
from posd.api.routes import ROUTES, Route
from posd.api.sign_in import add_sign_in


def make_app(context: Context) -> web.Application:
    """The API over one set of parts; serve it on as many sockets as wanted."""
    app = web.Application(middlewares=[problems, context.guard.middleware()], client_max_size=BODY_AT_MOST)
    app.on_response_prepare.append(context.guard.tell_origin)
    app[CONTEXT] = context
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _handler(route))
    # Made when somebody asks: the start need not wait for it.
    described = functools.cache(document)

    async def openapi(_request: web.Request) -> web.Response:
        return reply(described(context.version))

    app.router.add_get("/openapi.json", openapi)
    add_sign_in(app)
    return app


def _handler(route: Route) -> Handler:
    call: Call = route.call
    known = frozenset(parameter.name for parameter in route.parameters)
    strict = route.path.startswith("/v1/")

    async def handle(request: web.Request) -> web.StreamResponse:
        if strict:
            _check_names(request, known)
        return await call(request.app[CONTEXT], request)

    return handle


def _check_names(request: web.Request, known: frozenset[str]) -> None:
    for name in request.query:
        if name not in known:
            raise invalid(f"{printable(name)} is no parameter of {request.match_info.route.resource.canonical}")  # type: ignore[union-attr]  # a matched route has a resource
    for value in request.match_info.values():
        if not is_printable(value):
            raise invalid("the path contains control characters")
