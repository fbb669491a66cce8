"""What a payment is and what follows from what happened to it. Pure: no I/O, clock, randomness, logging or await.

``events`` is all that can happen, ``actions`` all that can be asked for; ``state_machine`` says how an event changes a
payment and which event follows from it by itself; ``schedule`` says what to ask of the gateway now, and when to look
again. ``verdicts`` are the words in which gateways speak.
"""
