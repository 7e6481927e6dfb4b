"""What can go wrong in starting and running the program. Each message says what to do next."""


class StartError(Exception):
    """The program cannot start, or not go on, with what it was given."""


class SettingsRefused(StartError):
    """A setting has a name or a value that cannot be."""


class Misuse(StartError):
    """The command was asked for something that does not make sense; ends with status 2."""


class AlreadyRunning(StartError):
    def __init__(self, folder: object) -> None:
        super().__init__(f"{folder}: a StreetWitness already runs on this data; stop it, or choose another --data")


class BeingAnalysed(StartError):
    def __init__(self) -> None:
        super().__init__("another process is analysing this recording just now; wait for it, then ask again")


class RedisWillNotStart(StartError):
    """The embedded Redis does not answer."""


class PortTaken(StartError):
    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {host}:{port} ({why}); choose another with --port")


class SchemaMismatch(StartError):
    """The database was made by another version of this program."""


class DemoStopped(StartError):
    def __init__(self) -> None:
        super().__init__(
            "the demo was asked to end before its streets were rendered; the next start goes on from there"
        )


class NotHandedIn(StartError):
    """A file could not be handed in; the message says what the site said, or why it was not reached."""

    def __init__(self, path: object, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why
