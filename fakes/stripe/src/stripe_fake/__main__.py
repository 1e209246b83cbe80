"""`python -m stripe_fake --port 12111`"""

from __future__ import annotations

import argparse
import threading

from stripe_fake.serving import running


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="stripe_fake", description="A stand-in for Stripe's API, for tests.")
    parser.add_argument("--port", type=int, default=12111)
    with running(parser.parse_args().port) as books:
        print(f"API at {books.url}, keys begin with sk_test_, webhooks are signed with {books.secret}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
