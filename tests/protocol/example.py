"""Records as a board would send them, for tests to change."""

NOW_S = 215_000_000


def reading(sequence):
    """One 15 minute reading, all energy at rate 0."""
    return [sequence, NOW_S, 0, 1234, 1234, 0, 0, 0, 480, 219, 236, 900, 1, 5000, 3, 15000]


def status():
    """The state of a board that supplies 340 W."""
    status = dict.fromkeys(range(24), 0)
    status.update({0: 2, 2: 1, 3: 340, 4: 231, 5: 123_456, 10: 3, 13: 500, 20: 61_440, 23: NOW_S})
    return status


def programme_names():
    """A postpaid package of 500 W in readable form."""
    return {
        "version": 1,
        "package_id": "MG2-BKH-A",
        "activation_s": 0,
        "utc_offset_min": 330,
        "load": {"limit_w": 500},
        "windows": [],
        "supply_clock_unset": True,
        "credit": {
            "mode": 0,
            "low_1": 0,
            "low_2": 0,
            "reconnect": 1,
            "friendly_windows": [],
            "sanctioned_load_w": 500,
            "phases": 1,
            "opened_s": 0,
        },
        "tariff": None,
        "interval_s": 900,
        "start_delay_s": 60,
        "language": 0,
    }
