"""Builds the wheel of this package: two Python files need no build system from elsewhere (PEP 517)."""

import base64
import hashlib
import pathlib
import re
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent


def _project(key: str) -> str:
    """A text of pyproject.toml; Python reads TOML by itself only from 3.11 on."""
    found = re.search(rf'^{key} = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pyproject.toml has no {key}")
    return found.group(1)


def _metadata() -> str:
    fields = {
        "Metadata-Version": "2.1",
        "Name": _project("name"),
        "Version": _project("version"),
        "Summary": _project("description"),
        "Requires-Python": _project("requires-python"),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _label() -> str:
    return f"{_project('name')}-{_project('version')}"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel; its file's name."""
    info = f"{_label()}.dist-info"
    files = {f"sweepd/{file.name}": file.read_bytes() for file in sorted((ROOT / "sweepd").glob("*.py"))}
    files["sweepd/py.typed"] = b""
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: sweepd\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    name = f"{_label()}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            wheel.writestr(zipfile.ZipInfo(path), content)
    return name


def build_sdist(sdist_directory, config_settings=None):
    """Writes the source archive; its file's name."""
    name = f"{_label()}.tar.gz"
    with tarfile.open(pathlib.Path(sdist_directory) / name, "w:gz") as archive:
        for file in ["pyproject.toml", "backend.py", "sweepd/__init__.py", "sweepd/client.py", "sweepd/py.typed"]:
            archive.add(ROOT / file, f"{_label()}/{file}")
    return name
