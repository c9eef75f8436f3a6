"""Draws what a terminal shows as an SVG: lines with colours (SGR, ECMA-48 8.3.117) become text in a window.

Nothing is loaded: the fonts are those of whoever looks. Every run says how long it is, so that columns stand in any font.
"""

import html
import re

INK, PAPER, BAR, KNOB = "#d6dae2", "#171b22", "#222833", "#4a5261"
COLOURS = ["#5c6370", "#f0857d", "#8fce9b", "#e5c07b", "#82b1f5", "#c99bea", "#6fc7d1", "#d6dae2"]
BRIGHT = ["#8b93a3", "#ff9f97", "#a9e2b3", "#f2d394", "#a3c8ff", "#dab6f5", "#8fdde6", "#ffffff"]
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
# In pixels: a column, a line, the letters, the space at the sides, the first line of writing.
WIDE, HIGH, SIZE, MARGIN, TOP = 8.4, 20, 14, 20, 56

BOLD, FAINT, UNDERLINED = 1, 2, 4
ENDS = {22: (BOLD, FAINT), 24: (UNDERLINED,), 39: ("ink",)}


def changed(style, codes):
    """The style after the numbers of one SGR sequence; what is not drawn is passed over."""
    while codes:
        code, *codes = codes
        if code == 0:
            style = {}
        elif code in (BOLD, FAINT, UNDERLINED):
            style = {**style, code: True}
        elif code in ENDS:
            style = {key: value for key, value in style.items() if key not in ENDS[code]}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = {**style, "ink": COLOURS[code - 30] if code <= 37 else BRIGHT[code - 90]}
        elif code in (38, 48):
            # Of the 256 colours the first 16; others are drawn in the usual ink.
            number = codes[1] if codes[:1] == [5] else None
            if code == 38 and number is not None:
                style = {**style, "ink": (COLOURS + BRIGHT)[number] if number < 16 else INK}
            codes = codes[2 if number is not None else 4 :]
    return style


def styled(lines):
    """Each line as runs of column, text and style. A style goes on over the end of a line."""
    style, out = {}, []
    for line in lines:
        runs, column = [], 0
        for part in re.split("(\x1b\\[[0-9;]*m)", line):
            if part.startswith("\x1b"):
                style = changed(style, [int(code or 0) for code in part[2:-1].split(";")])
            elif part:
                runs.append((column, part, style))
                column += len(part)
        out.append(runs)
    return out


def run(column, text, style, y):
    """One run as an element; nothing for spaces."""
    column += len(text) - len(text.lstrip(" "))
    # Spaces that no viewer draws together.
    text = text.strip(" ").replace(" ", "\u00a0")
    if not text:
        return ""
    more = ' font-weight="700"' if BOLD in style else ""
    more += ' opacity=".7"' if FAINT in style else ""
    more += ' text-decoration="underline"' if UNDERLINED in style else ""
    more += f' fill="{style["ink"]}"' if "ink" in style else ""
    place = f'x="{MARGIN + column * WIDE:.1f}" y="{y}" textLength="{len(text) * WIDE:.1f}"'
    return f"<text {place}{more}>{html.escape(text, quote=False)}</text>\n"


def svg(lines, columns, title):
    """The whole picture of lines of runs; `title` is what it says to somebody who does not see it."""
    width, height = round(MARGIN * 2 + columns * WIDE), TOP + len(lines) * HIGH
    knobs = "".join(f'<circle cx="{x}" cy="17" r="5.5" fill="{KNOB}"/>\n' for x in (22, 41, 60))
    text = "".join(run(*one, TOP + row * HIGH) for row, line in enumerate(lines) for one in line)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title">\n<title id="title">{html.escape(title)}</title>\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>\n'
        f'<path d="M0 34V10a10 10 0 0 1 10-10h{width - 20}a10 10 0 0 1 10 10v24z" fill="{BAR}"/>\n{knobs}'
        f'<g font-size="{SIZE}" font-family="{FONTS}" fill="{INK}">\n{text}</g>\n</svg>\n'
    )
