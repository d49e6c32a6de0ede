"""Settings that a checkpoint keeps in its header as plain data."""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

_Own = TypeVar("_Own", bound="Settings")
"""Not Self, which beartype only takes where it decorates the whole class."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Named plain values; a class below names them."""

    def to_json(self) -> dict[str, Any]:
        """Give the settings as plain data.

        Returns
        -------
        dict
            Field name to value, in the order of the fields.
        """
        return asdict(self)

    @classmethod
    def from_json(cls: type[_Own], data: dict[str, Any]) -> _Own:
        """Read the settings back.

        Parameters
        ----------
        data
            What :meth:`to_json` gave.

        Returns
        -------
        Settings
            The same settings.

        Raises
        ------
        TypeError
            If a name is missing or not known.
        """
        return cls(**data)
