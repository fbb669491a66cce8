"""posd: the payment daemon of the checkout box.

What happened is a fact on disk; what to do next follows from the facts; doing it is somebody else's job::

        devices/scanner            posd/payment  (PURE)             posd/gateways
  bytes ─► framing ─► Scan ─┐   ┌─────────────────────────┐   ┌─► codec ─► HTTPS ─► aggregator
        devices/face ───────┼──►│ apply(payment, event)   │   │
  posd/api  (orders, voids)─┘   │ consequence, requests   ├───┤
                                └───────▲─────────────────┘   └─► posd/receipt (PURE) ─► devices/printer
                                        │ replay                      payment ─► document ─► ESC/POS bytes
                                  posd/journal  ◄── every event is appended and synced here
                                                    BEFORE the next action is performed
                        posd/checkout  = the shell that carries values along these arrows

Words one needs: a *payment* takes one amount from one customer and has one *order number*; *submit* is the moment its
pay request is handed to the network; the *window* is how long posd hopes; a *void* is the recorded decision that it
must not stand. Amounts are integers, in fen.
"""

__version__ = "0.1.0"
