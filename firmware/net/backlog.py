"""One ring of records on its way to the controller: one batch at a time, acknowledged or again.

A record leaves the backlog only when the controller acknowledged its sequence, which it does after
its database has committed. It must not know messages, keys or the network.
"""


class Backlog:
    """`ring` is one of the store's, `unpack` makes the wire's list of a record (None: torn),
    `release(through)` notes what the controller holds, `largest` is the length of a batch."""

    def __init__(self, ring, unpack, release, largest):
        self._ring = ring
        self._unpack = unpack
        self._release = release
        self._largest = largest
        self._buffer = bytearray(ring.record_bytes)
        self._told_first = 0
        self._sent_first = 0
        self._sent_through = 0  # 0: no batch is under way
        self.sent_s = 0  # uptime

    def is_sent(self):
        """Return whether a batch waits for its acknowledgement."""
        return self._sent_through > 0

    def is_due(self):
        """Return whether there are records to send now."""
        return not self._sent_through and self._ring.last > self._ring.released

    def first_held(self):
        """Return the first sequence that can still be sent, or will be the next to be written."""
        sequence = max(self._ring.first, self._ring.released + 1)
        while sequence <= self._ring.last and self.read(sequence) is None:
            sequence += 1
        return sequence

    def tell_first_held(self):
        """Return `first_held`, which the controller is told now: it acknowledges past a loss."""
        self._told_first = self.first_held()
        return self._told_first

    def has_untold_loss(self):
        """Return whether records that nobody acknowledged are gone, and nobody was told."""
        first = self.first_held()
        return first > self._ring.released + 1 and first != self._told_first

    def read(self, sequence):
        """Return a record as the wire's list, or None when it is not held."""
        if not self._ring.read(sequence, self._buffer):
            return None
        return self._unpack(self._buffer)

    def take(self, uptime_s):
        """Return the next batch, in sequence and without a hole, and note it as sent."""
        first = sequence = self.first_held()
        records = []
        while sequence <= self._ring.last and len(records) < self._largest:
            record = self.read(sequence)
            if record is None:
                break
            records.append(record)
            sequence += 1
        if records:
            self._sent_first = first
            self._sent_through = sequence - 1
            self.sent_s = uptime_s
        return records

    def take_span(self, first, last):
        """Return (records, next) of a span that was asked for again; next is None at its end."""
        sequence = max(first, self._ring.first)
        last = min(last, self._ring.last)
        records = []
        while sequence <= last and len(records) < self._largest:
            record = self.read(sequence)
            if record is not None:
                records.append(record)
            sequence += 1
        return records, sequence if sequence <= last else None

    def forget(self):
        """Take the batch that is under way as lost: it will be sent again."""
        self._sent_through = 0

    def acknowledge(self, through):
        """The controller holds everything up to `through`.

        An answer that covers a part of the batch sends the rest again at once; one that covers
        nothing of it is late news, and the batch goes on waiting. Where the flash does not take
        the note, the records go again after the next start, and the controller drops them.
        """
        try:
            self._release(through)
        except OSError as error:
            print("backlog: acknowledged, but not noted: %r" % error)
        if through >= self._sent_first:
            self._sent_through = 0
