"""The face bridge: the vendor's SDK runs in a process of its own and connects to us.

    protocol.py (PURE)   JSON-RPC 2.0, a line a message          errors.py (PURE)   what may come instead of a face
    bridge.py            listens, one bridge at a time           simulator.py       a bridge without a camera

A payment with a face: `rawdata` → the gateway's face-auth call → `face_code` → pay → `result`. The result is told on
every path once `face_code` was asked, else the screen of the device waits for ever.
"""
