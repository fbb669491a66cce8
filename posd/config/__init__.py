"""The configuration: one TOML file into frozen sections; every fault is found at once and names its file and key.

``sections`` is what may be written, ``load`` reads it, ``secrets`` fetches what must not stand in it.
"""

from posd.config.load import ConfigError, load, load_without_secrets
from posd.config.sections import Config

__all__ = ["Config", "ConfigError", "load", "load_without_secrets"]
