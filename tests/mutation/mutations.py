"""All the ways in which posd is broken."""

from __future__ import annotations

from tests.mutation.machine import CLOCK, MONEY
from tests.mutation.others import CODECS, REFUNDS, SHELL

ALL = (*MONEY, *CLOCK, *REFUNDS, *CODECS, *SHELL)
