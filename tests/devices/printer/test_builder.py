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


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """No handler at the root logger, no directory in the temporary one, nothing on the terminal; imported late."""
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_IT],
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "", "") == (ran.returncode, ran.stdout, ran.stderr)
    assert [] == list(tmp_path.iterdir())


def test_bounds_of_commands() -> None:
    """What a printer may be owed after a break covers the longest command of such a job."""
    from PIL import Image

    picture = builder.raster(Image.new("1", (576, 100)))
    bands = picture.split(b"\x1dv0")[1:]
    assert max(len(band) + 3 for band in bands) <= builder.longest_command_bytes(picture)
    code = builder.native_qr("1" * 560, 3)
    assert 560 < builder.longest_command_bytes(code) < builder.longest_command_bytes(picture)
