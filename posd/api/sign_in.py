"""The cashier page, its sign-in and the few calls that only it needs.

A one-time link, made on the Unix socket by ``posd ui``, becomes a session. Sessions are in memory and end with the
process; so that a restart in the middle of a shift does not send the cashier away, the browser also holds a signed
note of when the sign-in ends, which ``POST /ui/session`` turns into a new session until then. ``DELETE /ui/session``
signs the browser out and takes both away from it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from pathlib import Path

from aiohttp import web

from devices.printer.stand_ins import LOADING
from posd.api.context import CONTEXT, Context, reply
from posd.api.guard import COOKIE, SESSION_S
from posd.api.problems import Problem, not_found
from posd.messages import REASONS, WALLETS
from posd.payment.auth_code import Secret

NOTE_COOKIE = "posd_sign_in"
NOTE_PATH = "/ui/session"

_PAGE = Path(__file__).with_name("ui")
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
    app.router.add_post(NOTE_PATH, _session)
    app.router.add_delete(NOTE_PATH, _sign_out)
    app.router.add_get("/v1/ui-settings", _settings)
    app.router.add_get("/v1/payments/{id}/qr.svg", _qr_code)
    app.router.add_get("/ui/{name}", _asset)


async def _link(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    listen = context.config.api.listen
    if listen is None:
        raise Problem(409, "no_listener", "the page needs [api] listen in the configuration")
    ticket = context.guard.sessions.ticket(asyncio.get_running_loop().time())
    return reply({"url": f"http://{listen}/ui/sign-in?ticket={ticket}"}, 201)


async def _sign_in(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    session = context.guard.sessions.redeem(request.query.get("ticket", ""), asyncio.get_running_loop().time())
    response = web.Response(status=303, headers={"Location": "/ui/", **_HEADERS})
    if session is not None:
        ends_s = context.now_ms() // 1000 + int(SESSION_S)
        _set_cookie(response, COOKIE, session, int(SESSION_S), "/")
        _set_cookie(response, NOTE_COOKIE, _note(_signing_key(context), ends_s), int(SESSION_S), NOTE_PATH)
    return response


async def _session(request: web.Request) -> web.Response:
    """``POST /ui/session``: whether the browser is signed in; after a restart of posd it is again, by its note."""
    context, now_s = request.app[CONTEXT], asyncio.get_running_loop().time()
    sessions = context.guard.sessions
    if sessions.holds(request.cookies.get(COOKIE), now_s):
        return reply({"signedIn": True})
    left_s = _seconds_left(context, request.cookies.get(NOTE_COOKIE, ""))
    session = sessions.redeem(sessions.ticket(now_s), now_s) if left_s > 0 else None
    response = reply({"signedIn": session is not None})
    if session is not None:
        _set_cookie(response, COOKIE, session, left_s, "/")
    return response


async def _sign_out(request: web.Request) -> web.Response:
    """``DELETE /ui/session``: the cookie is worth nothing from now on, and the browser forgets it and the note."""
    request.app[CONTEXT].guard.sessions.end(request.cookies.get(COOKIE))
    response = reply({"signedIn": False})
    response.del_cookie(COOKIE, path="/")
    response.del_cookie(NOTE_COOKIE, path=NOTE_PATH)
    return response


def _set_cookie(response: web.Response, name: str, value: str, age_s: int, path: str) -> None:
    response.set_cookie(name, value, max_age=age_s, httponly=True, samesite="Strict", path=path)


def _signing_key(context: Context) -> Secret:
    """The token of the listener: whoever has it may call anyway, and a new one ends all sign-ins."""
    token = context.config.api.token
    if token is None:
        raise Problem(409, "no_listener", "the page needs [api] listen in the configuration")
    return token


def _note(key: Secret, ends_s: int) -> str:
    """A note that says until when its holder is signed in; nobody without the key can write one."""
    text = f"{ends_s}.{secrets.token_urlsafe(12)}"
    return f"{text}.{_seal(key, text)}"


def _seal(key: Secret, text: str) -> str:
    return hmac.new(key.reveal().encode(), f"posd sign-in {text}".encode(), hashlib.sha256).hexdigest()


def _seconds_left(context: Context, note: str) -> int:
    """How long a note is still good for; 0 for one that is over or not ours."""
    text, _, seal = note.rpartition(".")
    ends = text.partition(".")[0]
    if not note.isascii() or not hmac.compare_digest(seal, _seal(_signing_key(context), text)):
        return 0
    return max(0, min(int(ends) - context.now_ms() // 1000, int(SESSION_S)))


async def _settings(request: web.Request) -> web.Response:
    """``GET /v1/ui-settings``: what the page says of this till, and the words for reasons and wallets."""
    config = request.app[CONTEXT].config
    return reply(
        {
            "storeName": config.terminal.store_name,
            "terminal": config.terminal.id,
            "drawer": config.printer.drawer,
            "reasons": {code: {"zh-CN": zh, "en": en} for code, (zh, en) in REASONS.items()},
            "wallets": {code: {"zh-CN": zh, "en": en} for code, (zh, en) in WALLETS.items()},
        }
    )


async def _qr_code(request: web.Request) -> web.Response:
    """``GET /v1/payments/{id}/qr.svg``: the code that the customer scans, as a picture for the screen."""
    payment = await request.app[CONTEXT].payment(request.match_info["id"])
    if payment.qr_code is None:
        raise not_found(f"payment {payment.id} has no code to show")
    picture = await asyncio.get_running_loop().run_in_executor(None, _svg, payment.qr_code)
    return web.Response(text=picture, content_type="image/svg+xml", charset="utf-8", headers=_HEADERS)


def _svg(text: str) -> str:
    """A QR code as SVG, a unit a module, with the quiet zone that scanners want."""
    with LOADING:
        import qrcode

    code = qrcode.QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    dots = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(rows)} {len(rows)}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{len(rows)}v{len(rows)}H0z"/><path d="{dots}"/></svg>'
    )


async def _to_page(_request: web.Request) -> web.Response:
    return web.Response(status=308, headers={"Location": "/ui/"})


async def _page(request: web.Request) -> web.Response:
    """The page, in the language of the terminal until the cashier chooses another."""
    page = _file("index.html")
    locale = request.app[CONTEXT].config.terminal.locale
    page.text = (page.text or "").replace('<html lang="en">', f'<html lang="{locale}">')
    return page


async def _asset(request: web.Request) -> web.Response:
    return _file(request.match_info["name"])


def _file(name: str) -> web.Response:
    kind = _KINDS.get(name.rpartition(".")[2])
    asset = _PAGE / name
    if kind is None or "/" in name or not asset.is_file():
        raise not_found(f"there is no /ui/{name[:64]}")
    return web.Response(body=asset.read_bytes(), content_type=kind, charset="utf-8", headers=_HEADERS)
