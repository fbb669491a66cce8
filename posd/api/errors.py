"""Whatever goes wrong in a handler becomes a problem answer, and the daemon stays up."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from devices.errors import DeviceError
from posd.api.problems import Problem
from posd.journal.errors import JournalUnavailable
from posd.refusals import Refusal

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into its problem."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except Refusal as refusal:
        return Problem.of(refusal).response()
    except DeviceError as error:
        return Problem(503, "device_unavailable", str(error), retryable=True).response()
    except JournalUnavailable as error:
        return Problem(503, "journal_unavailable", str(error), retryable=True).response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _of_http(request, error)
    except (ConnectionError, TimeoutError):
        raise
    except Exception:  # the top of a request
        _log.exception("%s %s failed", request.method, request.rel_url.path)
        return Problem(500, "internal_error", "posd made a mistake; its log says which", retryable=True).response()


def _of_http(request: web.Request, error: web.HTTPException) -> web.Response:
    details = {
        404: f"there is no {request.rel_url.path}",
        405: f"{request.rel_url.path} does not take {request.method}",
        413: "a body has 64 KiB at most",
    }
    code = _CODES.get(error.status, "invalid_request")
    response = Problem(error.status, code, details.get(error.status, error.reason)).response()
    if (allow := error.headers.get("Allow")) is not None:
        response.headers["Allow"] = allow
    return response
