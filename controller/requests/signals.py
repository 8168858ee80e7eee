"""What other apps may listen to, inside the transaction that caused it.

request_moved(request, step): a service request was submitted, assigned, re-assigned, completed,
    rated or cancelled; `step` is its RequestStep. Who is told what is the listener's business.
"""

from django.dispatch import Signal

request_moved = Signal()
