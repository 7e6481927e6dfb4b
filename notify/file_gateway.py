"""A gateway that writes each message into a folder: for demonstrations and tests, nothing leaves the machine.

One JSON file a message, named by its key, so that the same key twice is one file. The files hold phone numbers
in clear and are readable by their owner alone.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from models.whole_file import whole_file
from notify.errors import GatewayUnavailable
from notify.gateway import Letter


@dataclass(frozen=True)
class FileGateway:
    folder: Path

    def send(self, key: str, letter: Letter) -> str:
        path = self._path(key)
        try:
            if not path.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                with whole_file(path) as file:
                    file.write(
                        json.dumps(
                            {"key": key, "to": letter.to, "text": letter.text}, ensure_ascii=False, indent=2
                        ).encode()
                    )
        except OSError as error:
            raise GatewayUnavailable(f"{path.name}: could not be written ({error}); it is tried again") from error
        return path.name

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002 - the key is enough
        path = self._path(key)
        return path.name if path.exists() else None

    def _path(self, key: str) -> Path:
        return self.folder / f"{quote(key, safe='')}.json"
