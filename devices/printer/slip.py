"""PURE. The test slip: everything a receipt may contain, so that a look at the paper tells whether the settings fit."""

from __future__ import annotations

from devices.printer.document import Barcode, Cut, Document, Pair, QrCode, Rule, Text
from devices.printer.profile import Profile

_SAMPLE_CODE = "0123456789012345"


def trial_slip(name: str, profile: Profile) -> Document:
    """A slip for the printer of this name. It shows no amount that could pass for a payment."""
    ruler = "1234567890" * (profile.columns // 10 + 1)
    return Document(
        (
            Text("打印测试", align="center", bold=True, double=True),
            Text("Printer test - not a receipt", align="center"),
            Rule(),
            Pair("打印机 Printer", name),
            Pair("纸宽 Paper", f"{profile.paper_mm} mm"),
            Pair("编码 Encoding", profile.encoding),
            Rule(),
            Text(ruler[: profile.columns]),
            Text("汉" * (profile.columns // 2)),
            Text("左对齐 left"),
            Text("居中 centre", align="center"),
            Text("右对齐 right", align="right"),
            Text("加粗 bold", bold=True),
            Text("￥“”…—·×° 㐀〇①", align="center"),
            Barcode(_SAMPLE_CODE),
            QrCode(_SAMPLE_CODE),
            Cut(),
        )
    )
