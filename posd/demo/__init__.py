"""``posd demo``: a real daemon between a simulated gateway and a virtual scanner, camera and printer.

``stage`` puts them up, ``story`` plays six payments and tells what happens; nothing leaves the machine.
"""

from posd.demo.story import play

__all__ = ["play"]
