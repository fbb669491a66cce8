"""python-escpos is used without what it does to the process around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devices.printer import builder

IMPORT_IT = """
import logging, sys
from devices.printer import builder, driver, escpos
assert "escpos" not in sys.modules, "imported before it is needed"
builder.warm_up()
assert builder.native_qr("A", 6) and builder.feed_and_cut() and builder.kick()
assert not logging.root.handlers, logging.root.handlers
from PIL import Image
builder.raster(Image.new("1", (576, 100)))
"""

LOOK_WHAT_IS_LOADED = """
import os, sys
from devices.printer import builder
before = os.environ
builder.warm_up()
assert os.environ is before and "ESCPOS_CAPABILITIES_FILE" not in before
from escpos import capabilities
assert ["default"] == list(capabilities.CAPABILITIES["profiles"]), "the list of all printers was read"
assert builder.native_qr("A", 6) and builder.feed_and_cut() and builder.kick()
assert not {"barcode", "barcode.writer", "qrcode", "yaml", "escpos.image", "PIL"} & sys.modules.keys(), "or pictures"
assert not {"escpos.printer", "usb", "serial", "serial_asyncio"} & sys.modules.keys(), "drivers were loaded"
from devices.printer.document import Barcode, Document, QrCode
from devices.printer.profile import Profile
from devices.printer import raster
builder.raster(raster.paint([QrCode("A"), Barcode("0123456789")], Profile()))
import barcode, qrcode, yaml
assert qrcode.QRCode and yaml.dump and barcode.get_barcode, "what stood in for them is still there"
"""


def _run(code: str, tmp_path: Path, **environment: str) -> tuple[int, str, str]:
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3]), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """No handler at the root logger, no directory in the temporary one, nothing on the terminal; imported late."""
    assert (0, "", "") == _run(IMPORT_IT, tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_only_what_makes_commands_is_loaded(tmp_path: Path) -> None:
    """Neither the drivers of the library nor its list of all printers; the environment is as it was."""
    assert (0, "", "") == _run(LOOK_WHAT_IS_LOADED, tmp_path)


def test_a_prepared_list_of_printers_is_left_alone(tmp_path: Path) -> None:
    """Where a machine keeps the library's list for other programs, ours is not put in its place, nor is theirs read."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    assert (0, "", "") == _run(LOOK_WHAT_IS_LOADED, tmp_path, ESCPOS_CAPABILITIES_PICKLE_DIR=str(theirs))
    assert [theirs] == list(tmp_path.iterdir())
    assert [] == list(theirs.iterdir())


def test_bounds_of_commands() -> None:
    """What a printer may be owed after a break covers the longest command of such a job."""
    from PIL import Image

    picture = builder.raster(Image.new("1", (576, 100)))
    bands = picture.split(b"\x1dv0")[1:]
    assert max(len(band) + 3 for band in bands) <= builder.longest_command_bytes(picture)
    code = builder.native_qr("1" * 560, 3)
    assert 560 < builder.longest_command_bytes(code) < builder.longest_command_bytes(picture)
