"""`python -m controller.headend`: the process between the broker and the database."""

import asyncio
import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor


async def _serve() -> None:
    from controller.headend import worker

    task = asyncio.ensure_future(worker.run(ThreadPoolExecutor(max_workers=1)))
    for end in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(end, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """Runs until SIGTERM or SIGINT; both end it in order."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controller.settings")
    import django

    django.setup()
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
