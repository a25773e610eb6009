"""The environment, read once and checked, as one frozen value. Secrets stay where they are until they are asked for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from lineform.errors import CredentialError, UsageError

ORIGIN: Final = "LINEFORM_LINE_ORIGIN"
STORE: Final = "LINEFORM_STORE"
FORGET_KEY: Final = "LINEFORM_FORGET_KEY"
COPY: Final = "LINEFORM_COPY"
PING: Final = "LINEFORM_PING_URL"
METRICS_TOKEN: Final = "LINEFORM_METRICS_TOKEN"  # noqa: S105 - a variable's name
LINE_HOST: Final = "api.line.me"
STORE_SCHEMES: Final = ("sqlite", "postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment decides. An empty variable counts as one that is not set."""

    line_origin: str | None = None
    """Where LINE is, instead of its own two hosts: an offline account, or a proxy."""
    proxy: str | None = field(default=None, repr=False)
    """The proxy on the way to LINE (HTTPS_PROXY, NO_PROXY). It may hold a password."""
    store: str | None = field(default=None, repr=False)
    """The store's URL as it was given. It may hold a password."""
    copy: Literal["auto", "on", "off"] = "auto"
    """Whether a copy of the friends answers questions about everybody: where there are many, always, or never."""
    colour: bool = True
    """False under NO_COLOR (https://no-color.org)."""
    ci: bool = False
    github_actions: bool = False
    checkout: Path | None = None
    """Where GitHub's checkout of the repository lies."""
    hosted_runner: bool = False
    """On a machine of GitHub's whose disk is gone after the job."""
    step_summary: Path | None = None
    """GitHub's file for the summary of this step."""
    actor: str = ""
    """Who the audit log names."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Settings:
        """Raises UsageError for an address that cannot be used."""
        given = {name: value for name, value in env.items() if value.strip()}
        summary = given.get("GITHUB_STEP_SUMMARY")
        origin = checked_origin(given[ORIGIN]) if ORIGIN in given else None
        return cls(
            line_origin=origin,
            proxy=_proxy(given, (urlsplit(origin).hostname or "") if origin else LINE_HOST),
            store=checked_store(given[STORE]) if STORE in given else None,
            copy=checked_copy(given.get(COPY, "auto")),
            colour="NO_COLOR" not in given,
            ci=_says_yes(given.get("CI", "")),
            checkout=Path(checkout) if (checkout := given.get("GITHUB_WORKSPACE")) else None,
            github_actions=_says_yes(given.get("GITHUB_ACTIONS", "")),
            hosted_runner=given.get("RUNNER_ENVIRONMENT", "") == "github-hosted",
            step_summary=Path(summary) if summary else None,
            actor=given.get("GITHUB_ACTOR") or given.get("USER") or given.get("USERNAME") or "",
            environment=given,
        )

    @property
    def offline(self) -> bool:
        """Whether LINE's place is taken by something on this machine: then nobody real can receive anything."""
        return self.line_origin is not None and is_loopback(urlsplit(self.line_origin).hostname or "")

    def store_url(self, workspace: Path) -> str:
        """The given URL, or that of a file under the workspace's `.lineform/`.

        An account that is not LINE's has a file of its own: what was sent there must never count as sent to people.
        """
        name = "store.db" if self.line_origin is None else "offline.db"
        return self.store or f"sqlite:///{(workspace.resolve() / '.lineform' / name).as_posix()}"

    @property
    def ping(self) -> str:
        """What is called after the ticks of a server, empty where nothing is; it may hold a token."""
        url = self.environment.get(PING, "").strip()
        if url and not (url.startswith("https://") or is_loopback(_split(url, PING).hostname or "")):
            raise UsageError(f"{PING} is no https address", hint="Write https://…, as your watcher gives it.")
        return url

    def secret(self, name: str) -> str:
        """The secret in the variable `name`; raises CredentialError, which names the variable and never its value."""
        value = self.environment.get(name, "").strip()
        if not value:
            raise CredentialError(
                f"the environment variable {name} is not set",
                hint=f"Set {name} to the secret; in GitHub Actions pass it with env: {name}: ${{{{ secrets.{name} }}}}",
            )
        return value


def _says_yes(value: str) -> bool:
    return value.strip().casefold() not in {"", "0", "false", "no"}


def _proxy(given: Mapping[str, str], host: str) -> str | None:
    """The proxy that the environment wants for HTTPS to `host`, as curl and others read it; never for this machine."""
    proxy = given.get("HTTPS_PROXY") or given.get("https_proxy")
    if proxy is None or is_loopback(host):
        return None
    exceptions = (given.get("NO_PROXY") or given.get("no_proxy") or "").split(",")
    names = [name.strip().lstrip(".").casefold() for name in exceptions]
    direct = any(name == "*" or (name and f".{host}".endswith(f".{name}")) for name in names)
    return None if direct else proxy.strip()


def checked_origin(text: str) -> str:
    """The scheme, host and port of an address, without a slash at the end. Plain HTTP never leaves this machine."""
    url = _split(text, "LINE's origin")
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise UsageError(f"{ORIGIN} is no web address: {url.scheme or 'it has no scheme'}", hint=_ORIGIN_HINT)
    if url.username or url.password or url.query or url.fragment or url.path.strip("/"):
        raise UsageError(f"{ORIGIN} must be a scheme, a host and a port, and nothing more", hint=_ORIGIN_HINT)
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise UsageError(
            f"{ORIGIN} sends the token without encryption to {url.hostname}",
            hint="Use https, or an address of this machine such as http://127.0.0.1:8787.",
        )
    return f"{url.scheme}://{url.netloc}"


_ORIGIN_HINT: Final = "Write for example http://127.0.0.1:8787, or leave it out to reach LINE."


def checked_store(text: str) -> str:
    """A database URL of a kind that lineform knows. Messages never repeat it: it may hold a password."""
    url = _split(text, "the store's URL")
    if url.scheme.partition("+")[0] not in STORE_SCHEMES:
        raise UsageError(
            f"{STORE} begins with {url.scheme + ':' if url.scheme else 'no scheme'}, which is no store",
            hint="Write sqlite:///path/to/store.db or postgresql://user:password@host/database.",
        )
    return text.strip()


def checked_copy(text: str) -> Literal["auto", "on", "off"]:
    """auto, on or off."""
    match text.strip().casefold():
        case "auto":
            return "auto"
        case "on":
            return "on"
        case "off":
            return "off"
        case _:
            raise UsageError(f"{COPY} is none of auto, on, off", hint="leave it out for auto")


def _split(text: str, what: str) -> SplitResult:
    try:
        url = urlsplit(text.strip())
        url.port  # noqa: B018 - urllib checks a port when it is asked for it
    except ValueError:
        raise UsageError(f"{what} cannot be read as a URL") from None
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or number; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
