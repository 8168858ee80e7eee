"""`python -m controller.billing RUN`: one worker that makes the batches of a bill run.

Several may work at one run beside each other. Started again after a kill it goes on. It prints
how far the run is, a line a batch.
"""

import gc
import os
import sys

# Objects made before Python looks for cycles. A batch makes a hundred thousand without any, and
# looking through them again and again took a sixth of the time.
OBJECTS_BETWEEN_LOOKS = 100_000


def main() -> None:
    """Makes batches until none is left."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("Say which run: python -m controller.billing RUN")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controller.settings")
    import django

    django.setup()
    from controller.billing import runs

    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    runs.run_to_end(int(sys.argv[1]), lambda done, total: print(f"{done} of {total}", flush=True))


if __name__ == "__main__":
    main()
