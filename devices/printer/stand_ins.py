"""What python-escpos imports and our commands never use is kept out of memory: 6 MB on a till that prints text.

It draws bar codes and QR codes where a printer cannot, which `raster` does here; and it reads its list of printers as
YAML, of which JSON is a part. While it is imported, empty modules stand in for the libraries that it would do that
with. They are gone afterwards, so everybody else gets the real ones; `LOADING` is for who imports those meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

LOADING = threading.RLock()
"""Held while anything stands in. Take it to import one of `NAMES`."""

_CONTENTS: dict[str, dict[str, object]] = {
    "barcode": {"PROVIDED_BARCODES": ()},
    "barcode.writer": {"ImageWriter": None},
    "qrcode": {},
    "yaml": {"safe_load": json.load},
    "escpos.image": {"EscposImage": None},
}
NAMES = frozenset(_CONTENTS)
"""The modules that are replaced, unless they are there already."""


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """Whoever imports one of `NAMES` meanwhile gets the little that python-escpos asks of it when it is imported."""
    with LOADING:
        made = {name: _made(name) for name in NAMES if name not in sys.modules}
        sys.modules.update(made)
        try:
            yield
        finally:
            for name in made:
                del sys.modules[name]


def _made(name: str) -> ModuleType:
    module = ModuleType(name, "Stands in for the real one.")
    vars(module).update(_CONTENTS[name])
    return module
