"""Command line: `python -m kro_sandbox --port 4000 --webhook-target http://127.0.0.1:3000`."""

import argparse
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

import uvicorn

from kro_sandbox.app import create_app
from kro_sandbox.core.lifetime import exit_with_parent
from kro_sandbox.settings import SandboxSettings

_INTERRUPTED = 130
_PREFIX = "KRO_SANDBOX_"
# What the server finds worth an error, and the sandbox does on purpose: cut answers off, keep callers waiting.
_ON_PURPOSE = re.compile(r"ASGI callable returned without completing response|Cancel \d+ running task")


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> None:
    """Serve the sandbox until interrupted."""
    # Nothing is kept, so nothing has to be put away: an interrupt may end the process wherever it is. While serving,
    # the server takes the signal first, ends its connections and passes it on.
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    arguments = _parser(environ).parse_args(argv)
    if arguments.exit_with_parent is not None:
        exit_with_parent(parent=arguments.exit_with_parent or None)
    settings = SandboxSettings(
        host=arguments.host,
        port=arguments.port,
        public_url=arguments.public_url,
        webhook_target=arguments.webhook_target,
        retry_delays=arguments.retry_delays,
        paystack_key=arguments.paystack_key,
        opening_balance=arguments.opening_balance,
        transfer_delay=arguments.transfer_delay,
        refund_delay=arguments.refund_delay,
        termii_key=arguments.termii_key,
        termii_signing_key=arguments.termii_signing_key,
        termii_senders=arguments.termii_senders,
        termii_webhooks=arguments.termii_webhooks,
        termii_wallet=arguments.termii_wallet,
        sendgrid_key=arguments.sendgrid_key,
    )
    serve(settings)


def serve(settings: SandboxSettings) -> None:
    """Bind, say where, and serve. A taken port ends with one sentence."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").addFilter(lambda record: not _ON_PURPOSE.match(record.getMessage()))
    listener = _bind(settings.host, settings.port)
    port = listener.getsockname()[1]
    sys.stdout.write(f"Sandbox ready on http://{settings.host}:{port}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        sys.exit(f"The sandbox cannot listen on {host}:{port}: {error.strerror}.")
    listener.listen(socket.SOMAXCONN)
    return listener


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    defaults = SandboxSettings()
    parser = argparse.ArgumentParser(
        prog="python -m kro_sandbox",
        description="Stand-ins for Paystack, Fincra, Providus, Termii, Twilio, Telnyx, WhatsApp and SendGrid. "
        f"Every option can also be set in the environment, as {_PREFIX}PORT and so on.",
    )

    def option(name: str, kind: type | object, default: object, text: str) -> None:
        from_environment = environ.get(_PREFIX + name.upper().replace("-", "_"))
        # argparse converts a string default like an argument, so both ways of setting mean the same.
        chosen = default if from_environment is None else from_environment
        parser.add_argument(f"--{name}", type=kind, default=chosen, help=text)  # type: ignore[arg-type]  # any converter

    option("host", str, defaults.host, "address to listen on (default: loopback)")
    option("port", int, defaults.port, "port to listen on; 0 picks a free one")
    option("public-url", str, None, "address a browser finds the sandbox under, when it is not the one callers use")
    option("webhook-target", str, defaults.webhook_target, "base address of the server that gets the webhooks")
    option("retry-delays", _numbers, defaults.retry_delays, "seconds between attempts of a webhook, comma separated")
    option("paystack-key", str, defaults.paystack_key, "secret key of Paystack's API and webhooks")
    option("opening-balance", int, defaults.opening_balance, "kobo on the Paystack balance at the start")
    option("transfer-delay", float, defaults.transfer_delay, "seconds until a transfer has arrived")
    option("refund-delay", float, defaults.refund_delay, "seconds between two statuses of a refund")
    option("termii-key", str, defaults.termii_key, "API key of Termii")
    option("termii-signing-key", str, defaults.termii_signing_key, "key of Termii's webhook signature")
    option("termii-senders", _names, defaults.termii_senders, "approved sender IDs, comma separated")
    option("termii-wallet", float, defaults.termii_wallet, "naira on the Termii wallet at the start")
    option("sendgrid-key", str, defaults.sendgrid_key, "API key of SendGrid")
    parser.add_argument(
        "--termii-webhooks",
        action="store_true",
        default=environ.get(_PREFIX + "TERMII_WEBHOOKS", "") in ("1", "true"),
        help="send delivery reports",
    )
    parser.add_argument(
        "--exit-with-parent",
        nargs="?",
        type=int,
        const=0,
        default=_parent_of(environ.get(_PREFIX + "EXIT_WITH_PARENT", "")),
        metavar="PID",
        help="end when the parent process dies; its process id makes sure that it has not died already",
    )
    return parser


def _parent_of(text: str) -> int | None:
    """Read the environment's wish: a process id, or a plain yes for whoever started this process."""
    if text in ("", "0", "false"):
        return None
    return 0 if text in ("1", "true") else int(text)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


if __name__ == "__main__":
    main()
