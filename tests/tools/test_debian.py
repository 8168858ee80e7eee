"""Which package mirror the machine itself would use, read from each form it is written in."""

import pytest

from tools.debian import (
    Source,
    library_folders,
    own_sources,
    parse_deb822,
    parse_one_line,
    read_os_release,
    sources_of_suite,
)

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
UBUNTU_KEYRING = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"

DEBIAN_SOURCES = f"""\
Types: deb
# a remark between the fields
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {KEYRING}

Types: deb deb-src
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm

Enabled: no
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
"""

UBUNTU_SOURCES = f"""\
Types: deb
URIs: http://mirror.example/ubuntu/
Suites: noble noble-updates noble-backports
Components: main restricted universe multiverse
Signed-By: {UBUNTU_KEYRING}

Types: deb
URIs: http://security.example/ubuntu/
Suites: noble-security
Components: main restricted universe multiverse
Signed-By: {UBUNTU_KEYRING}
"""

KEY_WITHIN = """\
Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS/xcRfwEQWzr
 -----END PGP PUBLIC KEY BLOCK-----
"""


def summary(sources):
    return [(source.uri, source.suite) for source in sources]


def test_debians_own_form_gives_one_source_a_suite_and_leaves_out_what_is_disabled():
    sources = parse_deb822(DEBIAN_SOURCES)
    assert summary(sources) == [
        ("http://mirror.example/debian", "bookworm"),
        ("http://mirror.example/debian", "bookworm-updates"),
        ("http://mirror.example/debian-security", "bookworm-security"),
    ]
    assert {source.signed_by for source in sources} == {KEYRING}


def test_a_key_written_into_the_file_counts_as_none_so_that_apts_own_keys_decide():
    assert parse_deb822(KEY_WITHIN) == [Source("http://mirror.example/debian", "trixie")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deb http://m.example/debian trixie main", Source("http://m.example/debian", "trixie")),
        (
            f"deb [arch=amd64 signed-by={KEYRING}] https://m.example/debian/ bookworm main",
            Source("https://m.example/debian", "bookworm", KEYRING),
        ),
    ],
)
def test_the_one_line_form_is_read_with_its_options(line, expected):
    assert parse_one_line(line) == [expected]


@pytest.mark.parametrize(
    "line", ["# deb http://m.example/debian trixie main", "deb-src http://m x"]
)
def test_remarks_and_source_packages_are_no_sources(line):
    assert parse_one_line(line) == []


def test_only_the_distributions_own_archives_count(tmp_path):
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(DEBIAN_SOURCES)
    (parts / "node.sources").write_text("Types: deb\nURIs: https://n.example/node_20\nSuites: x\n")
    (parts / "cloud.list").write_text("deb https://packages.example/apt cloud-sdk main\n")
    (parts / "old.list.save").write_text("deb http://mirror.example/debian bullseye main\n")
    assert {source.suite for source in own_sources(tmp_path)} == {
        "bookworm",
        "bookworm-updates",
        "bookworm-security",
    }


def test_a_cloud_images_list_of_mirrors_counts_as_the_distributions_own(tmp_path):
    (tmp_path / "sources.list").write_text("deb mirror+file:/etc/apt/mirrors.list noble main\n")
    assert summary(own_sources(tmp_path)) == [("mirror+file:/etc/apt/mirrors.list", "noble")]


@pytest.mark.parametrize(
    ("text", "suite", "expected"),
    [
        (DEBIAN_SOURCES, "bookworm", ["bookworm", "bookworm-updates", "bookworm-security"]),
        (DEBIAN_SOURCES, "trixie", ["trixie"]),
        (UBUNTU_SOURCES, "noble", ["noble", "noble-updates", "noble-security"]),
    ],
)
def test_another_release_is_sought_in_the_main_archive_only(text, suite, expected):
    assert [source.suite for source in sources_of_suite(suite, parse_deb822(text))] == expected


def test_the_line_for_apt_names_the_key_and_never_trusts_without_one():
    signed = Source("http://m.example/debian", "trixie", KEYRING)
    plain = Source("http://m.example/debian", "trixie")
    assert signed.line() == f"deb [signed-by={KEYRING}] http://m.example/debian trixie main"
    assert plain.line() == "deb http://m.example/debian trixie main"


def test_the_release_is_read_from_the_machines_own_words(tmp_path):
    path = tmp_path / "os-release"
    path.write_text('NAME="Ubuntu"\n\nID=ubuntu\nVERSION_CODENAME=noble\n')
    assert read_os_release(path)["VERSION_CODENAME"] == "noble"
    assert read_os_release(tmp_path / "absent") == {}


def test_libraries_are_also_found_one_folder_down(tmp_path):
    place = tmp_path / "usr/lib/x86_64-linux-gnu"
    (place / "pulseaudio").mkdir(parents=True)
    (place / "pulseaudio/libpulsecommon-17.0.so").touch()
    (place / "gconv").mkdir()
    assert library_folders(tmp_path) == [place, place / "pulseaudio"]
