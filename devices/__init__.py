"""Things with a cable: scanners, face cameras, printers. A library of its own; it never imports posd.

        scanner/     bytes or key strokes ──► framing ──► Scan
        face/        JSON-RPC lines ◄──────► bridge ◄──► the vendor's SDK, in a process of its own
        printer/     Document ──► layout ──► escpos | raster ──► bytes ──► driver ──┐
                                                  status ◄── DLE EOT, GS r, ASB ◄───┤
        transport/   tcp · serial · device file · usb · cups · file · memory ◄──────┘

Words:
  device      an interface, a driver and a simulator, each a short file. The simulator is product code.
  transport   carries bytes to and from one device; knows nothing of what they mean.
  state       what a device can do right now, for people and for the till: `state.DeviceState`.
  errors      one tree, `errors.DeviceError`; which branch says whether anything was sent.

Rules: a driver never blocks the event loop (what blocks runs in an executor), bounds every buffer and every wait,
says "lost" once and "back" once, and takes its time from the loop, so that a test can drive it. Files that say PURE
in their first line do no input or output, and know no clock.
"""
