"""What vends tokens for a board on the bench: its first key, a vending key, and the vouchers."""

from protocol import sts, token_keys

METER = "KATS0001"
ROOT = bytes(range(32))
KEY = bytes(range(16, 32))
SGC = 123_457


def identify(bench):
    """Tell a board who it is, as its configuration does after every start."""
    bench.board.tokens.identify(METER, ROOT)


def enter(bench, digits):
    """Key in 20 digits; return the meter's answer in words."""
    identify(bench)
    bench.drive(bench.board.enter_token(digits, bench.now_s, bench.uptime_s))
    return sts.ANSWERS[bench.board.tokens.answer]


def change(key=KEY, krn=1, kt=token_keys.UNIQUE, ken=255, rollover=False, old=None):
    """The four tokens that bring a key, under the first key unless another is given."""
    old = token_keys.initial_key(ROOT, METER) if old is None else old
    made = token_keys.KeyChange(key, krn, kt, ken, 1, SGC, rollover)
    return [sts.encode(section, old) for section in token_keys.key_sections(made)]


def give_key(bench, **facts):
    """Bring a key by command; return (stage, reason)."""
    identify(bench)
    return bench.command(15, {0: "".join(change(**facts))})


def token(tid, data=0, kind=sts.CREDIT, subclass=0, key=KEY):
    """The digits of a token with an identity."""
    return sts.encode(sts.make(kind, subclass, tid, data, 5), key)


def voucher(tid, tenths=100, key=KEY):
    """The digits of a credit token."""
    return token(tid, sts.data_for(tenths), key=key)


def command_for(tid, tenths=100, base=2014):
    """The arguments of the credit command that brings the same purchase."""
    return {0: sts.purchase_id(METER, base, tid), 1: 1, 2: tenths * 100}
