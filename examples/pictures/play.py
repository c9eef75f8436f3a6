"""Plays real runs and takes the README's pictures of them; started by pictures.sh, which says what it needs.

A person's part is played in two places: in a terminal (tmux), question by question, and in Chromium (WebDriver), which opens
the address that the program hands to BROWSER. The other side is `fitbit-connect sandbox`: everything stays on loopback.
Usage: play.py FITBIT_CONNECT FOLDER
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import termios
import time
import urllib.request

import draw

COLUMNS = 80
PATIENCE = 60  # seconds, for anything that is waited for

# The dialogue: what has to be on the screen, and then the keys. A key is a name of tmux's (Enter, Down, Space), or text to
# type; {names} come from the sandbox. Each text is looked for below the one before it.
DIALOGUE = [
    ("Which provider do people log in with?", ["Enter"]),
    ("Auth0 tenant domain:", ["{domain}", "Enter"]),
    ("registered at Google already?", ["Down", "Enter"]),
    ("entered, go on", ["Enter"]),
    ("Client ID, or drag", ["{client_id}", "Enter"]),
    ("Client secret:", ["{client_secret}", "Enter"]),
    ("How may this program use the Management API?", ["Enter"]),
    ("Client ID of the Management API client:", ["{management_id}", "Enter"]),
    ("Secret of the Management API client:", ["{management_secret}", "Enter"]),
    ("Which applications may log people in?", ["Space", "Down", "Space", "Enter"]),
    ("Keep the Management API client's secret", ["n", "Enter"]),
    ("Do this in", ["Enter"]),
]
# What the terminal says when it went well.
LAST_WORDS = "It works: Ada Example signed in."
# The parts of the screen that are drawn, each from the line with the first text up to the one with the second, which is not
# drawn any more (None: up to the end).
PARTS = [
    ("$ fitbit-connect setup", "2 of 6"),
    ("3 of 6", "4 of 6"),
    ("Plan for", "Made true"),
    ("6 of 6", "http://127.0.0.1:"),
    ("It was opened", None),
]
TITLE = "A terminal with fitbit-connect setup: the questions, the plan, and the login that works"
# The simulator's pages, and the headings of ours.
ACCOUNT, ALLOW, CANCEL = "//button[contains(., 'Ada Example')]", "//button[@value='allow']", "//button[@value='cancel']"
RIGHT, WRONG = "//h1[normalize-space()='It works!']", "//h1[normalize-space()='That did not work']"


def wait_for(what, look):
    """The first true value of `look`, within the time."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            sys.exit(f"pictures: {what} did not come within {PATIENCE} seconds")
        time.sleep(0.02)
    return found


