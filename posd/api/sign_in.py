"""The cashier page and its sign-in: a one-time link, made on the Unix socket by ``posd ui``, becomes a session."""

from __future__ import annotations

from importlib import resources

from aiohttp import web

from posd.api.context import CONTEXT, reply
from posd.api.guard import COOKIE, SESSION_S
from posd.api.problems import Problem, not_found

_KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def add_sign_in(app: web.Application) -> None:
    """The page's own calls, beside those of the contract."""
    app.router.add_post("/v1/ui-link", _link)
    app.router.add_get("/ui", _to_page)
    app.router.add_get("/ui/", _page)
    app.router.add_get("/ui/sign-in", _sign_in)
    app.router.add_get("/ui/{name}", _asset)


async def _link(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    listen = context.config.api.listen
    if listen is None:
        raise Problem(409, "no_listener", "the page needs [api] listen in the configuration")
    ticket = context.guard.sessions.ticket(request.loop.time())
    return reply({"url": f"http://{listen}/ui/sign-in?ticket={ticket}"}, 201)


async def _sign_in(request: web.Request) -> web.Response:
    session = request.app[CONTEXT].guard.sessions.redeem(request.query.get("ticket", ""), request.loop.time())
    response = web.Response(status=303, headers={"Location": "/ui/", **_HEADERS})
    if session is not None:
        response.set_cookie(COOKIE, session, max_age=int(SESSION_S), httponly=True, samesite="Strict", path="/")
    return response


async def _to_page(_request: web.Request) -> web.Response:
    return web.Response(status=308, headers={"Location": "/ui/"})


async def _page(_request: web.Request) -> web.Response:
    return _file("index.html")


async def _asset(request: web.Request) -> web.Response:
    return _file(request.match_info["name"])


def _file(name: str) -> web.Response:
    kind = _KINDS.get(name.rpartition(".")[2])
    asset = resources.files("posd.api").joinpath("ui", name)
    if kind is None or "/" in name or not asset.is_file():
        raise not_found(f"there is no /ui/{name[:64]}")
    return web.Response(body=asset.read_bytes(), content_type=kind, charset="utf-8", headers=_HEADERS)
