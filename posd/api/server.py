"""The listeners: the Unix socket, and the loopback where configured."""

from __future__ import annotations

import contextlib
import grp
import logging
import os
import socket
from pathlib import Path

from aiohttp import web

from posd.api.problems import Problem, invalid
from posd.config.load import split_host_port
from posd.config.sections import Api

SHUTDOWN_S = 2.0
"""How long parked requests may take to end when posd stops."""

_log = logging.getLogger(__name__)


class ListenError(Exception):
    """A listener cannot be opened; the message says which and what to do."""


class _Connection(web.RequestHandler):
    """Answers what is no HTTP, or too much of it, with a problem as everything else; nothing of it is repeated."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The last answer on this connection."""
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer was sent already")
        problem = invalid("this is no HTTP/1.1 request, or its head is too long")
        if status >= 500:
            _log.error("an answer could not be made", exc_info=exc)
            problem = Problem(500, "internal_error", "posd made a mistake; its log says which", retryable=True)
        response = problem.response()
        response.force_close()
        return response


class _Connections(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Connections  # aiohttp takes a class of connections nowhere else
        return server


class Server:
    """Serves one application on all sockets of the configuration, from ``start`` to ``close``."""

    def __init__(self, app: web.Application, config: Api) -> None:
        self._config = config
        self._runner = _Runner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, max_line_size=8190)
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs a traceback for every bad request

    async def start(self) -> None:
        """Open all listeners. Raises ListenError."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._unix_socket()).start()
        if self._config.listen is not None and (found := split_host_port(self._config.listen)) is not None:
            try:
                await web.TCPSite(self._runner, *found).start()
            except OSError as error:
                raise ListenError(f"[api] listen {self._config.listen}: {error.strerror}") from error

    async def close(self) -> None:
        """Close the listeners and let go of the requests that are held."""
        await self._runner.cleanup()
        self._remove_socket()

    def _remove_socket(self) -> None:
        with contextlib.suppress(OSError):
            Path(self._config.socket).unlink()

    def _unix_socket(self) -> socket.socket:
        """Bound under another name and moved into place with its mode set: nobody meets it half made.

        Only the holder of the journal's lock comes here, so that a live socket is never taken away.
        """
        path = Path(self._config.socket)
        fresh = path.with_name(f".{path.name}.new")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            listener.bind(str(fresh))
            fresh.chmod(int(self._config.socket_mode, 8))
            if self._config.socket_group is not None:
                gid = grp.getgrnam(self._config.socket_group).gr_gid
                if fresh.stat().st_gid != gid:  # a service may not call chown, and need not for its own group
                    os.chown(fresh, -1, gid)
            listener.listen(128)
            fresh.replace(path)
        except KeyError as error:
            listener.close()
            raise ListenError(f"[api] socket_group: there is no group {self._config.socket_group}") from error
        except OSError as error:
            listener.close()
            raise ListenError(f"[api] socket {path}: {error.strerror or error}") from error
        return listener
