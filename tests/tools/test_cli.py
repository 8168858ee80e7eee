"""The command line: facts for people and as JSON, errors that say what to do, exit statuses."""

import json
import sys

import pytest

from protocol import commands

pytestmark = pytest.mark.django_db

BAD_INPUT, NOT_DONE, DONE = 2, 1, 0
PACKAGE = "A2.2 (FD) / 500 / 0 / 650p"
NOW_S = 200_000_000


class Desk:
    """Says words to `bijli` and hears what it answers, in this process and its database."""

    def __init__(self, home, capsys, monkeypatch):
        self.home = home
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def say(self, *words: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        from tools import cli

        self._monkeypatch.setattr(sys, "argv", ["bijli", *words, "--home", str(self.home)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = self._capsys.readouterr()
        return int(ended.value.code or 0), out, err

    def ask(self, *words: str):
        """The facts of a command that must succeed."""
        status, out, err = self.say(*words, "--json")
        assert (status, err) == (DONE, ""), err
        return json.loads(out)


@pytest.fixture
def desk(tmp_path, capsys, monkeypatch, settings):
    """An office whose clock stands."""
    for name in ("BIJLI_HOME", "BIJLI_BROKER", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, "")  # what the command line sets goes with the test
    monkeypatch.setenv("COLUMNS", "200")
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text(str(NOW_S))
    return Desk(tmp_path, capsys, monkeypatch)


@pytest.fixture
def office(desk):
    """Plant, consumer, two meters (one fitted) and a package, all made by the command line."""
    desk.ask("consumer", "add-plant", "KATS", "BH", "Katsa")
    for meter in ("KATS0001", "KATS0002"):
        desk.ask("meter", "add", meter)
    place = ("--pole", "11", "--number", "12", "--load-w", "2000")
    made = desk.ask("consumer", "add", "KATS", "Asha Devi", *place, "--meter", "KATS0001")
    assert made == {"consumer": "BHKATS01112 8", "meter": "KATS0001"}
    made = desk.ask("package", "design", "A2.2", "FD", "500", "--price-paise", "650")
    assert made["package"].startswith(PACKAGE + " ")
    return desk


@pytest.fixture
def answering():
    """Boards that answer every command at once; the test says with which stage and reason."""
    from django.db.models.signals import post_save

    from controller.headend.models import Command, Receipt, SignedMessage

    def make(stage: int, reason: int = 0, **status: int) -> None:
        def answer(instance: Command, created: bool, **_more) -> None:
            if not created:
                return
            message = SignedMessage.objects.create(
                meter=instance.meter, epoch=1, counter=instance.position, kind=5, envelope=b"",
                received_s=NOW_S,
            )  # fmt: skip
            Receipt.objects.create(
                command=instance, stage=stage, reason=reason, status=status, message=message,
                received_s=NOW_S,
            )  # fmt: skip
            if stage == commands.STAGE_APPLIED:
                instance.mark_applied()
            else:
                instance.mark_refused(reason)
            instance.save()

        make.answer = answer  # Django holds receivers weakly
        post_save.connect(answer, sender=Command, dispatch_uid="answering board")

    yield make
    post_save.disconnect(sender=Command, dispatch_uid="answering board")


TARIFF_FILE = {
    "tariffs": [{"id": "SLABS", "slabs": [[100, 400], [None, 600]], "telescopic": True}]
}


def test_every_list_is_a_table_for_people_and_json_for_programs(office):
    for words, column, expected in (
        (("meter", "list"), "meter", ["KATS0001", "KATS0002"]),
        (("consumer", "list"), "consumer", ["BHKATS01112 8"]),
    ):
        assert [row[column] for row in office.ask(*words)] == expected
        status, out, _err = office.say(*words)
        assert status == DONE
        assert all(text in out for text in expected)
    (package,) = office.ask("package", "list")
    assert (package["package"][: len(PACKAGE)], package["limit_w"]) == (PACKAGE, 500)
    assert PACKAGE in office.say("package", "list")[1]


def test_a_meter_that_never_reported_says_so(office):
    facts = office.ask("meter", "show", "KATS0001")
    assert (facts["supply"], facts["credit"]) == ("unknown", "postpaid")
    assert "not reported yet" in office.say("meter", "show", "KATS0001")[1]


def test_the_settings_of_a_board_are_printed_and_their_reading_is_audited(office):
    from controller.audit.models import AuditEvent
    from firmware.config import Config

    (office.home / "broker" / "mosquitto.conf").write_text("listener 1883 127.0.0.1\n")
    words = ("meter", "config", "KATS0001", "--broker", "192.0.2.1", "--ssid", "village")
    status, out, _err = office.say(*words)
    config = Config(json.loads(out))
    assert (status, config.meter, config.host, config.port) == (0, "KATS0001", "192.0.2.1", 1883)
    assert AuditEvent.objects.filter(action__contains="root key").exists()


def test_a_tariff_file_is_imported_once_from_its_day_on(office):
    file = office.home / "tariffs.json"
    file.write_text(json.dumps(TARIFF_FILE))
    words = ("tariff", "import", str(file), "--valid-from", "2025-01-01")
    assert office.ask(*words) == []
    status, _out, err = office.say(*words)
    assert status == BAD_INPUT
    assert "has a version from 2025-01-01 on" in err


@pytest.mark.parametrize("check", ["", " 8"])
def test_ids_are_taken_with_and_without_their_check_character(office, check):
    place = ("--pole", "11", "--number", "13", "--load-w", "500")
    added = office.ask("consumer", "add", "KATS", "Ravi", *place)["consumer"]
    plain = added.split()[0]
    office.ask("consumer", "fit", added if check else plain, "KATS0002")
    shown = office.ask("package", "list")[0]["package"]
    package = shown if check else PACKAGE
    status, out, err = office.say("package", "assign", "KATS0001", package, "--wait-s", "0")
    assert (status, "set_programme" in out) == (NOT_DONE, True)
    assert "No receipt yet" in err


def test_a_command_shows_its_receipt_and_how_the_board_stands_after_it(office, answering):
    answering(commands.STAGE_APPLIED, relay=0, holds=1, credit_mode=2, balance=123_450)
    facts = office.ask("command", "KATS0001", "disconnect")
    assert (facts["state"], facts["reason"]) == ("applied", "")
    assert (facts["supply"], facts["holds"]) == ("off", ["disconnected by the operator"])
    assert (facts["credit"], facts["balance"]) == ("₹1,234.50", 123_450)
    status, out, _err = office.say("command", "KATS0001", "reconnect")
    assert status == DONE
    assert "It comes back by a reconnect command." in out


def test_a_command_that_the_board_refused_ends_with_status_1_and_its_reason(office, answering):
    answering(commands.STAGE_REFUSED, commands.REASON_CLOCK_UNSET)
    status, out, _err = office.say("command", "KATS0001", "disconnect")
    assert status == NOT_DONE
    assert "refused" in out
    assert "clock" in out


def test_a_receipt_may_tell_more_of_the_board_than_every_board_has(office, answering):
    answering(commands.STAGE_APPLIED, holds=1, maximum_demand_w=420, **{"40": 7})
    facts = office.ask("command", "KATS0001", "disconnect")
    assert (facts["state"], facts["holds"]) == ("applied", ["disconnected by the operator"])


@pytest.mark.parametrize(
    ("name", "words", "arguments"),
    [
        ("set_emergency_limit", ("limit_w=200", "until_s=200003600"), [200, 200_003_600]),
        ("clear_tamper", (), []),
        ("set_source", ("source=1", "until_s=0"), [1, 0]),
    ],
)
def test_every_command_of_the_wire_can_be_given(office, answering, name, words, arguments):
    from controller.headend.models import Command

    answering(commands.STAGE_APPLIED)
    office.ask("command", "KATS0001", name, *words)
    assert list(Command.objects.get().arguments.values()) == arguments


def test_arguments_of_a_command_are_given_by_name(office, answering):
    from controller.headend.models import Command

    answering(commands.STAGE_APPLIED)
    office.ask("command", "KATS0001", "show_message", "text=Hello Asha", "seconds=60")
    assert Command.objects.get(name="show_message").arguments == {"0": "Hello Asha", "1": 60}


def test_credit_is_sold_by_what_is_paid(office, answering):
    from controller.prepay.models import Purchase

    office.say("package", "assign", "KATS0001", PACKAGE, "--wait-s", "0")
    answering(commands.STAGE_APPLIED, credit_mode=2, balance=5_000)
    assert office.ask("credit", "KATS0001", "5000")["credit"] == "₹50.00"
    office.ask("credit", "KATS0001", "--paid-paise", "700")
    assert sorted(Purchase.objects.values_list("amount", "paid_paise")) == [
        (700, 700),
        (5000, 5000),
    ]


def test_a_sale_that_is_said_twice_with_its_purchase_id_is_made_once(office, answering):
    answering(commands.STAGE_APPLIED)
    office.ask("package", "assign", "KATS0001", PACKAGE)
    answering(commands.STAGE_APPLIED, credit_mode=2, balance=5_000)
    words = ("credit", "KATS0001", "5000", "--purchase-id", "00112233445566aa")
    assert office.say(*words)[0] == DONE
    assert "sold already" in office.say(*words)[2]


def test_energy_is_sold_by_what_is_paid_at_the_packages_price(office, answering):
    from controller.prepay.models import Purchase

    hours = ("--window", "05:00-07:00", "--window", "17:00-23:00")
    made = office.ask("package", "design", "A2.1", "C1", "250", "--price-paise", "700", *hours)
    office.say("package", "assign", "KATS0001", made["package"], "--wait-s", "0")
    answering(commands.STAGE_APPLIED)
    office.ask("credit", "KATS0001", "--unit", "energy", "--paid-paise", "3500")
    assert Purchase.objects.get().amount == 5_000


def test_a_month_is_closed_and_its_bill_explained(office, answering):
    from controller.billing.rules import read_month
    from controller.consumers.services import programme_activated

    may = read_month("2026-05", 330)
    clock = office.home / "clock"
    clock.write_text(str(may.start_s + 10 * 86_400))
    answering(commands.STAGE_APPLIED)
    office.ask("package", "assign", "KATS0001", PACKAGE)
    programme_activated("KATS0001", 1, may.start_s + 10 * 86_400)
    clock.write_text(str(may.end_s))
    (row,) = office.ask("bill", "run", "KATS", "2026-05")
    assert (row["number"], row["consumer"]) == ("BHKATS01112-2026-05", "BHKATS01112 8")
    bill = office.ask("bill", "show", row["number"])
    assert (bill["kind"], bill["bought"], bill["sold"], bill["difference"]) == (
        "statement",
        0,
        0,
        0,
    )
    assert "BHKATS01112 8" in office.say("bill", "show", row["number"])[1]
    status, _out, err = office.say("bill", "run", "KATS", "2026-05")
    assert (status, "closed up to" in err) == (BAD_INPUT, True)


BAD_WORDS = [
    (("meter", "add", "KATS0001"), "registered already"),
    (("meter", "add", "kats 1"), "capital letters"),
    (("meter", "show", "KATS9999"), "`bijli meter list`"),
    (("command", "KATS9999", "disconnect"), "There is no meter"),
    (("command", "KATS0001", "explode"), "Use one of: clear_tamper"),
    (("command", "KATS0001", "install_release"), "not supported yet"),
    (("command", "KATS0001", "disconnect", "now"), "takes no arguments"),
    (("command", "KATS0001", "show_message", "hello"), "takes text=… seconds=…"),
    (("command", "KATS0001", "show_message", "text=hello"), "argument 1 is missing"),
    (("command", "KATS0001", "credit"), "bijli credit"),
    (("command", "KATS0001", "set_programme"), "bijli package assign"),
    (("consumer", "add-plant", "KAT", "BH", "Katsa"), "four capital letters"),
    (("consumer", "add-plant", "KATS", "BH", "Katsa"), "exists already"),
    (("consumer", "add", "NONE", "Ravi", "--pole", "1", "--number", "1", "--load-w", "500"),
     "no plant"),
    (("consumer", "add", "KATS", "Ravi", "--pole", "0", "--number", "1", "--load-w", "500"),
     "Use 1 to 999"),
    (("consumer", "fit", "BHKATS01112 9", "KATS0002"), "Look for a typing error"),
    (("consumer", "fit", "BHKATS01112", "KATS0002"), "has meter KATS0001"),
    (("package", "design", "A2.2", "FD", "0", "--price-paise", "650"), "Use 1 to"),
    (("package", "design", "A2.2", "C1", "9", "--price-paise", "6", "--window", "25:00-26:00"),
     "17:00-21:30"),
    (("package", "design", "A2.2", "C1", "9", "--price-paise", "6", "--window", "06:00-12:00",
      "--window", "11:00-13:00"), "overlap"),
    (("package", "design", "B2.1", "FD", "500", "--tariff", "NONE"), "no tariff"),
    (("package", "assign", "KATS0002", PACKAGE), "serves no connection"),
    (("package", "assign", "KATS0001", "A2.2 (FD) / 501 / 0 / 650p"), "Design it first"),
    (("package", "assign", "KATS0001", PACKAGE + " 0"), "check character"),
    (("package", "assign", "KATS0001", "cheap"), "is no package ID"),
    (("package", "assign", "KATS0001", PACKAGE, "--at", "tomorrow"), "2026-02-01T06:00"),
    (("package", "assign", "KATS0001", PACKAGE, "--at", "2099-01-01T06:00"), "no time zone"),
    (("package", "assign", "KATS0001", PACKAGE, "--at", "2021-01-01T06:00+05:30"), "the past"),
    (("credit", "KATS0001", "5000"), "Assign a prepaid package"),
    (("credit", "KATS0001", "5000", "--unit", "energy"), "--paid-paise"),
    (("credit", "KATS0001", "5000", "--unit", "litres", "--paid-paise", "5"), "money or days"),
    (("tariff", "import", "nowhere.json", "--valid-from", "2026-01-01"), "cannot be read"),
    (("bill", "run", "KATS", "January"), "Write it as 2026-01"),
    (("bill", "run", "KATS", "2049-01"), "is not over"),
    (("bill", "run", "NONE", "2026-01"), "no plant"),
    (("bill", "show", "BHKATS01112-2020-01"), "`bijli bill run`"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "remedy"), BAD_WORDS)
def test_bad_input_ends_with_status_2_and_says_what_to_do(office, words, remedy):
    from controller.headend.models import Command

    status, out, err = office.say(*words)
    assert (status, out) == (BAD_INPUT, "")
    assert remedy in err
    assert "Traceback" not in err
    assert not Command.objects.exists()


@pytest.mark.parametrize("words", [("0",), ("5000", "--paid-paise=-5"), ("--paid-paise=0",)])
def test_credit_of_nothing_or_less_is_not_sold(office, words):
    office.say("package", "assign", "KATS0001", PACKAGE, "--wait-s", "0")
    status, _out, err = office.say("credit", "KATS0001", *words)
    assert (status, "Use 1 to" in err) == (BAD_INPUT, True)


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        '{"other": 1}',
        '{"tariffs": [{"id": "BAD"}]}',
        '{"tariffs": [{"id": "BAD", "slabs": [[50, 1], [40, 2], [null, 3]]}]}',
        '{"tariffs": 7}',
    ],
)
def test_a_bad_tariff_file_is_refused_whole(office, content):
    from controller.tariffs.models import Tariff

    file = office.home / "tariffs.json"
    file.write_text(content)
    status, _out, err = office.say("tariff", "import", str(file), "--valid-from", "2026-01-01")
    assert status == BAD_INPUT
    assert err
    assert not Tariff.objects.exists()


def test_a_bad_day_is_not_blamed_on_the_tariff_file(office):
    file = office.home / "tariffs.json"
    file.write_text(json.dumps(TARIFF_FILE))
    status, _out, err = office.say("tariff", "import", str(file), "--valid-from", "soon")
    assert (status, "'soon' is not a day" in err) == (BAD_INPUT, True)


def test_a_consumer_whose_meter_cannot_be_fitted_is_not_added(office):
    from controller.consumers.models import Consumer

    place = ("--pole", "1", "--number", "1", "--load-w", "500")
    status, _out, err = office.say("consumer", "add", "KATS", "Ravi", *place, "--meter", "NONE")
    assert (status, "There is no meter" in err) == (BAD_INPUT, True)
    assert Consumer.objects.count() == 1


def test_without_a_data_folder_it_says_how_to_get_one(desk):
    desk.home = desk.home / "nowhere"
    status, _out, err = desk.say("meter", "list")
    assert (status, "Start `bijli up` first" in err) == (BAD_INPUT, True)


def test_a_locked_database_is_said_in_a_sentence(desk, monkeypatch):
    from django.db import OperationalError, connection

    def locked(execute, sql, parameters, many, context):
        raise OperationalError("database is locked")

    with connection.execute_wrapper(locked):
        status, _out, err = desk.say("meter", "list")
    assert (status, "database is locked" in err, "try again" in err) == (NOT_DONE, True, True)


def test_a_meter_whose_broker_account_cannot_be_opened_is_not_registered(desk):
    """Half registered it could be neither used nor added again."""
    from controller.fleet.models import Meter
    from tools.office import register_meter

    (desk.home / "broker").write_text("in the way")
    with pytest.raises(OSError, match="broker"):
        register_meter(desk.home, "KATS0001")
    assert not Meter.objects.exists()
