"""`python -m quickbooks_fake`: the server with one program and one company, until Ctrl-C."""

from __future__ import annotations

import argparse
import threading

from quickbooks_fake.server import QuickBooksFake, running


def main() -> None:
    """Serve until Ctrl-C; webhooks go out every two seconds if there is an address for them."""
    reader = argparse.ArgumentParser(prog="quickbooks_fake", description=__doc__)
    reader.add_argument("--port", type=int, default=8460)
    reader.add_argument("--client-id", default="fake-client")
    reader.add_argument("--client-secret", default="fake-secret")
    reader.add_argument("--webhook-url", default="")
    reader.add_argument("--verifier", default="fake-verifier")
    reader.add_argument("--company", action="append", default=[], metavar="REALM:NAME[:COUNTRY:CURRENCY]")
    asked = reader.parse_args()
    fake = QuickBooksFake()
    fake.register(asked.client_id, asked.client_secret, webhook_url=asked.webhook_url, verifier=asked.verifier)
    for one in asked.company or ["9130350000000001:Acme MSP Inc."]:
        realm, name, *rest = one.split(":")
        fake.company(realm, name, **dict(zip(("country", "currency"), rest, strict=False)))
    with running(fake, port=asked.port):
        print(f"QuickBooks fake at {fake.url}: program {asked.client_id}, companies {', '.join(fake.companies)}")
        pause = threading.Event()
        try:
            while not pause.wait(2):
                fake.deliver_webhooks()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
