"""The site file: what it may say, and how it is refused when it may not."""

from pathlib import Path

import pytest

from cases.camera_entry import redacted
from cases.errors import SiteFileRefused
from cases.site_file import SiteFile, read
from cases.timetable import days_of, minutes_of
from models.enums import CameraKind, Transport

SOUND = """\
site: Dongcheng demo
timezone: Asia/Shanghai
cameras:
  - id: gate-3
    name: North gate
    source: rtsp://viewer:secret@camera.example/main
    location: {lat: 28.65, lon: 121.26}
geofences:
  - id: no-stopping-7
    camera: gate-3
    polygon: [[0.10, 0.55], [0.60, 0.50], [0.70, 0.95], [0.08, 0.98]]
    offences: {illegal_parking: {dwell_s: 60}}
    timetable: [{days: mon-sun, from: "07:00", to: "22:00"}]
vehicles:
  - {plate: 浙J·12345, owner: 车主甲, phone: "+8613800000000"}
officers:
  - {name: 队员乙, phone: "+8613900000000", grid: dongcheng-02}
loudspeakers:
  - {id: horn-1, camera: gate-3, driver: onvif}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def sound(folder: Path, text: str = SOUND) -> SiteFile:
    return read(written(folder, text))


def refusal(folder: Path, text: str) -> list[str]:
    """Every problem of the file, in the order in which they are told."""
    with pytest.raises(SiteFileRefused) as refused:
        read(written(folder, text))
    return [str(problem) for problem in refused.value.problems]


def test_the_example_of_the_manual_is_read_whole(tmp_path):
    values = sound(tmp_path).values
    assert (values.site, values.timezone) == ("Dongcheng demo", "Asia/Shanghai")
    camera, fence = values.cameras[0], values.geofences[0]
    assert (camera.id, camera.kind) == ("gate-3", CameraKind.FIXED)
    assert camera.location is not None
    assert (camera.location.lat, camera.location.lon) == (28.65, 121.26)
    assert fence.polygon[0] == (0.10, 0.55)
    assert [hours.model_dump(by_alias=True) for hours in fence.timetable] == [
        {"days": "mon-sun", "from": "07:00", "to": "22:00"}
    ]
    assert values.vehicles[0].plate == "浙J12345", "dots and spaces are not part of a plate"
    assert (values.officers[0].grid, values.loudspeakers[0].driver) == ("dongcheng-02", "onvif")


def test_a_door_line_and_market_bays_are_kept_with_the_rule(tmp_path):
    rule = "{line: [[0.1, 0.6], [0.7, 0.6]], market_bays: [[[0.2, 0.7], [0.4, 0.7], [0.4, 0.9]]], warnings: 3}"
    text = SOUND.replace("{illegal_parking: {dwell_s: 60}}", f"{{street_vending: {rule}}}")
    kept = sound(tmp_path, text).values.geofences[0].offences.as_parameters()["street_vending"]
    assert (kept["line"], kept["warnings"]) == ([[0.1, 0.6], [0.7, 0.6]], 3)
    assert kept["market_bays"] == [[[0.2, 0.7], [0.4, 0.7], [0.4, 0.9]]]


def test_parameters_left_out_are_filled_with_the_defaults_of_the_offence(tmp_path):
    text = SOUND.replace("{illegal_parking: {dwell_s: 60}}", "{illegal_parking: , street_vending: {}, dumping: }")
    assert sound(tmp_path, text).values.geofences[0].offences.as_parameters() == {
        "illegal_parking": {"dwell_s": 180.0, "grace_s": 600.0, "roles": ["vehicle"]},
        "street_vending": {
            "dwell_s": 60.0,
            "warnings": 2,
            "grace_s": 180.0,
            "roles": ["stall", "goods", "furniture", "wares", "two_wheeler", "litter"],
        },
        "dumping": {"away_s": 10.0},
    }


def test_a_part_written_once_may_be_repeated_with_an_anchor(tmp_path):
    text = SOUND.replace("timetable: [", "timetable: &hours [").replace(
        "vehicles:",
        "  - {id: b, camera: gate-3, polygon: [[0,0],[1,0],[1,1]], offences: {dumping: }, timetable: *hours}\n"
        "vehicles:",
    )
    first, second = sound(tmp_path, text).values.geofences
    assert first.timetable == second.timetable != ()


def test_a_recording_is_found_from_the_folder_of_the_site_file_and_a_url_loses_its_password(tmp_path):
    text = SOUND.replace("rtsp://viewer:secret@camera.example/main", "../clips/lot.mp4")
    folder = tmp_path / "sites"
    folder.mkdir()
    by_path = sound(folder, text)
    assert by_path.source_of(by_path.values.cameras[0]) == str(tmp_path / "clips" / "lot.mp4")
    by_url = sound(folder)
    camera = by_url.values.cameras[0]
    assert by_url.source_of(camera) == "rtsp://camera.example/main"
    assert (camera.username, camera.password) == ("viewer", "secret")
    assert "secret" not in repr(by_url)


LIVE = """    sub_source: rtsp://camera.example/sub
    transport: udp
    onvif: http://camera.example:8000/onvif/device_service
    looks_at_sub: true
    views:
      - {preset: gate, token: Preset_1, stay_s: 40, hours: [{days: mon-fri, from: "07:00", to: "22:00"}]}
      - {preset: corner, stay_s: 20}
      - {preset: spare}
    plate_zoom: 0.6
    watched: false
