"""The environment as one checked value."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.errors import CredentialError, UsageError
from lineform.settings import Settings

SECRET = "s3cr3t-value"


def test_an_empty_environment_means_line_itself_and_a_file_in_the_workspace(tmp_path: Path) -> None:
    settings = Settings.from_environment({})
    assert settings.store_url(tmp_path) == f"sqlite:///{tmp_path.as_posix()}/.lineform/store.db"
    assert settings == Settings(colour=True, ci=False, github_actions=False, hosted_runner=False)
    assert not settings.offline


def test_an_empty_variable_counts_as_one_that_is_not_set() -> None:
    settings = Settings.from_environment({"LINEFORM_LINE_ORIGIN": "", "LINEFORM_STORE": " ", "NO_COLOR": "", "CI": ""})
    assert settings == Settings()


def test_a_hosted_runner_is_known_by_its_environment() -> None:
    env = {"CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "NO_COLOR": "1"}
    settings = Settings.from_environment(
        {**env, "GITHUB_STEP_SUMMARY": "/s.md", "GITHUB_ACTOR": "mika", "USER": "runner"}
    )
    assert settings.hosted_runner
    assert settings.github_actions
    assert settings.ci
    assert not settings.colour
    assert settings.step_summary == Path("/s.md")
    assert settings.actor == "mika"


def test_a_self_hosted_runner_keeps_its_disk() -> None:
    assert not Settings.from_environment({"RUNNER_ENVIRONMENT": "self-hosted"}).hosted_runner


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8787",
        "http://localhost:8787",
        "http://[::1]:8787",
        "http://127.1.2.3",
        "https://line.test:8443",
    ],
)
def test_origins_that_are_safe_are_taken(origin: str) -> None:
    assert Settings.from_environment({"LINEFORM_LINE_ORIGIN": origin + "/"}).line_origin == origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.com",
        "http://10.0.0.1:80",
        "http://127.0.0.1.evil.com",
        "ftp://127.0.0.1",
        "127.0.0.1:8787",
        "https://",
        "https://user:pw@line.test",
        "https://line.test/v2",
        "https://line.test?x=1",
        "https://line.test:port",
        "http://[::1",
    ],
)
def test_origins_that_are_not_are_refused(origin: str) -> None:
    with pytest.raises(UsageError):
        Settings.from_environment({"LINEFORM_LINE_ORIGIN": origin})


def test_only_this_machine_counts_as_offline() -> None:
    assert Settings(line_origin="http://127.0.0.1:1").offline
    assert not Settings(line_origin="https://line.test").offline


@pytest.mark.parametrize(
    "url", ["sqlite:///a.db", "postgresql://u:p@db/lineform", "postgres://db/x", "postgresql+psycopg://db/x"]
)
def test_stores_of_a_known_kind_are_taken(url: str, tmp_path: Path) -> None:
    assert Settings.from_environment({"LINEFORM_STORE": url}).store_url(tmp_path) == url


@pytest.mark.parametrize("url", [f"mysql://u:{SECRET}@db/x", f"store.db?{SECRET}", f"http://[{SECRET}"])
def test_other_stores_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.from_environment({"LINEFORM_STORE": url})
    assert SECRET not in f"{caught.value} {caught.value.hint} {caught.value!r}"


def test_no_secret_is_in_the_text_of_the_settings() -> None:
    settings = Settings.from_environment({"TOKEN": SECRET, "LINEFORM_STORE": f"postgresql://u:{SECRET}@db/x"})
    assert SECRET not in f"{settings} {settings!r}"
    assert settings.secret("TOKEN") == SECRET


def test_a_pasted_line_end_is_no_part_of_a_secret() -> None:
    assert Settings.from_environment({"TOKEN": f" {SECRET}\n"}).secret("TOKEN") == SECRET


@pytest.mark.parametrize("env", [{}, {"TOKEN": ""}, {"TOKEN": "\n"}])
def test_a_missing_secret_is_called_by_its_name(env: dict[str, str]) -> None:
    with pytest.raises(CredentialError, match="variable TOKEN is not set"):
        Settings.from_environment(env).secret("TOKEN")


@pytest.mark.parametrize(
    ("env", "proxy"),
    [
        ({"HTTPS_PROXY": "http://u:pw@proxy:3128"}, "http://u:pw@proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "localhost,example.com"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "a.test, .line.me"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "ine.me"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "LINEFORM_LINE_ORIGIN": "http://127.0.0.1:1"}, None),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
    ],
)
def test_the_proxy_of_the_environment_is_used_for_line_alone(env: dict[str, str], proxy: str | None) -> None:
    settings = Settings.from_environment(env)
    assert settings.proxy == proxy
    assert "pw" not in repr(settings)
