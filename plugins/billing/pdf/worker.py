"""The child process that turns laid-out sheets into PDFs and pictures, one after another, within limits it sets itself.

Run by path, in isolation: it needs typst and the standard library only, and is given neither secrets nor settings.
Arguments: address space in bytes, CPU seconds for each document, folders of fonts. On standard input a request is a
4-byte length and that many bytes of JSON; on standard output an answer is parts, each a letter, a 4-byte length and that
many bytes: `P` a PDF or the picture of a page, `W` why a PDF fell short of PDF/A, `E` an error, and `Z` at the end.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import typst

HERE = Path(__file__).resolve().parent
DOTS_PER_INCH = 110


def main() -> None:
    """Answer requests until the parent closes the pipe."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    compiler = typst.Compiler(str(HERE / "sheet.typ"), root=HERE, font_paths=list(sys.argv[3:]))
    while (request := _receive(sys.stdin.buffer)) is not None:
        _allow_cpu(seconds)
        for kind, part in [*_render(compiler, json.loads(request)), (b"Z", b"")]:
            answers.write(kind + struct.pack(">I", len(part)) + part)
        answers.flush()


def _receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    return stream.read(struct.unpack(">I", head)[0]) if len(head) == 4 else None


def _allow_cpu(seconds: int) -> None:
    """The limit counts from the start of the process, so each document moves it on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _render(compiler: typst.Compiler, request: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """PDF/A-3b where it can be; a text that no font can show, for one, makes it an ordinary PDF with a warning."""
    try:
        if request["pages"]:
            return [(b"P", page) for page in _pictures(compiler, request)[: request["pages"]]]
        return [(b"P", _compile(compiler, request, "a-3b"))]
    except typst.TypstError as error:
        warning = error.message
    try:
        return [(b"W", warning.encode()), (b"P", _compile(compiler, request, None))]
    except typst.TypstError as error:
        return [(b"E", error.message.encode())]


def _compile(compiler: typst.Compiler, request: dict[str, Any], standard: Literal["a-3b"] | None) -> bytes:
    pdf = compiler.compile(
        sys_inputs={"document": json.dumps(request["document"])},
        timestamp=request["created"],
        format="pdf",
        pdf_standards=standard,
    )
    return cast(bytes, pdf)


def _pictures(compiler: typst.Compiler, request: dict[str, Any]) -> list[bytes]:
    """The pages as PNG files."""
    inputs = {"document": json.dumps(request["document"])}
    pages = compiler.compile(sys_inputs=inputs, format="png", ppi=DOTS_PER_INCH)
    return [pages] if isinstance(pages, bytes) else cast(list[bytes], pages)


if __name__ == "__main__":
    main()
