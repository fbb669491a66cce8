"""The served OpenAPI document is valid, and the API keeps to it, whatever it is sent."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from posd import __version__
from posd.api.openapi import document
from posd.api.routes import ROUTES, Route
from tests.api.till import TOKEN, a_till

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 20
"""For each call and each way of making them up; more find nothing new and take minutes."""

ENDLESS = {"/v1/events"}
FUZZED = [(route, "positive") for route in ROUTES if route.path not in ENDLESS]
FUZZED += [(route, "negative") for route, _ in FUZZED if route.path.startswith("/v1/")]
"""The others take nothing that could be wrong."""


class Daemon(threading.Thread):
    """A till with a daemon, in a loop of its own: the made-up requests come from blocking code."""

    def __init__(self, directory: Path) -> None:
        super().__init__(name="daemon under test")
        self.directory = directory
        self.url = ""
        self.ready = threading.Event()

    def run(self) -> None:
        """Until ``stop``."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with a_till(self.directory) as till:
            self.url = f"http://{till.listen()}"
            till.sections["[printer]"]["drawer"] = True
            till.sections["[payments]"]["armed_timeout"] = 2
            async with till.serving() as desk:
                await desk.paid()
                self.ready.set()
                await self._over.wait()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running daemon."""
    daemon = Daemon(tmp_path_factory.mktemp("till"))
    daemon.start()
    assert daemon.ready.wait(60)
    yield daemon.url
    daemon.stop()


HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def test_the_document_is_valid(api: str) -> None:
    """OpenAPI 3.1, the same as the code makes, every call in it, and what is served beside them."""
    served = requests.get(f"{api}/openapi.json", headers=HEADERS, timeout=10).json()
    OpenAPIV31SpecValidator(served).validate()
    assert document(__version__) == served
    beside = {("post", "/notify/{gateway}"), ("get", "/ui/")}
    assert beside | {(route.method.lower(), route.path) for route in ROUTES} == {
        (method, path) for path, methods in served["paths"].items() for method in methods
    }


@pytest.mark.parametrize(("route", "mode"), FUZZED, ids=lambda value: getattr(value, "path", value))
def test_no_request_brings_an_undocumented_answer(api: str, route: Route, mode: str) -> None:
    """Right and wrong requests by the document: no 5xx but documented ones, no other status, type or shape."""
    schema = schemathesis.openapi.from_dict(document(__version__))
    operation = schema[route.path][route.method]
    strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        case = data.draw(strategy)
        response = case.call(base_url=api, headers={**dict(case.headers or {}), **HEADERS})
        if response.status_code == 503 and "503" in operation.definition.raw["responses"]:
            return  # a scanner that is busy, a printer that is not there
        case.validate_response(response, checks=CHECKS)

    send()


def test_the_document_is_always_the_same() -> None:
    """Made from the code alone, in a stable order: in another process it is equal to the last character."""
    code = "import json; from posd.api.openapi import document; print(json.dumps(document('x')))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(texts)
