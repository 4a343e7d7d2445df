#!/usr/bin/env python3
"""Records a command in a terminal of its own and writes what was seen as an animated SVG, without
scripts or anything from elsewhere. Whoever asks for less motion sees its last picture.

    python3 -m venv .tools/recorder && .tools/recorder/bin/pip install pyte==0.8.2
    .tools/recorder/bin/python tools/record_demo.py docs/demo.svg make demo

Exits with the command's exit code.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from xml.sax.saxutils import escape

import pyte

COLUMNS, ROWS = 92, 38
CHARACTER, LINE, FONT, MARGIN = 8.4, 18, 14, 16
FRAME, LAST = 0.15, 8.0  # seconds: the shortest a picture is shown, and how long the last one is
BACKGROUND, FOREGROUND = "#0d1117", "#c9d1d9"
COLOURS = {
    "black": "#484f58", "red": "#ff7b72", "green": "#3fb950", "brown": "#d29922", "blue": "#58a6ff",
    "magenta": "#bc8cff", "cyan": "#39c5cf", "white": "#c9d1d9", "brightblack": "#484f58",
    "brightgreen": "#56d364", "brightred": "#ffa198", "brightcyan": "#56d4dd",
}  # fmt: skip


def record(command):
    """The exit code, and every (seconds, output) of the command in a terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(ROWS))
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    start, seen = time.monotonic(), []
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the last of it has ended
            data = b""
        if not data:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen
        seen.append((time.monotonic() - start, data))


def picture(screen):
    """The lines of a screen: runs of (column, word, colour)."""
    lines = []
    for row in range(ROWS):
        runs = []
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            colour = COLOURS.get(cell.fg, FOREGROUND if cell.fg == "default" else f"#{cell.fg}")
            # A word each, because spaces are not kept everywhere.
            if cell.data == " ":
                continue
            if runs and runs[-1][2] == colour and runs[-1][0] + len(runs[-1][1]) == column:
                runs[-1][1] += cell.data
            else:
                runs.append([column, cell.data, colour])
        lines.append(tuple(tuple(run) for run in runs))
    return tuple(lines)


def frames(command, seen):
    """Pictures that differ, each with the second it appears."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    stream.feed(f"\x1b[32m$\x1b[0m {' '.join(command)}\r\n".encode())
    shown = [(0.0, picture(screen))]
    for at, data in seen:
        stream.feed(data)
        now = picture(screen)
        if now == shown[-1][1]:
            continue
        if at - shown[-1][0] < FRAME and len(shown) > 1:
            shown[-1] = (shown[-1][0], now)
        else:
            shown.append((at, now))
    return shown


def svg(shown):
    """The pictures side by side, and a window that jumps from one to the next."""
    used = max(row for _, lines in shown for row, line in enumerate(lines) if line) + 1
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, used * LINE + 2 * MARGIN
    total = shown[-1][0] + LAST
    known, definitions, strip, steps = {}, [], [], []
    for number, (at, lines) in enumerate(shown):
        steps.append(f"{100 * at / total:.2f}%{{transform:translateX({-number * width:.1f}px)}}")
        for row, line in enumerate(lines):
            if not line:
                continue
            if line not in known:
                known[line] = f"l{len(known)}"
                runs = "".join(
                    f'<tspan x="{column * CHARACTER:.1f}" fill="{colour}" '
                    f'textLength="{len(text) * CHARACTER:.1f}">{escape(text)}</tspan>'
                    for column, text, colour in line
                )
                definitions.append(f'<text id="{known[line]}">{runs}</text>')
            x, y = number * width + MARGIN, MARGIN + row * LINE + FONT
            strip.append(f'<use href="#{known[line]}" x="{x:.1f}" y="{y}"/>')
    end = -(len(shown) - 1) * width
    last = f"translateX({end:.1f}px)"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}">
<style>
text{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}}
@media (prefers-reduced-motion:no-preference){{#strip{{animation:strip {total:.2f}s step-end infinite}}}}
@keyframes strip{{{"".join(steps)}100%{{transform:{last}}}}}
</style>
<defs>{"".join(definitions)}</defs>
<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>
<g id="strip" transform="translate({end:.1f})">{"".join(strip)}</g>
</svg>
"""


def main():
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} FILE.svg COMMAND…")
    target, command = sys.argv[1], sys.argv[2:]
    code, seen = record(command)
    if code == 0:
        with open(target, "w", encoding="utf-8") as file:
            file.write(svg(frames(command, seen)))
    sys.exit(code)


if __name__ == "__main__":
    main()
