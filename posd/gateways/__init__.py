"""The five gateways: one pure codec each, one transport for all.

    PayOrder ─► codec.pay() ─► Exchange(request, read) ─► Gateway sends it ─► read(response) ─► Answer(verdict)

A codec builds what goes out and reads what comes back; it never sends, waits or looks at a clock. ``Gateway`` joins a
codec to the transport and turns everything that can go wrong on the way into a verdict.
"""
