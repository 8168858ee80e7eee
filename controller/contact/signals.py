"""What other apps may listen to, inside the transaction that caused it.

otp_made(edit, phone, code, ttl_s): the code (6 digits) is to reach this phone, in the consumer's
    language, and nobody else. It stands nowhere but in this signal: do not log it.
contact_changed(edit): the consumer's details are now what `edit.after` says.
"""

from django.dispatch import Signal

otp_made = Signal()
contact_changed = Signal()
