"""Ways to carry bytes to one device and back: see `base.ByteTransport` for what they have in common."""
