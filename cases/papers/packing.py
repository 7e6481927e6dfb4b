"""Packing: a DOCX whose bytes depend on its content alone, not on the moment it was written."""

import io
import zipfile

COMPRESSION = 3  # of zlib: a tenth larger than its default, in half the time
STORED = (".png", ".jpg", ".jpeg")  # compressed already
BEGINNING = (1980, 1, 1, 0, 0, 0)  # of the times a ZIP can hold


def repacked(docx: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, BEGINNING)
            member.compress_type = zipfile.ZIP_STORED if name.endswith(STORED) else zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            target.writestr(member, source.read(name), compresslevel=COMPRESSION)
    return packed.getvalue()
