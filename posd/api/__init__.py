"""The HTTP API: on the Unix socket always, on the loopback when configured.

    request ─► guard (host, origin, token) ─► route ─► body (strict) ─► handler ─► resource or problem

``routes`` is the one table of all calls; the router and the OpenAPI document are both made from it.
"""
