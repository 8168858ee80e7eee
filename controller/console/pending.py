"""How much waits for somebody, counted for the home page: one statement each."""

from controller.console.queries import SILENT, meters_shown
from controller.console.reach import Rights


def silent_meters(rights: Rights) -> int:
    """Meters that have not been heard for too long."""
    return meters_shown(rights.plants, SILENT).count()
