"""Scanners: a serial port, a keyboard or a HID-POS device becomes a stream of `Scan`s.

    serial.py ── bytes ─────────────────────┐
    hid.py ───── key codes ──► keymap.py ───┼──► reader.py ──► framing.py ──► on_scan(Scan)
    hidraw.py ── reports ────► hidpos.py ───┘    (timers)      (PURE)

`abstract.Scanner` is what the rest of the program sees, `factory.make_scanner` makes one from a configuration,
`driver.py` is what the three have in common. `simulator.VirtualScanner` is a scanner without a scanner.
A code counts once it is whole: half codes, garbage, repeats within 2 s and what was scanned before the device was
opened are dropped.
"""
