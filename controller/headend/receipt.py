"""What a board's receipt does to its command: the only thing that says what the board did."""

from typing import Any

from controller.headend import rules
from controller.headend.models import FINAL, OPEN, Command, Receipt, SignedMessage, State
from controller.headend.signals import command_finished

RECEIVED, APPLIED, REFUSED, EXPIRED = 1, 2, 3, 4


def take(message: SignedMessage, body: dict[int, Any], status: dict[str, int]) -> None:
    """Stores a receipt and moves its command on; a receipt told twice changes nothing.

    A receipt for a command that was never given to this meter is kept as a signed message only.
    """
    command = Command.objects.filter(pk=body[0].hex(), meter_id=message.meter_id).first()
    if command is None:
        return
    stage, reason = body[1], body[2]
    _receipt, is_first = Receipt.objects.get_or_create(
        command=command,
        stage=stage,
        defaults={
            "reason": reason,
            "status": status,
            "message": message,
            "received_s": message.received_s,
        },
    )
    if not is_first or command.state not in OPEN:
        return
    _move(command, stage, reason)
    if 4 in body:
        command.result = rules.to_json(body[4])
    command.save()
    if command.state in FINAL:
        command_finished.send(sender=Command, command=command)


def _move(command: Command, stage: int, reason: int) -> None:
    if stage == RECEIVED and command.state != State.RECEIVED:
        command.mark_received()
    elif stage == APPLIED:
        command.mark_applied()
    elif stage == REFUSED:
        command.mark_refused(reason)
    elif stage == EXPIRED:
        command.mark_expired()
