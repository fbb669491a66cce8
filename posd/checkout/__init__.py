"""The shell around the payment machine: it carries values, it decides nothing.

    POS, scanner, gateway ─► fact ─► advance() ─► journal.append() ─► told ─► due() ─► gateway ─► answer ─► fact …

``checkout`` takes orders, scans and cancels; ``case`` runs one live payment; ``refunds`` runs refunds; ``hub`` tells
those who wait. A case belongs to one task, so nothing in it needs a lock.
"""
