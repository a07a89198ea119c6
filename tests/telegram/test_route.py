"""Which way the bot goes to Telegram, for what an environment and a setting say."""

from __future__ import annotations

import pytest

from bot.telegram.route import BadRoute, Proxy, choose, credentials

TELEGRAM = "https://api.telegram.org"
HOSTED = "http://10.0.0.7:8081"


@pytest.mark.parametrize(
    ("environ", "setting", "server", "proxy", "source"),
    [
        ({}, None, TELEGRAM, None, ""),
        ({"HTTPS_PROXY": "http://one:3128"}, None, TELEGRAM, "http://one:3128", "HTTPS_PROXY"),
        ({"https_proxy": "http://two:3128", "HTTPS_PROXY": "http://one:3128"}, None, TELEGRAM, "http://two:3128",
         "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://one:3128"}, None, TELEGRAM, None, ""),
        ({"HTTP_PROXY": "http://one:3128"}, None, TELEGRAM, None, ""),
        ({"HTTP_PROXY": "http://one:3128"}, None, HOSTED, "http://one:3128", "HTTP_PROXY"),
        ({"ALL_PROXY": "socks5://one"}, None, TELEGRAM, "socks5://one:1080", "ALL_PROXY"),
        ({"all_proxy": "socks5h://one:9050"}, None, HOSTED, "socks5h://one:9050", "all_proxy"),
        ({"ALL_PROXY": "socks4://one", "HTTPS_PROXY": "two:8080"}, None, TELEGRAM, "http://two:8080", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "https://one"}, None, TELEGRAM, "https://one:443", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, None, TELEGRAM, "http://[fd00::1]:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://one:3128"}, "socks5://two", TELEGRAM, "socks5://two:1080", "TELEGRAM_PROXY"),
        ({"HTTPS_PROXY": "one:3128", "NO_PROXY": "*"}, "http://two", TELEGRAM, "http://two:80", "TELEGRAM_PROXY"),
        ({"HTTPS_PROXY": "http://one:3128"}, " None ", TELEGRAM, None, "TELEGRAM_PROXY"),
        ({"HTTPS_PROXY": "http://one:3128"}, "direct", TELEGRAM, None, "TELEGRAM_PROXY"),
        ({"HTTPS_PROXY": "http://one:3128"}, "", TELEGRAM, "http://one:3128", "HTTPS_PROXY"),
    ],
)  # fmt: skip
def test_the_setting_goes_before_the_environment_and_that_is_read_as_usual(
    environ: dict[str, str], setting: str | None, server: str, proxy: str | None, source: str
) -> None:
    route = choose(environ, setting, server)
    assert (route.proxy.url if route.proxy else None, route.source) == (proxy, source)


@pytest.mark.parametrize(
    ("spared", "server", "is_direct"),
    [
        ("api.telegram.org", TELEGRAM, True),
        ("API.Telegram.org", TELEGRAM, True),
        ("telegram.org", TELEGRAM, True),
        (".telegram.org", TELEGRAM, True),
        ("*.telegram.org", TELEGRAM, True),
        ("localhost, 10.0.0.0/8 telegram.org", TELEGRAM, True),
        ("*", TELEGRAM, True),
        ("api.telegram.org:443", TELEGRAM, True),
        ("api.telegram.org:8443", TELEGRAM, False),
        ("gram.org", TELEGRAM, False),
        ("telegram.org.example", TELEGRAM, False),
        ("10.0.0.7", HOSTED, True),
        ("10.0.0.0/8", HOSTED, True),
        ("10.0.0.7:8081", HOSTED, True),
        ("10.0.0.7:80", HOSTED, False),
        ("10.1.0.0/16", HOSTED, False),
        ("fd00::/8", "http://[fd00::7]:8081", True),
        ("[fd00::7]", "http://[fd00::7]:8081", True),
        ("fd00::/8", HOSTED, False),
        ("/,:,.,,", TELEGRAM, False),
        ("", TELEGRAM, False),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_lists_hosts_domains_addresses_networks_and_ports(
    spared: str, server: str, is_direct: bool, name: str
) -> None:
    route = choose({"ALL_PROXY": "http://one:3128", name: spared}, None, server)
    assert (route.proxy is None) == is_direct
    if is_direct:
        assert route.source == name


@pytest.mark.parametrize("server", [TELEGRAM, "https://bots.example:8443"])
def test_the_way_is_a_sentence_without_credentials(server: str) -> None:
    host = "Telegram" if server == TELEGRAM else "bots.example:8443"
    assert str(choose({}, None, server)) == f"{host} is reached directly"
    assert str(choose({"ALL_PROXY": "one", "NO_PROXY": "*"}, None, server)) == f"{host} is reached directly (NO_PROXY)"
    route = choose({"HTTPS_PROXY": "http://dana:hunter22%40hunter@proxy.example:3128"}, None, server)
    assert str(route) == f"{host} is reached through the proxy proxy.example:3128 (HTTPS_PROXY)"
    assert "hunter22" not in repr(route) + (route.proxy.url if route.proxy else "")
    assert "dana" not in repr(route)


def test_name_and_password_are_told_to_the_proxy_as_they_are_meant() -> None:
    route = choose({"HTTPS_PROXY": "http://dana:a%3Ab%40c@proxy.example"}, None, TELEGRAM)
    assert route.proxy == Proxy("http", "proxy.example", 80, "dana", "a:b@c")
    assert route.proxy is not None
    assert route.proxy.authorization == "Basic ZGFuYTphOmJAYw=="


def test_every_form_of_a_password_is_known_to_be_a_secret() -> None:
    environ = {"HTTPS_PROXY": "http://dana:a%3Ab%40c@one", "http_proxy": "sam:other22@two:3128", "ALL_PROXY": "three"}
    assert set(credentials(environ, "socks5://only-a-token@four")) == {
        "dana:a%3Ab%40c", "a%3Ab%40c", "a:b@c", "ZGFuYTphOmJAYw==",
        "sam:other22", "other22", "c2FtOm90aGVyMjI=",
        "only-a-token", "b25seS1hLXRva2VuOg==",
    }  # fmt: skip


@pytest.mark.parametrize(
    "given", ["ftp://one", "http://", "http://one:port", "http://one:99999", "http://dana:hunter22@"]
)
def test_what_is_not_the_address_of_a_proxy_is_named_by_its_setting_and_not_shown(given: str) -> None:
    for environ, setting, name in (({"https_proxy": given}, None, "https_proxy"), ({}, given, "TELEGRAM_PROXY")):
        with pytest.raises(BadRoute, match=f"^{name}: .*Write one such as") as caught:
            choose(environ, setting, TELEGRAM)
        assert given == "http://" or given not in str(caught.value)
        assert "hunter22" not in repr(caught.value) + str(caught.value.__cause__)


def test_an_address_that_is_not_used_need_not_be_right() -> None:
    assert choose({"HTTP_PROXY": "ftp://one"}, None, TELEGRAM).proxy is None
    assert choose({"HTTPS_PROXY": "ftp://one"}, "none", TELEGRAM).proxy is None