"""


def test_how_a_live_camera_is_reached_is_part_of_the_file(tmp_path):
    camera = sound(tmp_path, SOUND.replace("    location:", f"{LIVE}    location:")).values.cameras[0]
    assert (camera.sub_source, camera.transport, camera.watched) == ("rtsp://camera.example/sub", Transport.UDP, False)
    assert camera.onvif == "http://camera.example:8000/onvif/device_service"
    assert [(view.preset, view.token, view.stay_s) for view in camera.views] == [
        ("gate", "Preset_1", 40.0),
        ("corner", None, 20.0),
        ("spare", None, None),
    ]
    assert [hours.days for hours in camera.views[0].hours] == ["mon-fri"]
    assert (camera.looks_at_sub, camera.plate_zoom) == (True, 0.6)


@pytest.mark.parametrize(
    ("source", "bare", "login"),
    [
        ("rtsp://10.0.0.5/main", "rtsp://10.0.0.5/main", (None, None)),
        ("RTSP://viewer@10.0.0.5:8554/a?b=c", "rtsp://10.0.0.5:8554/a?b=c", ("viewer", None)),
        ("rtsps://a%40b:p%2Fw%3A%25@[fd00::5]/x", "rtsps://[fd00::5]/x", ("a@b", "p/w:%")),
        ("rtsp://viewer:%E5%AF%86%E7%A0%81@camera", "rtsp://camera", ("viewer", "密码")),
    ],
    ids=["no_login", "name_alone", "percent_encoded", "chinese_password"],
)
def test_a_url_is_taken_apart_into_address_and_login(tmp_path, source, bare, login):
    camera = sound(tmp_path, SOUND.replace("rtsp://viewer:secret@camera.example/main", source)).values.cameras[0]
    assert camera.source == bare
    assert (camera.username, camera.password) == login


PASSWORDS = {
    "raw_at_sign": ("source: rtsp://viewer:se@cret@camera/main", "in a password write %40 for @"),
    "raw_slash": ("source: rtsp://viewer:se/cret@camera/main", "in a password write %40 for @ and %2F for /"),
    "no_user": ("source: rtsp://:secret@camera/main", "has an @ without a user name before it"),
    "not_utf8": ("source: rtsp://viewer:%ffsecret@camera/main", "is not UTF-8; percent-encode it again"),
    "blank": ('source: "rtsp://viewer:se cret@camera/main"', "holds blanks"),
    "another_scheme": ("source: http://viewer:secret@camera/main", "should start with rtsp:// or rtsps://"),
    "too_long": (
        f"source: rtsp://viewer:se@cret@camera/{'x' * 1000}",
        "should have at most 1000 characters, found a URL",
    ),
    "twice": ("username: viewer\n    source: rtsp://viewer:secret@camera/main", "given more than once"),
    "two_logins": (
        "sub_source: rtsp://other:secret@camera/sub\n    source: rtsp://viewer:secret@camera/main",
        "given more than once",
    ),
    "no_user_name": ("password: secret\n    source: rtsp://camera/main", "a password without a user name"),
    "a_number": (
        "username: v\n    password: 5ecret\n    source: rtsp://camera/main".replace("5ecret", "1234"),
        "in quotes",
    ),
    "empty": (
        'username: v\n    password: ""\n    source: rtsp://camera/main',
        "password: should have at least 1 character",
    ),
    "onvif_over_rtsp": (
        "onvif: rtsp://camera\n    source: rtsp://camera/main",
        "should start with http:// or https://",
    ),
    "sub_stream_in_a_file": ("sub_source: sub.mp4\n    source: rtsp://camera/main", "should start with rtsp://"),
    "recording_with_a_password": (
        "username: v\n    password: secret\n    source: lot.mp4",
        "username, password: only a camera that is dialled has this",
    ),
    "looks_at_no_small_stream": (
        "looks_at_sub: true\n    source: rtsp://camera/main",
        "looks_at_sub without a small stream; write `sub_source`",
    ),
    "hours_of_a_view_that_is_not_toured": (
        'views: [{preset: a, hours: [{days: mon, from: "07:00", to: "22:00"}]}]\n    source: rtsp://camera/main',
        "hours of a view that is not toured; write `stay_s`",
    ),
    "zoom_without_a_tour": (
        "plate_zoom: 0.5\n    source: rtsp://camera/main",
        "plate_zoom of a camera without a tour",
    ),
    "preset_twice": (
        "views: [{preset: a}, {preset: a}]\n    source: rtsp://camera/main",
        "preset `a` stands here twice",
    ),
}


@pytest.mark.parametrize(("instead", "sentence"), PASSWORDS.values(), ids=PASSWORDS)
def test_what_is_wrong_with_a_camera_is_told_without_its_password(tmp_path, instead, sentence):
    text = SOUND.replace("source: rtsp://viewer:secret@camera.example/main", instead)
    problems = refusal(tmp_path, text)
    assert len(problems) == 1
    assert sentence in problems[0]
    assert not any(secret in problems[0] for secret in ("secret", "cret", "1234", "se@"))


def test_a_fence_on_a_preset_that_the_camera_does_not_have_is_refused(tmp_path):
    text = SOUND.replace("    location:", f"{LIVE}    location:").replace(
        "    timetable:", "    preset: gat\n    timetable:"
    )
    assert refusal(tmp_path, text) == [
        "line 23: geofences[0].preset: camera gate-3 has no preset `gat`; known: corner, gate, spare"
    ]


REFUSED = {
    "no_site": ("site: Dongcheng demo\n", "", 1, "site: this is missing"),
    "site_is_a_number": ("Dongcheng demo", "12", 1, "site: should be text, found the number 12; put it in quotes"),
    "unknown_timezone": ("Asia/Shanghai", "Asia/Nowhere", 2, "timezone: `Asia/Nowhere` is not a time zone"),
    "timezone_is_a_folder": ("Asia/Shanghai", "Asia", 2, "timezone: `Asia` is not a time zone"),
    "timezone_outside": ("Asia/Shanghai", "../../etc/passwd", 2, "is not a time zone"),
    "no_cameras": ("geofences:", "cameras_of_old: []\ngeofences:", 8, "cameras_of_old: unknown key"),
    "camera_without_source": (
        "    source: rtsp://viewer:secret@camera.example/main\n",
        "",
        4,
        "cameras[0].source: this is missing",
    ),
    "unknown_key_in_a_camera": ("    name: North gate", "    nmae: North gate", 5, "cameras[0].nmae: unknown key"),
    "unknown_kind_of_camera": ("    name:", "    kind: satellite\n    name:", 5, "cameras[0].kind: should be 'fixed'"),
    "id_with_a_slash": ("id: gate-3", "id: gate/3", 4, "cameras[0].id: `gate/3` cannot be an id"),
    "latitude_out_of_range": ("lat: 28.65", "lat: 128.65", 7, "cameras[0].location.lat: should be less than or equal"),
    "longitude_out_of_range": ("lon: 121.26", "lon: -181", 7, "cameras[0].location.lon: should be greater than"),
    "latitude_without_longitude": (", lon: 121.26", "", 7, "cameras[0].location.lon: this is missing"),
    "latitude_not_a_number": ("lat: 28.65", "lat: .nan", 7, "cameras[0].location.lat: should be a number"),
    "unknown_camera": (
        "camera: gate-3\n    p",
        "camera: gate-4\n    p",
        10,
        "there is no camera `gate-4` in this file",
    ),
    "crossing_polygon": (
        "[[0.10, 0.55], [0.60, 0.50], [0.70, 0.95], [0.08, 0.98]]",
        "[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]",
        11,
        "geofences[0].polygon: the outline crosses itself near (0.500, 0.500)",
    ),
    "two_corners": (
        "[0.70, 0.95], [0.08, 0.98]]",
        "]",
        11,
        "geofences[0].polygon: a polygon needs at least 3 corners, this one has 2",
    ),
    "corners_on_one_line": (
        "[[0.10, 0.55], [0.60, 0.50], [0.70, 0.95], [0.08, 0.98]]",
        "[[0.1, 0.1], [0.2, 0.2], [0.9, 0.9]]",
        11,
        "geofences[0].polygon: ",
    ),
    "corner_outside_the_picture": ("[0.70, 0.95]", "[0.70, 1.95]", 11, "geofences[0].polygon[2][1]: should be less"),
    "corner_of_three_numbers": ("[0.70, 0.95]", "[0.70, 0.9, 0.1]", 11, "geofences[0].polygon[2]: "),
    "corner_in_quotes": ("[0.70, 0.95]", '[0.70, "0.95"]', 11, "polygon[2][1]: should be a number, found `0.95`"),
    "corner_that_is_true": ("[0.70, 0.95]", "[0.70, true]", 11, "polygon[2][1]: should be a number, found `True`"),
    "unknown_offence": (
        "{illegal_parking: {dwell_s: 60}}",
        "{flying: {}}",
        12,
        "geofences[0].offences.flying: unknown offence; known are illegal_parking, street_vending, dumping",
    ),
    "no_offence": ("{illegal_parking: {dwell_s: 60}}", "{}", 12, "geofences[0].offences: name at least one offence"),
    "dwell_of_zero": ("dwell_s: 60", "dwell_s: 0", 12, "illegal_parking.dwell_s: should be greater than 0, found `0`"),
    "negative_grace": ("dwell_s: 60", "grace_s: -1", 12, "illegal_parking.grace_s: should be greater than 0"),
    "endless_dwell": ("dwell_s: 60", "dwell_s: .inf", 12, "illegal_parking.dwell_s: "),
    "unknown_parameter": ("dwell_s: 60", "dwell: 60", 12, "illegal_parking.dwell: unknown key"),
    "unknown_role": ("dwell_s: 60", "roles: [elephant]", 12, "illegal_parking.roles[0]: should be 'vehicle'"),
    "unknown_day": ("mon-sun", "mon-sux", 13, "geofences[0].timetable[0].days: `sux` is not a day"),
    "no_such_hour": ('"22:00"', '"25:00"', 13, "geofences[0].timetable[0].to: `25:00` is not a time of day"),
    "hour_as_a_number": ('"22:00"', "2200", 13, "timetable[0].to: should be text, found the number 2200"),
    "hours_that_last_nothing": ('"22:00"', '"07:00"', 13, "timetable[0]: `from` and `to` are the same"),
    "starts_at_midnight_after": ('from: "07:00"', 'from: "24:00"', 13, "a time to start at is 00:00 to 23:59"),
    "timetable_without_days": ("days: mon-sun, ", "", 13, "geofences[0].timetable[0].days: this is missing"),
    "bad_plate": ("浙J·12345", "浙?", 15, "vehicles[0].plate: `浙?` does not look like a plate"),
    "bad_phone": ('"+8613800000000"', '"13800000000"', 15, "vehicles[0].phone: not a phone number"),
    "phone_without_quotes": ('"+8613800000000"', "+8613800000000", 15, "vehicles[0].phone: should be text"),
    "owner_without_phone": (', phone: "+8613800000000"', "", 15, "vehicles[0]: owner and phone belong together"),
    "officers_not_a_list": (
        'officers:\n  - {name: 队员乙, phone: "+8613900000000", grid: dongcheng-02}',
        "officers: none",
        16,
        "officers: should be a list, found `none`",
    ),
    "officer_is_a_name": (
        '{name: 队员乙, phone: "+8613900000000", grid: dongcheng-02}',
        "队员乙",
        17,
        "officers[0]: should be a group of keys",
    ),
    "driver_that_is_none": ("driver: onvif", "driver: sip", 19, "`sip` is no driver; there are onvif, axis"),
    "horn_without_url": ("driver: onvif", "driver: axis", 19, "needs its url"),
    "horn_of_another_scheme": (
        "driver: onvif",
        "driver: axis, url: 'ftp://h'",
        19,
        "should start with http:// or https",
    ),
    "horn_with_a_password_and_no_user": ("driver: onvif", "driver: onvif, password: x1", 19, "needs its username"),
    "horn_louder_than_it_can_be": ("driver: onvif", "driver: onvif, volume: 900", 19, "loudspeakers[0].volume: "),
    "horn_with_quiet_hours_that_are_none": (
        "driver: onvif",
        "driver: onvif, quiet: [{days: mon, from: '25:00', to: '07:00'}]",
        19,
        "not a time of day",
    ),
    "loudspeaker_at_no_camera": ("id: horn-1, camera: gate-3", "id: horn-1, camera: x", 19, "there is no camera `x`"),
    "key_twice": ("    name: North gate", "    name: a\n    name: b", 6, "this key is written twice (first on line 5)"),
    "section_twice": (
        "officers:",
        "vehicles: []\nofficers:",
        16,
        "vehicles: this key is written twice (first on line 14)",
    ),
    "repeated_without_anchor": ("Asia/Shanghai", "*zone", 2, "timezone: *zone repeats something that is not defined"),
    "tab": ("    name: North gate", "\tname: North gate", 5, "this is not YAML"),
    "open_bracket": ("[0.08, 0.98]]", "[0.08, 0.98", 12, "this is not YAML"),
    "second_document": ("officers:", "---\nofficers:", 16, "a second document starts here"),
    "group_as_a_key": ("officers:", "? {a: b}\n: c\nofficers:", 16, "a key must be a plain word"),
}


@pytest.mark.parametrize(("sound_text", "instead", "line", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_its_line_and_field(tmp_path, sound_text, instead, line, sentence):
    assert SOUND.count(sound_text) >= 1, "the example changed under this test"
    problems = refusal(tmp_path, SOUND.replace(sound_text, instead, 1))
    assert any(problem.startswith(f"line {line}: ") and sentence in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("section", "entry", "line"),
    [
        ("geofences", "- {id: gate-3, name: twin, source: b.mp4}", 8),
        (
            "vehicles",
            "- {id: no-stopping-7, camera: gate-3, polygon: [[0,0],[1,0],[1,1]], offences: {dumping: {}}}",
            14,
        ),
        ("officers", "- {plate: 浙J 12345}", 16),
        ("loudspeakers", '- {name: 队员乙, phone: "+8613900000001", grid: x}', 18),
    ],
    ids=["camera", "geofence", "plate_written_another_way", "officer"],
)
def test_the_same_id_twice_is_told_where_the_second_stands(tmp_path, section, entry, line):
    problems = refusal(tmp_path, SOUND.replace(f"{section}:", f"  {entry}\n{section}:"))
    assert len(problems) == 1
    assert problems[0].startswith(f"line {line}: ")
    assert "is used twice" in problems[0]


def test_one_phone_with_two_owners_is_refused(tmp_path):
    text = SOUND.replace("officers:", '  - {plate: 浙J12346, owner: 车主丙, phone: "+8613800000000"}\nofficers:')
    assert refusal(tmp_path, text) == [
        "line 16: vehicles[1].phone: this phone stands above with another owner; correct one of them"
    ]


def test_all_problems_of_a_file_are_told_at_once_sorted_by_line(tmp_path):
    text = (
        SOUND.replace("Asia/Shanghai", "Nowhere").replace("lat: 28.65", "lat: 91").replace("gate-3\n    p", "x\n    p")
    )
    problems = refusal(tmp_path, text.replace("driver: onvif", "drivr: onvif"))
    assert [problem.split(":")[0] for problem in problems] == ["line 2", "line 7", "line 10", "line 19", "line 19"]


def test_a_problem_behind_an_anchor_is_told_where_it_is_written(tmp_path):
    text = SOUND.replace("polygon: [[0.10", "polygon: &area [[1.10").replace(
        "vehicles:", "  - {id: b, camera: gate-3, offences: {dumping: {}}, polygon: *area}\nvehicles:"
    )
    assert [problem.split(": should")[0] for problem in refusal(tmp_path, text)] == [
        "line 11: geofences[0].polygon[0][0]",
        "line 11: geofences[1].polygon[0][0]",
    ]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty"),
        ("# nothing but a comment\n", "the file is empty"),
        ("---\n", "the file is empty"),
        ("just words", "a site file starts with"),
        ("- a\n- b\n", "a site file starts with"),
        ("a\0b", "control characters"),
        ("[" * 4000, "nested deeper"),
        (BOMB, "makes more than 100000 values"),
        ("".join(f"k{i}: &a{i} x\n" for i in range(200)), "more than 100 anchors"),
        ("site: &s [*s]\n", "repeats something that is not defined above"),
    ],
    ids=["empty", "comment", "start_only", "words", "list", "zero_byte", "deep", "bomb", "many_anchors", "self"],
)
def test_what_is_no_site_file_at_all_is_refused_in_one_sentence(tmp_path, text, sentence):
    problems = refusal(tmp_path, text)
    assert len(problems) == 1
    assert sentence in problems[0]


def test_a_file_that_is_too_large_is_not_even_parsed(tmp_path):
    assert "larger than 1000000 bytes" in refusal(tmp_path, SOUND + "#" * 1_000_000)[0]


def test_a_file_that_is_not_utf8_names_the_line(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_bytes(SOUND.encode("gb18030"))
    with pytest.raises(SiteFileRefused, match=r"line 15: this is not UTF-8 text"):
        read(path)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(SiteFileRefused, match="cannot be read: No such file"):
        read(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://admin:pass@10.0.0.5:554/main?key=x", "rtsp://***@10.0.0.5:554/main?***"),
        ("rtsp://admin:p@ss@10.0.0.5/main", "rtsp://***@10.0.0.5/main"),
        ("rtsp://10.0.0.5/main", "rtsp://10.0.0.5/main"),
        ("/recordings/a@b.mp4", "/recordings/a@b.mp4"),
    ],
    ids=["password_and_key", "at_sign_in_password", "nothing_to_hide", "a_path"],
)
def test_credentials_of_a_source_are_never_shown(source, shown):
    assert redacted(source) == shown


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-sun", {0, 1, 2, 3, 4, 5, 6}),
        ("Mon-Fri, sun", {0, 1, 2, 3, 4, 6}),
        ("sat-mon", {5, 6, 0}),
        ("wed", {2}),
    ],
    ids=["all_week", "range_and_day", "over_the_weekend", "one"],
)
def test_days_are_read_as_ranges_and_lists(text, days):
    assert days_of(text) == days


def test_times_of_day_run_from_midnight_to_midnight():
    assert [minutes_of(text) for text in ("00:00", "07:30", "24:00")] == [0, 450, 1440]
    for text in ("24:01", "7:00", "07:60", "noon", ""):
        with pytest.raises(ValueError, match="is not a time of day"):
            minutes_of(text)
