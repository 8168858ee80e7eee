"""`bijli board …`: the words of field work, for whoever builds, flashes and fits boards.

It parses words, calls the modules beside it, and prints. Needs no running controller but for
`provision METER`, which takes the keys from its registry.
"""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from protocol.limits import EPOCH_UNIX_S
from tools.board import bench, calibrate, flash, install, log, pins, provision
from tools.board import build as building
from tools.board.device import connect
from tools.office import DEFAULT_HOME, HomeOption, meter_settings, open_office
from tools.printing import NOT_DONE, JsonOption, console, fail, show_facts, show_rows

board_app = typer.Typer(
    no_args_is_help=True, help="Build, flash, provision and test meter boards."
)

PortOption = Annotated[str, typer.Option(help="The board's serial port, e.g. /dev/ttyUSB0.")]
BoardOption = Annotated[str, typer.Option(help="Board definition.")]
BrokerOption = Annotated[str, typer.Option(help="The broker, as the board sees it: HOST[:PORT].")]
PasswordFileOption = Annotated[
    Path | None, typer.Option(help="File with the Wi-Fi password; asked for otherwise.")
]
AuthorityOption = Annotated[
    Path | None, typer.Option(help="The authority's certificate (DER): switches TLS on.")
]
CertificateOption = Annotated[
    Path | None, typer.Option(help="The board's own certificate (DER), for the broker.")
]
PrivateKeyOption = Annotated[
    Path | None, typer.Option(help="The private key of that certificate (DER).")
]
OutputOption = Annotated[Path, typer.Option(help="Folder of the build; made anew each time.")]
DEFAULT_OUTPUT = Path("build/board")
DEFAULT_BOARD = "esp32_devkit"


def _say(text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)


@board_app.command("build")
def build_board(
    output: OutputOption = DEFAULT_OUTPUT,
    architecture: Annotated[str, typer.Option(help="Processor, as mpy-cross names it.")] = (
        "xtensawin"
    ),
    as_json: JsonOption = False,
) -> None:
    """Compile the firmware for the chip; print what it takes of the flash."""
    built = building.build(output, architecture)
    rows = building.sizes_by_room(built.modules)
    if as_json:
        show_facts(
            {
                "architecture": built.architecture,
                "code_bytes": built.code_bytes,
                "romfs_bytes": built.romfs.stat().st_size,
                "romfs": str(built.romfs),
                "rooms": rows,
            },
            as_json=True,
        )
        return
    show_rows(rows, as_json=False, title=f"Compiled for {built.architecture}")
    _say(f"files: {built.folder / 'mpy'}")
    _say(f"ROMFS image: {built.romfs}, {built.romfs.stat().st_size} B")
    _say("to freeze it into an image: FROZEN_MANIFEST=firmware/manifest.py (docs/fitting.md)")


@board_app.command("flash")
def flash_board(
    image: Annotated[Path, typer.Argument(help="A MicroPython image (.bin) for the chip.")],
    port: PortOption,
    erase: Annotated[
        bool, typer.Option(help="Erase the whole flash first: identity, registers and credit too.")
    ] = False,
) -> None:
    """Write an image with esptool. What the board remembers stays, unless --erase."""
    flash.flash(port, image, erase=erase)


@board_app.command("install")
def install_board(
    port: PortOption,
    romfs: Annotated[
        bool, typer.Option(help="Into the ROMFS partition, so that code runs from flash.")
    ] = False,
    output: OutputOption = DEFAULT_OUTPUT,
) -> None:
    """Build the firmware and put it on a board with a stock MicroPython."""
    built = building.build(output)
    if romfs:
        install.deploy_romfs(port, built.romfs)
    with connect(port, _say) as device:
        if romfs:
            install.install_main(device, built)
        else:
            _say(f"{install.install_files(device, built, _say)} files written")
        _say("the board starts anew")
        device.reset()


