"""What stands on a terminal, and a picture of it: an SVG that needs no font but a fixed one, and no program but a browser."""
import html
import itertools
import os
import pty
import re
import select
import signal
import struct
import fcntl
import termios
import time

CELL_WIDTH, CELL_HEIGHT, EDGE = 8, 18, 14
BACKGROUND, PLAIN = "#14181d", "#d7dce2"
# By the numbers that terminals know emphasis by (ECMA-48, SGR); 1 is bold.
COLOURS = {2: "#8a939e", 31: "#ff8a5c", 32: "#4cc38a", 33: "#e0b040"}
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
EIGHTHS = "▁▂▃▄▅▆▇█"
ESCAPE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


class Screen:
    """The few things that a steady screen asks of a terminal: text, colour, lines up, and lines cleared."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [[]]
        self.row = self.column = 0
        self.emphasis = ()

    def feed(self, text):
        place = 0
        while place < len(text):
            if escape := ESCAPE.match(text, place):
                self.command(escape[2], escape[1])
                place = escape.end()
                continue
            one = text[place]
            place += 1
            if one == "\x1b":
                raise ValueError(f"a terminal would do what is not known here: {text[place - 1:place + 12]!r}")
            if one == "\r":
                self.column = 0
            elif one == "\n":
                self.row += 1
                self.column = 0
                if self.row == len(self.lines):
                    self.lines.append([])
            else:
                line = self.lines[self.row]
                line += [(" ", ())] * (self.column + 1 - len(line))
                line[self.column] = (one, self.emphasis)
                self.column += 1

    def command(self, kind, numbers):
        if kind == "m":
            given = [int(one or 0) for one in numbers.split(";")]
            self.emphasis = () if given == [0] else (*self.emphasis, *given)
        elif kind == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif kind == "K" and not numbers:
            del self.lines[self.row][self.column:]
        elif kind == "J" and not numbers:
            del self.lines[self.row][self.column:], self.lines[self.row + 1:]
        else:
            raise ValueError(f"a terminal would do what is not known here: {kind} {numbers}")

    @property
    def text(self):
        return "\n".join("".join(one for one, _ in line).rstrip() for line in self.lines).rstrip("\n")


def watch(command, columns, rows, enough, within=60, environment=None):
    """Runs a command on a terminal until `enough(text)` of what stands there; then the screen, and the command is interrupted."""
    screen = Screen(columns)
    pid, terminal = pty.fork()
    if pid == 0:
        # Ignored in what a shell starts in the background, and so in all that this starts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": "", **(environment or {})})
    rest, end = b"", time.monotonic() + within
    try:
        while time.monotonic() < end:
            # What is drawn comes in one piece; where nothing follows it is whole.
            while select.select([terminal], [], [], 0.1)[0]:
                try:
                    data = os.read(terminal, 65536)
                except OSError:
                    data = b""
                if not data:
                    return screen
                rest += data
                # A letter of several bytes may be cut in two.
                whole = rest.decode(errors="ignore")
                rest = rest[len(whole.encode()):]
                # So may be a command to the terminal.
                cut = len(whole) if not (open_end := re.search(r"\x1b(\[[0-9;]*)?$", whole)) else open_end.start()
                rest = whole[cut:].encode() + rest
                screen.feed(whole[:cut])
            if enough(screen.text):
                return screen
        raise TimeoutError(f"not seen within {within} s; the screen says:\n{screen.text}")
    finally:
        os.kill(pid, signal.SIGINT)
        os.waitpid(pid, 0)
        os.close(terminal)


def runs(line):
    """Pieces of a line: (column, text, emphasis), each of one emphasis, text and blocks apart."""
    pieces = []
    for column, (one, emphasis) in enumerate(line):
        key = (emphasis, one in SHADES or one in EIGHTHS)
        if pieces and pieces[-1][0] == key and pieces[-1][1] + len(pieces[-1][2]) == column:
            pieces[-1][2] += one
        else:
            pieces.append([key, column, one])
    return [(column, text, emphasis) for (emphasis, _), column, text in pieces if text.strip()]


def blocks(text, x, y, colour):
    """Blocks drawn as rectangles, equal neighbours as one: no two fonts draw them alike."""
    for one, group in itertools.groupby(text):
        width = len(list(group)) * CELL_WIDTH
        height = (1 if one in SHADES else (EIGHTHS.index(one) + 1) / 8) * (CELL_HEIGHT - 5)
        shade = f' fill-opacity="{SHADES[one]}"' if one in SHADES else ""
        yield f'<rect x="{x}" y="{y + CELL_HEIGHT - 2 - height:g}" width="{width}" height="{height:g}" fill="{colour}"{shade}/>'
        x += width


def words(text):
    """What is said of a screen to those who do not see it: its lines without blocks."""
    lines = (" ".join("".join(one for one in line if one not in SHADES and one not in EIGHTHS).split()) for line in text.splitlines())
    return ". ".join(line for line in lines if line)


def svg(lines, columns, name):
    """A picture of lines of (letter, emphasis); `name` is what it shows, for those who do not see it."""
    width, height = columns * CELL_WIDTH + 2 * EDGE, len(lines) * CELL_HEIGHT + 2 * EDGE
    body = []
    for row, line in enumerate(lines):
        y = EDGE + row * CELL_HEIGHT
        for column, text, emphasis in runs(line):
            colour = next((COLOURS[one] for one in emphasis if one in COLOURS), PLAIN)
            if text[0] in SHADES or text[0] in EIGHTHS:
                body += blocks(text, EDGE + column * CELL_WIDTH, y, colour)
                continue
            lead = len(text) - len(text.lstrip())
            word = text.strip()
            weight = ' font-weight="700"' if 1 in emphasis else ""
            body.append(f'<text x="{EDGE + (column + lead) * CELL_WIDTH}" y="{y + 13}" textLength="{len(word) * CELL_WIDTH}" '
                        f'lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{colour}"{weight}>{html.escape(word)}</text>')
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="13">',
        f"<title>{html.escape(name)}</title>",
        f'<rect width="{width}" height="{height}" rx="6" fill="{BACKGROUND}"/>', *body, "</svg>", ""])
