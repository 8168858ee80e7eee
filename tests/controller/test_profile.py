"""The utility profile: what a utility does differently is data, checked, dated and never lost."""

import json

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.profile import queries, rules, services
from controller.profile.models import SettingVersion

DAY_S = 86_400


@pytest.mark.parametrize("name", rules.SETTINGS)
def test_every_setting_says_its_requirement_and_has_an_allowed_default(name):
    setting = rules.SETTINGS[name]
    assert setting.requirement.startswith(("MG-", "UP-"))
    assert setting.meaning.endswith(".")
    assert rules.read_value(name, setting.default) == setting.default


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("due_days", "15", "a whole number of days from 0 to 365"),
        ("due_days", True, "a whole number of days"),
        ("due_days", -1, "from 0 to 365"),
        ("late_charge_bp", 12.5, "basis points"),
        ("part_payment_allowed", 1, "true or false"),
        ("languages", ["en", "fr"], "one of en, hi, ml"),
        ("languages", ["en", "en"], "a list of 1 to 3 values"),
        ("languages", [], "a list of 1 to 3 values"),
        ("dunning_steps", [[10, "notice"], [3, "reminder"]], "in rising order"),
        ("dunning_steps", [[3, "shout"]], "one of reminder, notice, disconnect"),
        ("validation", {"gap_s": 7_200}, "all of gap_s"),
        ("utility_name", "x" * 81, "at most 80 characters"),
        ("utility_name", "a\x00b", "at most 80 characters"),
        ("utility_name", "\ud800", "at most 80 characters"),
        ("smallest_voucher_paise", None, "a whole number of paise"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(name, value, allowed):
    with pytest.raises(Refused, match=name) as caught:
        rules.read_value(name, value)
    assert allowed in caught.value.what_to_do


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(Refused, match="no setting 'due_day'") as caught:
        rules.find("due_day")
    assert "due_days" in caught.value.what_to_do


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("due_days: 15\nlate_charge: 3\n", "f.yaml, line 2: There is no setting 'late_charge'"),
        ("\ndue_days: soon\n", "f.yaml, line 2: due_days cannot be 'soon'"),
        ("due_days: 15\n\ndue_days: 16\n", "f.yaml, line 3: due_days stands here a second time"),
        ("- due_days\n", "f.yaml, line 1: this is no map"),
        ("due_days: [1\nlanguages: [en]\n", "f.yaml, line 2: this is no YAML"),
        ("due_days: 2026-99-99\n", "f.yaml: this is no YAML"),
        ("due_days: !!python/object:os.system x\n", "f.yaml, line 1: this is no YAML"),
        ("[a]: 1\n", "f.yaml, line 1"),
        ("a: \x00", "this is no YAML"),
        ("x: " + "[" * 5_000, "f.yaml"),
        ("a: " + "b" * 70_000, "f.yaml is too large"),
    ],
)
def test_an_error_in_a_profile_file_names_the_line(content, words):
    with pytest.raises(Refused) as caught:
        rules.read_file(content, "f.yaml")
    assert words in str(caught.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(rules.SETTINGS)), value=VALUES)
def test_any_value_is_either_allowed_and_stays_itself_or_refused(name, value):
    try:
        found = rules.read_value(name, value)
    except Refused:
        return
    assert found == value
    assert json.loads(json.dumps(found)) == found


@given(st.text() | st.lists(st.sampled_from(":-[]{}!&*#|'\"\n abc0")).map("".join))
def test_any_text_is_either_a_profile_or_refused(content):
    try:
        found = rules.read_file(content, "f.yaml")
    except Refused:
        return
    assert set(found) <= set(rules.SETTINGS)


def test_an_empty_profile_sets_nothing():
    assert rules.read_file("# nothing yet\n", "f.yaml") == {}


def test_until_it_is_set_a_setting_has_its_default(db):
    assert queries.setting("due_days") == 15
    assert queries.settings()["debt_limit_paise"] == 50_000


def test_a_change_holds_from_its_moment_and_what_held_before_can_be_asked(db, clock):
    """MG-9: whether part payments are taken is a setting of the utility, not of the program."""
    services.change(name="part_payment_allowed", value=False, actor="meena")
    before_s = queries.history("part_payment_allowed").get().from_s
    clock(before_s + DAY_S)
    services.change(name="part_payment_allowed", value=True, actor="ravi")
    assert queries.setting("part_payment_allowed") is True
    assert queries.setting("part_payment_allowed", at_s=before_s + DAY_S - 1) is False
    assert queries.setting("part_payment_allowed", at_s=before_s - 1) is True
    assert [(v.value, v.actor) for v in queries.history("part_payment_allowed")] == [
        (True, "ravi"), (False, "meena"),
    ]  # fmt: skip


def test_a_change_is_audited_with_before_and_after_and_no_change_is_none(db):
    services.change(name="due_days", value=30, actor="meena")
    assert services.change(name="due_days", value=30, actor="meena") is None
    event = AuditEvent.objects.get()
    assert (event.action, event.subject) == ("change setting", "setting due_days")
    assert event.detail == {"before": 15, "after": 30}


def test_both_shipped_profiles_load_and_differ_where_their_sources_do(db):
    """MG-9, UP-2, UP-11: part payment, rebate and smallest voucher come with the profile."""
    assert services.shipped_names() == ["minigrid", "prepaid_order"]
    services.load(profile="minigrid", actor="meena")
    names = ("part_payment_allowed", "prepaid_rebate_bp", "smallest_voucher_paise")
    assert list(queries.settings(names).values()) == [True, 0, 1_000]
    services.load(profile="prepaid_order", actor="meena")
    assert list(queries.settings(names).values()) == [False, 125, 40_000]


def test_a_profile_is_loaded_wholly_or_not_at_all(db, tmp_path):
    path = tmp_path / "ours.yaml"
    path.write_text("due_days: 30\nlanguages: [xx]\n")
    with pytest.raises(Refused, match=r"ours\.yaml, line 2: languages"):
        services.load(profile=path, actor="meena")
    with pytest.raises(Refused, match="languages"):
        services.load(profile={"due_days": 30, "languages": ["xx"]}, actor="meena")
    assert not SettingVersion.objects.exists()


@pytest.mark.parametrize("name", ["village", "../minigrid", ""])
def test_only_a_shipped_profile_is_loaded_by_name(db, name):
    with pytest.raises(Refused, match="Shipped profiles: minigrid, prepaid_order"):
        services.load(profile=name, actor="meena")


def test_a_file_that_is_not_there_is_refused(db, tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        services.load(profile=tmp_path / "none.yaml", actor="meena")


def test_a_version_of_a_setting_is_never_edited(guarded_tables):
    version = services.change(name="due_days", value=30, actor="meena")
    with pytest.raises(Refused, match="utility profile cannot be changed"):
        version.save()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE profile_settingversion SET actor = 'nobody'")


def test_several_settings_cost_one_query(db, django_assert_num_queries):
    services.load(profile="minigrid", actor="meena")
    with django_assert_num_queries(1):
        assert len(queries.settings()) == len(rules.SETTINGS)
    with django_assert_num_queries(1):
        queries.setting("due_days")
