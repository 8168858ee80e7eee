"""Records as maps from small numbers to values, some of which may be left out.

A key that is left out means its neutral value. This module must not know what any record is for.
"""

from protocol.errors import ProgrammeError


def fill(record, neutral):
    """Put a copy of the neutral value under every key that `record` leaves out."""
    for key, value in neutral.items():
        if key not in record:
            record[key] = list(value) if type(value) is list else value


def without(record, neutral):
    """Return a copy of `record` that leaves out what is neutral."""
    return {
        key: value for key, value in record.items() if key not in neutral or value != neutral[key]
    }


def check_brief(record, neutral, names):
    """Raise ProgrammeError for a neutral value: one record has one form."""
    for key, value in neutral.items():
        if key in record and record[key] == value:
            raise ProgrammeError("%s: leave out what is %s" % (names[key], value))


def numbered(names, known, what):
    """Return `names` under the positions of its names in `known`. Raises ProgrammeError."""
    if not isinstance(names, dict):
        raise ProgrammeError("%s: give a map of names" % what)
    for name in names:
        if name not in known:
            raise ProgrammeError("%s: unknown name %r; use %s" % (what, name, ", ".join(known)))
    return {key: names[name] for key, name in enumerate(known) if name in names}


def check_map(value, names, neutral, what):
    """Raise ProgrammeError unless every key of `names` is there that is not in `neutral`."""
    if type(value) is not dict:
        raise ProgrammeError("%s must be a map" % what)
    found = 0
    for key, name in enumerate(names):
        if key in value:
            found += 1
        elif key not in neutral:
            raise ProgrammeError("%s: %s (key %d) is missing" % (what, name, key))
    if len(value) != found:
        raise ProgrammeError("%s: only keys 0 to %d are known" % (what, len(names) - 1))


def check_integers(value, integers, names, what):
    """Raise ProgrammeError unless the (key, lowest, highest) that are there keep their bounds."""
    for key, lowest, highest in integers:
        if key not in value:  # and need not be
            continue
        number = value[key]
        if type(number) is not int or not lowest <= number <= highest:
            raise ProgrammeError(
                "%s: %s must be an integer from %d to %d" % (what, names[key], lowest, highest)
            )
