# SPDX-License-Identifier: BSD-2-Clause
"""Networks for a machine that boots from one: PXE by QEMU's own TFTP server, HTTP by one of ours on the host's loopback.

The card has no ROM of its own: with QEMU's, iPXE would take the place of OVMF's network stack.
"""

import contextlib
import functools
import http.server
import threading

import efi_variables

HOST = "10.0.2.2"               # the host, as a guest on QEMU's user network sees it
CARD = ["-device", "virtio-net-pci,netdev=network,romfile=,bootindex=0"]


def pxe(folder, file):
    """QEMU's arguments for a machine that boots FILE of FOLDER by PXE."""
    return ["-netdev", f"user,id=network,tftp={folder},bootfile={file}", *CARD]


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def guess_type(self, path):
        # OVMF fetches nothing by HTTP that is not called so, whatever its name.
        return "application/efi"

    def log_message(self, *_):
        self.server.requests.append(self.requestline)


@contextlib.contextmanager
def server(folder):
    """Serves FOLDER by HTTP; gives a server with its `address` for guests and its `requests`, each as its first line."""
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    serving.address, serving.requests = f"http://{HOST}:{serving.server_port}", []
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    try:
        yield serving
    finally:
        serving.shutdown()
        serving.server_close()


def http_boot(variables, uri):
    """QEMU's arguments for a machine that boots URI, which is entered as its only boot option in the store VARIABLES."""
    option = efi_variables.boot_option("http", efi_variables.uri_path(uri))
    efi_variables.add(variables, {"Boot0099": option, "BootOrder": b"\x99\x00"}, efi_variables.GLOBAL)
    return ["-netdev", "user,id=network", *[part.replace(",bootindex=0", "") for part in CARD]]
