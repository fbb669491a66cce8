"""``posd demo``: a real daemon between a simulated gateway, a virtual scanner and a virtual printer.

``stage`` puts them up, ``story`` plays five payments and tells what happens; nothing leaves the machine.
"""

from posd.demo.story import play

__all__ = ["play"]