@board_app.command("provision")
def provision_board(
    meter: Annotated[str, typer.Argument(help="A registered meter, e.g. KATS0001.")],
    port: PortOption,
    config: Annotated[
        Path | None, typer.Option(help="Take the settings from this file, not from the registry.")
    ] = None,
    broker: BrokerOption = "",
    ssid: Annotated[str, typer.Option(help="Wi-Fi network.")] = "",
    wifi_password_file: PasswordFileOption = None,
    open_wifi: Annotated[bool, typer.Option(help="The Wi-Fi has no password on purpose.")] = False,
    authority: AuthorityOption = None,
    certificate: CertificateOption = None,
    private_key: PrivateKeyOption = None,
    board: BoardOption = DEFAULT_BOARD,
    replace: Annotated[
        bool, typer.Option(help="Even if the board is another meter until now.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give a board its identity, keys and network; verify by reading back."""
    _require_board(board)
    files = _files(authority, certificate, private_key)
    if config is not None:
        settings = _settings_in(config, meter)
    else:
        settings = _settings_of(home, meter, broker, ssid)
        settings["wifi"]["password"] = _password(wifi_password_file, open_wifi)
    settings["board"] = board
    if authority is not None:
        settings["broker"]["tls"] = True
    provision.require_secrets(settings, open_wifi=open_wifi)
    identity = provision.Identity(settings, files)
    say = _quiet if as_json else _say
    with connect(port, say) as device:
        written = provision.provision(device, identity, say, replace=replace)
        if written:
            device.reset()
    show_facts({"meter": meter, "written": written, "verified": True}, as_json=as_json)


def _require_board(board: str) -> None:
    if board not in pins.names():
        fail(f"There is no board {board!r}. Name one of {', '.join(pins.names())}.")


def _quiet(_text: str) -> None:
    pass


def _settings_in(config: Path, meter: str) -> dict[str, Any]:
    settings = provision.read_config_file(config)
    if settings["meter"] != meter:
        fail(f"{config} is for {settings['meter']}, not for {meter}.")
    return settings


def _settings_of(home: Path, meter: str, broker: str, ssid: str) -> dict[str, Any]:
    """The settings of a registered meter, with the network that was named."""
    if not broker or not ssid:
        fail("Say where the broker is and which Wi-Fi leads there: --broker HOST --ssid NAME.")
    open_office(home)
    host, _colon, port = broker.partition(":")
    if port and not port.isdigit():
        fail(f"{broker}: the port must be a number.")
    settings = meter_settings(home, meter, host, ssid)
    if port:
        settings["broker"]["port"] = int(port)
    return settings


def _password(file: Path | None, open_wifi: bool) -> str:
    if open_wifi:
        return ""
    if file is None:
        return str(typer.prompt("Wi-Fi password", hide_input=True))
    try:
        return file.read_text().strip()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")


def _files(
    authority: Path | None, certificate: Path | None, private_key: Path | None
) -> dict[str, bytes]:
    """What lies beside config.json, by the names that the firmware looks for."""
    if (certificate is None) != (private_key is None):
        fail("Give --certificate and --private-key together.")
    named = {
        provision.AUTHORITY_FILE: authority,
        provision.CERTIFICATE_FILE: certificate,
        provision.PRIVATE_KEY_FILE: private_key,
    }
    files = {}
    for name, path in named.items():
        if path is not None:
            try:
                files[name] = path.read_bytes()
            except OSError as error:
                fail(f"{path} cannot be read: {error.strerror}.")
    return files


@board_app.command("test")
def run_bench_test(
    port: PortOption,
    board: BoardOption = DEFAULT_BOARD,
    as_json: JsonOption = False,
) -> None:
    """Test metering chip, relay, display, LED and button on the bench, step by step."""
    with connect(port, _say) as device:
        found = list(bench.run(device, board, _say, typer.confirm))
        device.reset()
    rows: list[dict[str, object]] = [
        {"part": each.part, "passed": each.passed, "seen": each.seen} for each in found
    ]
    show_rows(rows, as_json=as_json, title="Bench test")
    if not all(each.passed for each in found):
        sys.exit(NOT_DONE)


@board_app.command("calibrate")
def calibrate_board(
    port: PortOption,
    voltage: Annotated[float, typer.Option(help="V that the reference meter shows.")],
    current: Annotated[float, typer.Option(help="A that it shows.")],
    power: Annotated[float, typer.Option(help="W that it shows.")],
    seconds: Annotated[int, typer.Option(help="How long to measure.")] = 30,
    board: BoardOption = DEFAULT_BOARD,
    as_json: JsonOption = False,
) -> None:
    """Put a known steady load on the meter, and let the board correct itself by it."""
    reference = calibrate.Reference(round(voltage * 10), round(current * 1000), round(power * 10))
    date_s = int(time.time()) - EPOCH_UNIX_S
    with connect(port, _quiet if as_json else _say) as device:
        done = calibrate.calibrate(
            device, board, reference, date_s, seconds, _quiet if as_json else _say
        )
        device.reset()
    voltage_ppm, current_ppm, power_ppm = done.gains_ppm
    show_facts(
        {
            "chip": done.chip,
            "voltage_ppm": voltage_ppm,
            "current_ppm": current_ppm,
            "power_ppm": power_ppm,
            "measured_v": done.measured.voltage_dv / 10,
            "measured_a": done.measured.current_ma / 1000,
            "measured_w": done.measured.power_dw / 10,
        },
        as_json=as_json,
    )


@board_app.command("log")
def show_log(
    port: PortOption,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.")] = None,
) -> None:
    """Print what the board says on its console, until Ctrl-C."""
    try:
        for line in log.lines(port, seconds):
            print(line, flush=True)
    except KeyboardInterrupt:
        pass


@board_app.command("pins")
def show_pins(
    board: Annotated[str, typer.Argument(help="Board definition.")] = DEFAULT_BOARD,
    guide: Annotated[
        Path | None, typer.Option(help="Write the tables of all boards into this page instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Which pin is what, from the board definition."""
    if guide is not None:
        pins.write_guide(guide)
        return
    rows: list[dict[str, object]] = [
        {"gpio": wire.gpio, "signal": wire.name, "wiring": wire.comment}
        for wire in pins.read_wires(board)
    ]
    show_rows(rows, as_json=as_json, title=f"Pins of {board}")
