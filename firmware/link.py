"""Builds the connection to the controller; imported only by a board that is to have one.

A board in safe mode, or without a configuration, has none of this in its memory. It must not know
the hardware but the network's.
"""

from micropython import const

from firmware.net.certificate import load_context
from firmware.net.downlink import Downlink
from firmware.net.mqtt import Client
from firmware.net.sntp import TimeSource
from firmware.net.uplink import Uplink
from firmware.net.wifi import Wifi
from protocol import keys, messages

_BROKER_EPOCH = const(0)


def connect(application, store, config, firmware, cause):
    """Give the application its connection. Raises ConfigError.

    `firmware` is the text that names this release, `cause` why the board started (docs/wire.md).
    """
    meter, root, epoch = config.meter, config.root_key, config.epoch
    board, act = application.board, application.act
    password = keys.role_key(root, _BROKER_EPOCH, keys.ROLE_BROKER, meter).hex()
    tls = load_context() if config.tls else None
    client = Client(config.host, config.port, tls, meter, password)
    key = keys.role_key(root, epoch, keys.ROLE_UPLINK, meter)
    uplink = Uplink(board, store, client, meter, epoch, key, firmware, cause)
    key = keys.role_key(root, epoch, keys.ROLE_DOWNLINK, meter)
    downlink = Downlink(board, uplink, meter, epoch, key, act)
    wifi = Wifi(config.wifi[0], config.wifi[1]) if config.wifi else None
    topics = "bijli/1/%s/%s/#" % (meter, messages.DOWN)
    client.attach(topics, downlink.receive, wifi, uplink.begin)
    time_source = TimeSource(board, config.sntp, wifi, act) if config.sntp else None
    application.connect(client, uplink, wifi, time_source)
