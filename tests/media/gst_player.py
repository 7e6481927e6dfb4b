"""A process that serves one clip by GStreamer's RTSP server, for rtsp_server.py.

Run by the system's Python, which has `gi`: not a module of the suite, and it may import nothing of ours.
"""

# ruff: noqa: PLC0415 - what is not installed is what it is asked about

import argparse
import sys

# codec: what takes the stream apart, and what makes RTP of it
ELEMENTS = {
    "h264": ("h264parse config-interval=-1", "rtph264pay"),
    "h265": ("h265parse config-interval=-1", "rtph265pay"),
    "mpeg4": ("mpeg4videoparse", "rtpmp4vpay"),
}


def missing_elements() -> str | None:
    try:
        import gi

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import Gst, GstRtspServer
    except (ImportError, ValueError) as error:
        return str(error)
    Gst.init(None)
    del GstRtspServer
    names = ["qtdemux", *(element.split()[0] for pair in ELEMENTS.values() for element in pair)]
    lacking = [name for name in names if Gst.ElementFactory.find(name) is None]
    return f"no {', '.join(lacking)}" if lacking else None


def serve(clip: str, port: int, codec: str, login: list[str] | None) -> None:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    server.get_thread_pool().set_max_threads(8)  # or one client that hangs holds up all others
    factory = GstRtspServer.RTSPMediaFactory()
    parser, payloader = ELEMENTS[codec]
    factory.set_launch(f"( filesrc location={clip} ! qtdemux ! {parser} ! {payloader} name=pay0 pt=96 )")
    if login is not None:
        ask_for(login, server, factory)
    server.get_mount_points().add_factory("/camera", factory)
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    GLib.MainLoop().run()


def ask_for(login: list[str], server: object, factory: object) -> None:
    """The usual digest of a name and a password."""
    from gi.repository import GstRtsp, GstRtspServer

    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(login[0], login[1], token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions.new()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--port", type=int)
    parser.add_argument("--codec", default="h264", choices=ELEMENTS)
    parser.add_argument("--login", nargs=2)
    parser.add_argument("clip", nargs="?")
    given = parser.parse_args()
    if given.check:
        sys.exit(missing_elements())
    serve(given.clip, given.port, given.codec, given.login)
