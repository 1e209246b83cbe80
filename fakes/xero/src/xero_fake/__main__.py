"""`python -m xero_fake`: the server with one program and some organisations, until Ctrl-C."""

from __future__ import annotations

import argparse
import threading

from xero_fake.server import XeroFake, running


def main() -> None:
    """Serve until Ctrl-C; webhooks go out every two seconds if there is an address for them."""
    reader = argparse.ArgumentParser(prog="xero_fake", description=__doc__)
    reader.add_argument("--port", type=int, default=8461)
    reader.add_argument("--client-id", default="fake-client")
    reader.add_argument("--client-secret", default="fake-secret")
    reader.add_argument("--webhook-url", default="")
    reader.add_argument("--webhook-key", default="fake-key")
    reader.add_argument("--organisation", action="append", default=[], metavar="NAME[:CURRENCY:COUNTRY]")
    asked = reader.parse_args()
    fake = XeroFake()
    fake.register(asked.client_id, asked.client_secret, webhook_url=asked.webhook_url, webhook_key=asked.webhook_key)
    for one in asked.organisation or ["Acme MSP Ltd"]:
        name, *rest = one.split(":")
        fake.organisation(name, **dict(zip(("currency", "country"), rest, strict=False)))
    with running(fake, port=asked.port):
        print(f"Xero fake at {fake.url}: program {asked.client_id}")
        pause = threading.Event()
        try:
            while not pause.wait(2):
                fake.deliver_webhooks()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
