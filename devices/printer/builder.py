"""The one door to python-escpos: bytes of the commands it is good at. Its text and its connections are never used.

It is imported when the first command is built; `warm_up` does it beforehand, in an executor. Of the library, only the
class that makes commands is loaded, without what that draws pictures with (`stand_ins`), and instead of its list of all
printers (150 ms, 4 MB) one entry of ours. Three things it does to the process at import are undone or kept away here:
it gives the root logger a handler, leaves a directory behind in /tmp, and some of its methods print to standard output.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devices.printer.stand_ins import LOADING, stand_ins
from devices.printer.symbols import MAX_QR_BYTES

if TYPE_CHECKING:
    from PIL.Image import Image

RASTER_BAND_DOTS = 48
"""Rows of one `GS v 0`. A connection that breaks within a command leaves the printer waiting for the rest of it: short
commands keep that to a few kilobytes, and a printer with a small buffer starts before it has the whole picture."""

_RASTER = b"\x1dv0"
_LONGEST_RASTER_BYTES = 8 + RASTER_BAND_DOTS * 576 // 8
_LONGEST_OTHER_BYTES = 8 + MAX_QR_BYTES
"""Storing a QR code."""

_LIST_OF_PRINTERS = "ESCPOS_CAPABILITIES_FILE", str(Path(__file__).with_name("capabilities.json"))
"""The library's own setting for where that is."""
_KEPT_LIST = "ESCPOS_CAPABILITIES_PICKLE_DIR"
"""And for where a machine has it prepared: not ours to read, nor to fill with ours."""

_QR_CORRECTION_M = 1


def warm_up() -> None:
    """Import the library now: 20 ms that the first receipt need not wait for. Blocks; call it in an executor."""
    _printer()


def native_qr(data: str, module_dots: int) -> bytes:
    """`GS ( k`: a QR code, model 2, error correction M."""
    return _built(lambda printer: printer.qr(data, ec=_QR_CORRECTION_M, size=module_dots, native=True))


def raster(image: Image) -> bytes:
    """`GS v 0` in bands: a black-and-white picture at the left edge of the paper."""
    with LOADING:
        _add_pictures()
    return _built(lambda printer: printer.image(image, fragment_height=RASTER_BAND_DOTS))


def feed_and_cut() -> bytes:
    """`ESC d 6`, `GS V 0`: six lines bring the last one past any cutter, and cutters that only cut in part do that."""
    return _built(lambda printer: printer.cut())


def kick() -> bytes:
    """`ESC p 0`: a pulse of 100 ms to the drawer on pin 2."""
    return _built(lambda printer: printer.cashdraw(2))


def longest_command_bytes(job: bytes) -> int:
    """A bound on the commands in a job of ours: what a printer may still wait for when the job breaks off."""
    return _LONGEST_RASTER_BYTES if _RASTER in job else _LONGEST_OTHER_BYTES


def _built(build: Callable[[Any], None]) -> bytes:
    printer = _printer()()
    build(printer)
    return bytes(printer.output)


def _printer() -> type[Any]:
    with LOADING:
        return _import_quietly()


@functools.cache
def _add_pictures() -> None:
    """What turns pictures into dots, which was left out."""
    _import_quietly()
    from escpos import escpos as library
    from escpos.image import EscposImage

    library.EscposImage = EscposImage


@functools.cache
def _import_quietly() -> type[Any]:
    handlers = logging.root.handlers[:]
    with _own_list_of_printers(), stand_ins():
        from escpos import capabilities
        from escpos.escpos import Escpos

    for handler in logging.root.handlers[:]:
        if handler not in handlers:
            logging.root.removeHandler(handler)
    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)

    class Commands(Escpos):  # type: ignore[misc]  # the library has no types
        """Keeps the bytes of commands."""

        def __init__(self) -> None:
            super().__init__()
            self.output = bytearray()

        def _raw(self, msg: bytes) -> None:
            self.output += msg

    return Commands


@contextlib.contextmanager
def _own_list_of_printers() -> Iterator[None]:
    """Python code that reads the environment meanwhile finds our list of printers there.

    The process's own stays as it is: to change that while another thread resolves a name can crash the C library.
    """
    kept = os.environ
    seen = dict([*((name, value) for name, value in kept.items() if name != _KEPT_LIST), _LIST_OF_PRINTERS])
    os.environ = seen  # type: ignore[assignment]  # noqa: B003  # meant: see above
    try:
        yield
    finally:
        os.environ = kept  # noqa: B003