class Terminal:
    """A terminal of tmux with a server of its own."""

    def __init__(self, home, variables):
        self.socket = str(home / "tmux")
        variables = {**variables, "TERM": "screen", "PS1": "$ "}
        shell = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), "sh"]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-c", str(home), "-x", str(COLUMNS), "-y", "300", *shell)
        self.tmux("set", "-s", "set-clipboard", "off")
        self.tty = self.tmux("display", "-p", "#{pane_tty}").strip()
        self.row = 0

    def tmux(self, *arguments):
        command = ["tmux", "-u", "-S", self.socket, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout

    def lines(self, *options):
        return self.tmux("capture-pane", "-p", *options).rstrip("\n").split("\n")

    def expect(self, text):
        """Waits until a line below the last one that was waited for has the text."""

        def look():
            rows = [row for row, line in enumerate(self.lines("-J")) if row >= self.row and text in line]
            return [rows[0] + 1] if rows else None

        try:
            self.row = wait_for(f'"{text}"', look)[0]
        except SystemExit:
            print("\n".join(self.lines()), file=sys.stderr)
            raise

    def is_reading_keys(self):
        """Whether what is typed now is not echoed by the system: a question is being asked."""
        terminal = os.open(self.tty, os.O_RDONLY | os.O_NOCTTY)
        try:
            return not termios.tcgetattr(terminal)[3] & termios.ECHO
        finally:
            os.close(terminal)

    def press(self, key):
        named = re.fullmatch("[A-Z][a-z]+", key)
        for one in [key] if named else key:
            wait_for("a question", self.is_reading_keys)
            self.tmux("send-keys", *([one] if named else ["-l", one]))

    def close(self):
        self.tmux("kill-server")


class Chromium:
    """A browser without a window."""

    def __init__(self, home):
        command = ["chromedriver", "--port=0"]
        self.driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
        told = next((line for line in self.driver.stdout if "successfully on port" in line), None)
        if told is None:
            sys.exit("pictures: chromedriver did not start")
        self.address = f"http://127.0.0.1:{int(told.split()[-1].rstrip('.'))}/session"
        names = ("chromium", "google-chrome", "chromium-browser")
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en"]
        options = {
            "binary": next(filter(None, map(shutil.which, names))),
            "args": [*arguments, f"--user-data-dir={home / 'chromium'}"],
        }
        always = {"timeouts": {"implicit": PATIENCE * 1000}, "goog:chromeOptions": options}
        session = self.ask("POST", "", {"capabilities": {"alwaysMatch": always}})
        self.address += f"/{session['sessionId']}"

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        # Without a proxy: this is loopback.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=2 * PATIENCE) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def find(self, xpath):
        return next(iter(self.ask("POST", "/element", {"using": "xpath", "value": xpath}).values()))

    def click(self, xpath):
        self.ask("POST", f"/element/{self.find(xpath)}/click", {})

    def picture(self, file):
        size = {"width": 900, "height": 600, "deviceScaleFactor": 1, "mobile": False}
        light = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
        for name, what in [("setDeviceMetricsOverride", size), ("setEmulatedMedia", light)]:
            self.ask("POST", "/goog/cdp/execute", {"cmd": f"Emulation.{name}", "params": what})
        file.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def close(self):
        with contextlib.suppress(OSError):
            self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def start_sandbox(program, home):
    """The process and what it printed when it was ready."""
    command = [program, "sandbox", "--json"]
    variables = {"HOME": str(home), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", env=variables)
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return process, json.loads(text)
    sys.exit("pictures: the sandbox did not start")


def chosen(plain, drawn):
    """The lines of PARTS, with a mark where some are left out."""

    def row_of(text, start):
        row = next((row for row in range(start, len(plain)) if text in plain[row]), None)
        return sys.exit(f'pictures: "{text}" of PARTS is not on the screen') if row is None else row

    out, at = [], 0
    for first, end in PARTS:
        start = row_of(first, at)
        if out and start > at:
            out += [[(0, "⋮", {draw.FAINT: True})]] + ([] if plain[at - 1].strip() else [[]])
        at = len(plain) if end is None else row_of(end, start + 1)
        out += drawn[start:at]
    return out


class Stage:
    """A home with nothing in it but where the sandbox is, and a BROWSER that hands the address over."""

    def __init__(self, program, home, said):
        self.program, self.config, self.handed = program, home / "fitbit-connect.toml", home / "address"
        endpoints = [f'"{origin}" = "{target}"\n' for origin, target in said["endpoints"].items()]
        self.config.write_text("[profiles.default.endpoints]\n" + "".join(endpoints), encoding="utf-8")
        browser = home / "browser.sh"
        script = f"printf '%s' \"$1\" > '{self.handed}.new' && mv '{self.handed}.new' '{self.handed}'\n"
        browser.write_text(script, encoding="utf-8")
        google, management = said["credentials"]["google-health"], said["credentials"]["management"]
        self.values = {
            "domain": said["domain"],
            "client_id": google["client_id"],
            "client_secret": google["client_secret"],
            "management_id": management["client_id"],
            "management_secret": management["client_secret"],
        }
        # The settings are named from where they are, so that no path of this machine is in the picture.
        self.variables = {
            "HOME": str(home),
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "BROWSER": f"sh {browser}",
            "FITBIT_CONNECT_CONFIG": self.config.name,
            "FITBIT_CONNECT_STORE": "file",
        }

    def address(self):
        """What the program opened."""
        address = wait_for("the address for the browser", lambda: self.handed.exists() and self.handed.read_text("utf-8"))
        self.handed.unlink()
        return address

    def dialogue(self, terminal, chromium, folder):
        """`setup` from the first question to the end."""
        terminal.expect("$")
        terminal.tmux("send-keys", "-l", f"{self.program.name} setup")
        terminal.tmux("send-keys", "Enter")
        for text, keys in DIALOGUE:
            terminal.expect(text)
            for key in keys:
                terminal.press(key.format(**self.values))
        chromium.open(self.address())
        for button in (ACCOUNT, ALLOW):
            chromium.click(button)
        chromium.find(RIGHT)
        chromium.picture(folder / "it-works.png")
        terminal.expect(LAST_WORDS)
        wait_for("the shell", lambda: terminal.lines()[-1].strip() == "$")
        plain, coloured = terminal.lines()[:-1], terminal.lines("-e")[:-1]
        shown = [name for name, value in self.values.items() if name.endswith("secret") and value in "".join(plain)]
        if shown:
            sys.exit(f"pictures: on the screen there is {shown}")
        picture = draw.svg(chosen(plain, draw.styled(coloured)), COLUMNS, TITLE)
        (folder / "setup.svg").write_text(picture, encoding="utf-8")

    def refusal(self, chromium, folder):
        """`test` with a person who presses Cancel."""
        credentials = {
            "AUTH0_CLIENT_ID": self.values["management_id"],
            "AUTH0_CLIENT_SECRET": self.values["management_secret"],
        }
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        variables = {**self.variables, **credentials}
        with subprocess.Popen([self.program, "test"], cwd=self.config.parent, env=variables, **quiet) as test:
            chromium.open(self.address())
            for button in (ACCOUNT, CANCEL):
                chromium.click(button)
            chromium.find(WRONG)
            chromium.picture(folder / "it-did-not-work.png")
        if test.returncode != 5:
            sys.exit(f"pictures: a test that was cancelled ended with {test.returncode}, not with 5")


def main():
    """Both runs, one after the other."""
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    with contextlib.ExitStack() as end:
        home = pathlib.Path(end.enter_context(tempfile.TemporaryDirectory(prefix="fitbit-connect-pictures")))
        sandbox, said = start_sandbox(program, home)
        end.callback(lambda: (sandbox.terminate(), sandbox.wait()))
        stage = Stage(program, home, said)
        chromium = Chromium(home)
        end.callback(chromium.close)
        terminal = Terminal(home, stage.variables)
        end.callback(terminal.close)
        stage.dialogue(terminal, chromium, folder)
        stage.refusal(chromium, folder)


main()
