"""A camera's URL is no way to reach anything but a camera of the site, and no text shows its password."""

import traceback
from ipaddress import ip_address

import pytest

from ingest.camera_address import Networks, StreamUrl, ask_the_system, parse_onvif_url, parse_stream_url, resolve
from ingest.errors import AddressRefused, HostUnknown, UrlRefused

SITE = Networks.of()
SECRET = "Straße/7@#"


class Names:
    """A name service of our own, which counts how often it is asked."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError(-2, "Name or service not known")
        return self.known[host]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("10.0.0.5", id="no_scheme"),
        pytest.param("//10.0.0.5/live", id="scheme_left_out"),
        pytest.param("http://10.0.0.5/live", id="http_is_no_stream"),
        pytest.param("https://10.0.0.5/live", id="https_is_no_stream"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("gopher://10.0.0.5:6379/_FLUSHALL", id="gopher"),
        pytest.param("tcp://10.0.0.5:22", id="tcp"),
        pytest.param("concat:rtsp://10.0.0.5/a|/etc/passwd", id="ffmpeg_concat"),
        pytest.param("rtmp://10.0.0.5/live", id="rtmp"),
        pytest.param("rtsp:/10.0.0.5/live", id="one_slash"),
        pytest.param("rtsp:///live", id="no_host"),
        pytest.param("rtsp://", id="nothing_after_the_scheme"),
        pytest.param("rtsp://:554/live", id="port_without_host"),
        pytest.param(" rtsp://10.0.0.5/live", id="leading_blank"),
        pytest.param("rtsp://10.0.0.5/live ", id="trailing_blank"),
        pytest.param("rtsp://10.0.0.5/a b", id="blank_in_the_path"),
        pytest.param("rtsp://10.0.0.5/live\n", id="newline"),
        pytest.param("rtsp://10.0.0.5/live\r\nDESCRIBE rtsp://10.0.0.6/", id="a_second_request"),
        pytest.param("rtsp://10.0.0.5/a\tb", id="tab"),
        pytest.param("rt\tsp://10.0.0.5/live", id="tab_in_the_scheme"),
        pytest.param("rtsp://10.0.0.5/\x00", id="null"),
        pytest.param("rtsp://10.0.0.5\\@192.168.0.1/", id="backslash"),
        pytest.param("rtsp://10.0.0.5/%0d%0aSETUP", id="encoded_newline"),
        pytest.param("rtsp://ad%0amin:x@10.0.0.5/", id="encoded_newline_in_the_user"),
        pytest.param("rtsp://10.0.0.5/%00", id="encoded_null"),
        pytest.param("rtsp://10.0.0.5/%zz", id="broken_escape"),
        pytest.param("rtsp://10.0.0.5/100%", id="bare_percent"),
        pytest.param("rtsp://0x7f000001/", id="hex"),
        pytest.param("rtsp://2130706433/", id="one_number"),
        pytest.param("rtsp://127.1/", id="two_numbers"),
        pytest.param("rtsp://127.0.1/", id="three_numbers"),
        pytest.param("rtsp://0177.0.0.1/", id="octal"),
        pytest.param("rtsp://10.0.0.05/", id="leading_zero"),
        pytest.param("rtsp://0x7f.0.0.1/", id="hex_part"),
        pytest.param("rtsp://camera.0x1/", id="name_ending_in_hex"),
        pytest.param("rtsp://256.0.0.1/", id="too_large_a_part"),
        pytest.param("rtsp://1.2.3.4.5/", id="five_numbers"),
        pytest.param("rtsp://１０.0.0.5/", id="full_width_digits"),
        pytest.param("rtsp://10。0。0。5/", id="ideographic_full_stops"),
        pytest.param("rtsp://ⓔxample.com/", id="circled_letter"),
        pytest.param("rtsp://%31%30.0.0.5/", id="host_percent_encoded"),
        pytest.param("rtsp://camera..site/", id="empty_label"),
        pytest.param("rtsp://camera.site./", id="trailing_dot"),
        pytest.param("rtsp://-camera/", id="label_begins_with_a_dash"),
        pytest.param("rtsp://" + "a" * 64 + "/", id="label_too_long"),
        pytest.param("rtsp://" + "a." * 130 + "b/", id="name_too_long"),
        pytest.param("rtsp://10.0.0.5,10.0.0.6/", id="two_hosts"),
        pytest.param("rtsp://[10.0.0.5]/", id="ipv4_in_brackets"),
        pytest.param("rtsp://[fc00::1%25eth0]/", id="zone_id"),
        pytest.param("rtsp://[fc00::1/", id="bracket_left_open"),
        pytest.param("rtsp://[fc00:::1]/", id="no_ipv6"),
        pytest.param("rtsp://fc00::1/", id="ipv6_without_brackets"),
        pytest.param("rtsp://[fc00::1]554/", id="port_without_colon"),
        pytest.param("rtsp://10.0.0.5:/", id="empty_port"),
        pytest.param("rtsp://10.0.0.5:0/", id="port_0"),
        pytest.param("rtsp://10.0.0.5:65536/", id="port_too_large"),
        pytest.param("rtsp://10.0.0.5:-1/", id="negative_port"),
        pytest.param("rtsp://10.0.0.5:554abc/", id="letters_in_the_port"),
        pytest.param("rtsp://10.0.0.5:５５４/", id="full_width_port"),
        pytest.param("rtsp://admin@192.168.0.9@10.0.0.5/", id="two_ats"),
        pytest.param("rtsp://10.0.0.5/@192.168.0.9/", id="at_in_the_path"),
        pytest.param("rtsp://10.0.0.5#@192.168.0.9/", id="fragment_before_at"),
        pytest.param("rtsp://10.0.0.5?@192.168.0.9/", id="query_before_at"),
        pytest.param("rtsp://10.0.0.5/#live", id="fragment"),
        pytest.param("rtsp://@10.0.0.5/", id="empty_user"),
        pytest.param("rtsp://:secret@10.0.0.5/", id="password_alone"),
        pytest.param("rtsp://a%ffb:x@10.0.0.5/", id="user_is_not_utf8"),
        pytest.param("rtsp://10.0.0.5/" + "a" * 2048, id="endless"),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_camera_url(text: str) -> None:
    with pytest.raises(UrlRefused) as refusal:
        parse_stream_url(text)
    assert str(refusal.value).startswith("camera URL: ")
    assert ";" in str(refusal.value)  # says what to write instead


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.8.9.10", id="loopback_elsewhere"),
        pytest.param("[::1]", id="loopback_6"),
        pytest.param("[::ffff:127.0.0.1]", id="loopback_mapped"),
        pytest.param("[::ffff:7f00:1]", id="loopback_mapped_in_hex"),
        pytest.param("[::127.0.0.1]", id="loopback_embedded"),
        pytest.param("[64:ff9b::127.0.0.1]", id="loopback_translated"),
        pytest.param("[2002:7f00:1::]", id="loopback_tunnelled"),
        pytest.param("0.0.0.0", id="unspecified"),  # noqa: S104 - dialled by nobody
        pytest.param("[::]", id="unspecified_6"),
        pytest.param("169.254.169.254", id="metadata"),
        pytest.param("[::ffff:169.254.169.254]", id="metadata_mapped"),
        pytest.param("100.100.100.200", id="metadata_in_a_private_range"),
        pytest.param("[fd00:ec2::254]", id="metadata_6"),
        pytest.param("169.254.7.7", id="link_local"),
        pytest.param("[fe80::1]", id="link_local_6"),
        pytest.param("239.255.255.250", id="multicast"),
        pytest.param("[ff02::1]", id="multicast_6"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("8.8.8.8", id="somebody_elses"),
        pytest.param("172.32.0.1", id="just_outside"),
        pytest.param("[2001:db8::1]", id="somebody_elses_6"),
        pytest.param("[2001:0:a00:5::1]", id="teredo"),
    ],
)
def test_an_address_where_no_camera_of_the_site_is_is_not_dialled(host: str) -> None:
    names = Names()
    with pytest.raises(AddressRefused) as refusal:
        resolve(parse_stream_url(f"rtsp://admin:hunter2@{host}/live"), SITE, names)
    assert "hunter2" not in str(refusal.value)
    assert names.asked == []  # an address needs no name service


def test_a_wide_network_does_not_open_what_must_be_named() -> None:
    everything = Networks.of(["0.0.0.0/0", "::/0"])
    for host in ("127.0.0.1", "[::1]", "169.254.169.254", "100.100.100.200", "[fe80::1]", "239.1.1.1", "[::]"):
        with pytest.raises(AddressRefused):
            resolve(parse_stream_url(f"rtsp://{host}/"), everything)
    assert resolve(parse_stream_url("rtsp://8.8.8.8/"), everything) == [ip_address("8.8.8.8")]


def test_loopback_and_link_local_are_dialled_when_they_are_named() -> None:
    named = Networks.of(["127.0.0.1/32", "169.254.7.0/24"])
    assert resolve(parse_stream_url("rtsp://127.0.0.1:8554/"), named) == [ip_address("127.0.0.1")]
    assert resolve(parse_stream_url("rtsp://[::ffff:127.0.0.1]:8554/"), named) == [ip_address("127.0.0.1")]
    assert resolve(parse_stream_url("rtsp://169.254.7.7/"), named) == [ip_address("169.254.7.7")]
    with pytest.raises(AddressRefused, match=r"camera_networks as 127\.0\.0\.2"):
        resolve(parse_stream_url("rtsp://127.0.0.2/"), named)


def test_one_address_outside_condemns_the_name() -> None:
    names = Names(gate_site=["10.0.0.5", "127.0.0.1"])
    with pytest.raises(AddressRefused, match=r"gate\.site \(127\.0\.0\.1\)"):
        resolve(parse_stream_url("rtsp://gate.site/live"), SITE, names)


def test_an_ipv4_address_dressed_as_ipv6_is_judged_as_what_it_is() -> None:
    names = Names(gate_site=["::ffff:10.0.0.5", "10.0.0.5"], bad_site=["::ffff:127.0.0.1"])
    assert resolve(parse_stream_url("rtsp://gate.site/"), SITE, names) == [ip_address("10.0.0.5")]
    with pytest.raises(AddressRefused):
        resolve(parse_stream_url("rtsp://bad.site/"), SITE, names)


def test_the_checked_address_is_opened_whatever_the_name_says_by_then() -> None:
    names = Names(gate_site=["10.0.0.5"])
    url = parse_stream_url("rtsp://gate.site/live?channel=1")
    (address,) = resolve(url, SITE, names)
    names.known["gate.site"] = ["127.0.0.1"]
    assert url.at(address, "admin", SECRET) == "rtsp://admin:Stra%C3%9Fe%2F7%40%23@10.0.0.5:554/live?channel=1"
    assert names.asked == ["gate.site"]


@pytest.mark.parametrize("resolver", [Names(), Names(nowhere_site=[])], ids=["unknown", "known_without_address"])
def test_a_name_without_address_says_so(resolver: Names) -> None:
    with pytest.raises(HostUnknown, match=r"nowhere\.site: no address is known"):
        resolve(parse_stream_url("rtsp://admin:hunter2@nowhere.site/"), SITE, resolver)


def test_the_machine_s_own_resolver_is_checked_like_any_other() -> None:
    assert "127.0.0.1" in ask_the_system("localhost", 554) or "::1" in ask_the_system("localhost", 554)
    with pytest.raises(AddressRefused, match="this machine itself"):
        resolve(parse_stream_url("rtsp://localhost/"), SITE)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("rtsp://10.0.0.5", StreamUrl("rtsp", "10.0.0.5", 554, "/")),
        ("RTSP://Gate-3.Site/Live", StreamUrl("rtsp", "gate-3.site", 554, "/Live")),
        ("rtsps://10.0.0.5/live", StreamUrl("rtsps", "10.0.0.5", 322, "/live")),
        ("rtsp://10.0.0.5:8554/live?a=1&b=/x", StreamUrl("rtsp", "10.0.0.5", 8554, "/live?a=1&b=/x")),
        ("rtsp://10.0.0.5?channel=1", StreamUrl("rtsp", "10.0.0.5", 554, "/?channel=1")),
        ("rtsp://[FC00::A]:8554/live", StreamUrl("rtsp", "fc00::a", 8554, "/live")),
        ("rtsp://cam_7/a%20b", StreamUrl("rtsp", "cam_7", 554, "/a%20b")),
        ("rtsp://admin@10.0.0.5/", StreamUrl("rtsp", "10.0.0.5", 554, "/", "admin")),
        ("rtsp://admin:@10.0.0.5/", StreamUrl("rtsp", "10.0.0.5", 554, "/", "admin", "")),
        ("rtsp://ad%6Din:p%40ss%3Aw:rd@10.0.0.5/", StreamUrl("rtsp", "10.0.0.5", 554, "/", "admin", "p@ss:w:rd")),
        ("rtsp://10.0.0.5/Streaming/Channels/101", StreamUrl("rtsp", "10.0.0.5", 554, "/Streaming/Channels/101")),
    ],
)
def test_a_camera_url_is_taken_apart(text: str, url: StreamUrl) -> None:
    assert parse_stream_url(text) == url


def test_what_is_stored_holds_no_credentials_and_reads_back() -> None:
    url = parse_stream_url("rtsp://admin:hunter2@[fc00::a]:8554/live?channel=1")
    assert url.source == "rtsp://[fc00::a]:8554/live?channel=1"
    assert parse_stream_url(url.source).source == url.source
    assert parse_stream_url("rtsp://gate.site:554/live").source == "rtsp://gate.site/live"


def test_onvif_has_schemes_of_its_own() -> None:
    assert parse_onvif_url("http://10.0.0.5:8000") == StreamUrl("http", "10.0.0.5", 8000, "/")
    assert parse_onvif_url("https://10.0.0.5/onvif/device_service").port == 443
    with pytest.raises(UrlRefused, match="http:// or https://"):
        parse_onvif_url("rtsp://10.0.0.5/")


def test_no_text_of_a_url_shows_its_password() -> None:
    url = parse_stream_url("rtsp://operator:hunter2@10.0.0.5/live")
    in_path = parse_stream_url("rtsp://10.0.0.5/user=operator&password=hunter2&channel=1.sdp")
    for text in (str(url), repr(url), f"{url}", repr([url]), str(in_path), repr(in_path)):
        assert "hunter2" not in text
    assert "operator" not in repr(url)
    assert str(in_path).endswith("&password=***&channel=1.sdp")


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://operator:hunter2/7@10.0.0.5/",
        "rtsp://operator:hunter2#7@10.0.0.5/",
        "rtsp://operator:hunter2@7@10.0.0.5/",
        "rtsp://operator:hunter2 7@10.0.0.5/",
        "rtsp://operator:hunter2%zz@10.0.0.5/",
        "rtsp://operator:hunter2%ff@10.0.0.5/",
        "rtsp://operator:hunter2@10.0.0.5:99999/",
        "rtsp://operator:hunter2@127.1/",
        "rtsp://operator:hunter2",
        "http://operator:hunter2@10.0.0.5/",
    ],
)
def test_a_refused_url_is_not_repeated_with_its_password(text: str) -> None:
    with pytest.raises(UrlRefused) as refusal:
        parse_stream_url(text)
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))
    assert "operator" not in str(refusal.value)


def test_settings_that_are_no_networks_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        Networks.of(["192.168.0.0/16", "10.0.0.1/8"])
