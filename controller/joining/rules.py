"""Where somebody may be connected, and which papers prove who they are (MG-4). Pure."""

import math
import re
from typing import NamedTuple

from controller.errors import Refused

EARTH_M = 6_371_000
DEGREE_UDEG = 1_000_000
LATITUDE_MAX_UDEG, LONGITUDE_MAX_UDEG = 90 * DEGREE_UDEG, 180 * DEGREE_UDEG
DISTANCE_MAX_M = 5_000
USE_MAX_WH = 100_000_000  # a month

NAME_MAX, NEEDS_MAX = 120, 300  # characters
SEGMENTS = {
    "household": "Household",
    "shop": "Shop or office",
    "productive": "Mill, pump, workshop",
    "institution": "School, clinic, public office",
}
WAYS = {
    "in_person": "In person",
    "referral": "Referred by a consumer",
    "self_referral": "By themselves, in the app",
}


class Proof(NamedTuple):
    """A kind of identity proof: its name and what its number looks like."""

    name: str
    number: re.Pattern[str]


PROOFS = {
    "aadhaar": Proof("Aadhaar", re.compile(r"[2-9][0-9]{11}")),
    "voter": Proof("Voter's card", re.compile(r"[A-Z]{3}[0-9]{7}")),
    "ration": Proof("Ration card", re.compile(r"[A-Z0-9]{8,20}")),
    "passport": Proof("Passport", re.compile(r"[A-Z][0-9]{7}")),
    "driving": Proof("Driving licence", re.compile(r"[A-Z]{2}[0-9]{13,14}")),
    "other": Proof("Another paper", re.compile(r"[A-Z0-9]{4,20}")),
}


class Place(NamedTuple):
    """A point on the earth, in millionths of a degree."""

    latitude_udeg: int
    longitude_udeg: int


def check_place(place: Place) -> None:
    """Raises Refused for what is no place on earth."""
    if (
        abs(place.latitude_udeg) > LATITUDE_MAX_UDEG
        or abs(place.longitude_udeg) > LONGITUDE_MAX_UDEG
    ):
        raise Refused(
            f"{place.latitude_udeg}, {place.longitude_udeg} is no place",
            "Give latitude and longitude in millionths of a degree.",
        )


def distance_m(one: Place, other: Place) -> int:
    """Metres between two places of one village, rounded up; the earth is flat there."""
    middle = math.radians((one.latitude_udeg + other.latitude_udeg) / 2 / DEGREE_UDEG)
    north = math.radians((other.latitude_udeg - one.latitude_udeg) / DEGREE_UDEG)
    east = math.radians((other.longitude_udeg - one.longitude_udeg) / DEGREE_UDEG)
    return math.ceil(EARTH_M * math.hypot(north, east * math.cos(middle)))


def check_catchment(distance: int, catchment_m: int) -> None:
    """Raises Refused for a house that is too far from the pole."""
    if not 0 <= distance <= DISTANCE_MAX_M:
        raise Refused(f"{distance} m is no distance from a pole", "Measure it again.")
    if distance > catchment_m:
        raise Refused(
            f"The house is {distance} m from the pole, further than {catchment_m} m",
            "Name a nearer pole, or set one.",
        )


def check_survey(name: str, segment: str, needs: str, expected_wh: int | None) -> None:
    """Raises Refused for a survey that says too little or too much."""
    if not name.strip() or len(name) > NAME_MAX:
        raise Refused(f"{name!r} is no name", f"Use 1 to {NAME_MAX} characters.")
    if segment not in SEGMENTS:
        raise Refused(f"There is no segment {segment!r}", f"Use one of {', '.join(SEGMENTS)}.")
    if len(needs) > NEEDS_MAX:
        raise Refused("The needs are too long", f"Use at most {NEEDS_MAX} characters.")
    if expected_wh is not None and not 0 <= expected_wh <= USE_MAX_WH:
        raise Refused(f"{expected_wh} Wh a month is not expected", "Ask again for the appliances.")


def read_identity(kind: str, number: str) -> str:
    """The number of an identity proof in its one form. Raises Refused, never repeating it."""
    if kind not in PROOFS:
        raise Refused(f"{kind!r} is no identity proof", f"Use one of {', '.join(PROOFS)}.")
    plain = re.sub(r"[\s/-]", "", number).upper()
    if not PROOFS[kind].number.fullmatch(plain):
        raise Refused(
            f"That is no number of a {PROOFS[kind].name}", "Read it from the paper once more."
        )
    return plain


def mask(number: str) -> str:
    """An identity number as it may be shown: its last four characters."""
    return "•" * max(len(number) - 4, 0) + number[-4:]
