"""An S3 server that others wrote (moto's, over real HTTP on loopback), and buckets in it.

Two things stand in front of it where a test asks for them: what makes it take the header that AWS takes for object
lock, and what makes it forget `If-None-Match`, as some servers do (rclone's and older gateways).
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from evidence.store import Store, StoreAddress

ACCESS_KEY, SECRET_KEY, REGION = "watcher", "not-so-secret", "cn-east-1"
App = Callable[[dict[str, Any], Any], Any]


def takes_any_checksum(app: App) -> App:
    """AWS asks for `Content-MD5 OR x-amz-checksum-` in a bucket with locks; moto wants the header of the SDKs."""

    def inner(environ: dict[str, Any], answer: Any) -> Any:
        if "HTTP_X_AMZ_CHECKSUM_SHA256" in environ:
            environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = "SHA256"
        return app(environ, answer)

    return inner


@dataclass
class S3Server:
    """fail: status codes that the next requests are answered with, oldest first. deaf: forgets If-None-Match."""

    endpoint: str
    fail: list[int]
    deaf: bool = False
    requests: int = 0

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
        )

    def bucket(self, name: str, *, lock_days: int | None = None) -> None:
        client = self.client()
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock_days is not None)
        if lock_days is not None:
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": lock_days}}
            client.put_object_lock_configuration(
                Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
            )

    def address(self, bucket: str, secret_key: str = SECRET_KEY) -> StoreAddress:
        url = f"s3://{bucket}/street/witness?endpoint={self.endpoint}&region={REGION}"
        return StoreAddress(url, ACCESS_KEY, secret_key)

    def store(self, bucket: str) -> Store:
        return Store.open(self.address(bucket))

    def objects(self, bucket: str) -> dict[str, bytes]:
        """What lies in the bucket, by name."""
        client = self.client()
        listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}


@contextmanager
def s3_server() -> Iterator[S3Server]:
    moto = takes_any_checksum(DomainDispatcherApplication(create_backend_app))
    server = S3Server("", [])

    def front(environ: dict[str, Any], answer: Any) -> Any:
        server.requests += 1
        if server.deaf:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if server.fail:
            answer(f"{server.fail.pop(0)} Trouble", [("Content-Length", "0")])
            return [b""]
        return moto(environ, answer)

    http = make_server("127.0.0.1", 0, front, threaded=True, request_handler=MotoRequestHandler)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.endpoint = f"http://127.0.0.1:{http.server_address[1]}"
    serving = threading.Thread(target=http.serve_forever, name="s3")
    serving.start()
    try:
        yield server
    finally:
        http.shutdown()
        serving.join()
        http.server_close()
