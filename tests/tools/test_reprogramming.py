"""A group programmed again from the command line: begun, shown, gone on with, refused."""

import json

import pytest
from typer.testing import CliRunner

from tools.cli import app

pytestmark = pytest.mark.django_db
CLERK = {"actor": "clerk"}


@pytest.fixture
def say(tmp_path, monkeypatch, settings):
    for name in ("BIJLI_HOME", "BIJLI_BROKER", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, "")  # what the command line sets goes with the test
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text("200000000")

    def say(*words):
        result = CliRunner().invoke(app, ["package", *words, "--home", str(tmp_path)])
        return result.exit_code, result.output, str(result.exception or "")

    return say


@pytest.fixture
def two_houses(say):
    from controller.consumers import services
    from controller.fleet.services import add_meter

    services.add_plant("KATS", "BH", "Katsa", **CLERK)
    day = services.design_package("A2.1", "DD", 500, price_paise=650, **CLERK)
    services.design_package("A2.1", "NN", 500, price_paise=600, **CLERK)
    for number, category in ((1, "domestic"), (2, "commercial")):
        consumer = services.add_consumer(
            "KATS", "Asha", 1, number, 500, category=category, **CLERK
        )
        add_meter(f"BHK{number:02}", **CLERK)
        connection = services.fit_meter(consumer.id, f"BHK{number:02}", **CLERK)
        services.assign_package(connection.pk, day.id, **CLERK)
        services.programme_activated(f"BHK{number:02}", 1, 200_000_000)


def test_a_group_is_programmed_and_shown(say, two_houses):
    """MG-14: bulk reprogramming with progress."""
    from controller.consumers.models import Consumer

    Consumer.objects.filter(id="BHKATS00102").update(category="industry")
    status, output, _ = say(
        "reprogramme", "A2.1 (NN) / 500 / 0 / 600p", "--plant", "KATS", "--json"
    )
    facts = json.loads(output)
    assert (status, facts["pending"], facts["desk"]) == (0, 1, 1)
    assert facts["refusals"][0]["consumer"] == "BHKATS00102"
    Consumer.objects.update(category="domestic")
    facts = json.loads(say("batch", str(facts["batch"]), "--retry", "--json")[1])
    assert (facts["pending"], facts["desk"]) == (2, 0)
    assert "pending      2" in say("batch", str(facts["batch"]))[1]
    assert json.loads(say("batches", "--json")[1])[0]["asked"]["plant"] == "KATS"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("reprogramme",), "Name a plant"),
        (("reprogramme", "--version-of", "2026-05-05"), "goes with --tariff alone"),
        (("reprogramme", "--tariff", "NONE", "--version-of", "2026-05-05"), "Add it first"),
        (("reprogramme", "--plant", "KATS", "--at", "soon"), "2026-02-01T06:00"),
        (("batch", "7"), "bijli package batches"),
    ],
)
def test_bad_words_say_what_to_do(say, two_houses, words, remedy):
    status, output, error = say(*words)
    assert status != 0
    assert remedy in output + error
