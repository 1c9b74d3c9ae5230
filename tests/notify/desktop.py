"""A desktop for tests: it has the name of the notification service on a session bus, and keeps what it is to show."""

from __future__ import annotations

import threading
from types import TracebackType

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME = "org.freedesktop.Notifications"
# What each call but Notify is answered with: signature and values.
ANSWERS = {
    "GetServerInformation": ("ssss", ("test", "clodputer", "1", "1.2")),
    "GetCapabilities": ("as", (["body"],)),
}


class Desktop:
    """It answers as long as it is entered. shown: application, title and body of each notification."""

    def __init__(self, address: str) -> None:
        self.shown: list[tuple[str, str, str]] = []
        self._address = address
        self._connection = open_dbus_connection(address)
        self._connection.send_and_get_reply(message_bus.RequestName(NAME))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Desktop:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with open_dbus_connection(self._address) as one:
            one.send(new_method_call(DBusAddress("/", NAME), "Stop"))
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        while True:
            message = self._connection.receive()
            if message.header.message_type != MessageType.method_call:
                continue
            member = message.header.fields.get(HeaderFields.member)
            if member == "Stop":
                return
            signature, values = ANSWERS.get(str(member), ("u", (1,)))
            if member == "Notify":
                name, _, _, title, body, *_ = message.body
                self.shown.append((name, title, body))
            self._connection.send(new_method_return(message, signature, values))
