"""The five gateways as a server: for demonstrations, for integrators without posd, and for tests.

    request ─► protocol.read ─► Call ─► engine: the order's plan is carried out in the bank ─► View ─► protocol's words
                 (verify,                    (behaviour, magic, scripts)   (the truth)                 ─► sign ─► Reply
                  check)

``bank`` is the truth about the money; ``behaviour`` the words for what gateway and customer do, ``magic`` the codes and
amounts that choose them; ``protocol`` what a protocol has to provide, ``engine`` what all have in common (``sales``:
pay and query, ``returns``: cancel and refund); ``sandbox`` all gateways without a socket and without a clock;
``server`` the same on real sockets; ``control`` what scripts and people can ask for. All but ``server`` and ``keys``
is pure: the time is handed in, what happens later is handed out.

To add a protocol:

1. Subclass ``Protocol`` in a module of its own and add the class to ``catalogue.PROTOCOLS``. ``name`` is the protocol's
   name in the configuration and the prefix of its paths.
2. ``__init__(bank, keys, site)``: take secrets from ``keys.token(name, …)`` and ``keys.rsa(name, …)``; ``settings()``
   hands the client's side of them out, under the names of the configuration.
3. ``read`` decodes a request (``forms.read_form``, ``forms.read_json``), verifies the signature, checks the fields
   against a table (``fields.must``, ``fields.may``, ``self.check(call)``) and says which order and refund it is about.
   What breaks the document is a ``Reject`` with the ``Call`` as far as it could be read; it is answered by
   ``rejected`` and noted as a violation.
4. Everything else words answers: a dictionary of fields from a ``View`` (never from the order's own state: an answer
   may have to lie), signed and serialised by ``encode`` as its ``Seal`` says.
5. What the documents leave open becomes a quirk (``QUIRKS``), not a guess.

No protocol looks at a plan, and none delays, drops or hangs: the engine does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posd.gateways.simulator.behaviour import Plan

if TYPE_CHECKING:
    from posd.gateways.simulator.server import Simulator

__all__ = ["Plan", "Simulator"]


def __getattr__(name: str) -> object:
    """``Simulator`` is imported when it is first asked for: it brings a web server, and the command line does not."""
    if name != "Simulator":
        raise AttributeError(name)
    from posd.gateways.simulator.server import Simulator as Server

    return Server
