#!/usr/bin/env bash
# Makes the README's pictures anew from real runs: examples/setup.svg (the dialogue in a terminal), examples/it-works.png and
# examples/it-did-not-work.png (the page at the end of a login). Takes seconds, and talks to nobody but this machine.
# Usage: examples/pictures.sh [FOLDER]      the questions and their answers stand at the top of examples/pictures/play.py
# Needs tmux, Chromium with its driver, Python 3 (nothing but its standard library) and cargo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
for program in tmux chromedriver python3 cargo; do
  command -v "$program" >/dev/null || missing+=("$program")
done
command -v chromium >/dev/null || command -v google-chrome >/dev/null || command -v chromium-browser >/dev/null ||
  missing+=(chromium)
if ((${#missing[@]})); then
  echo "pictures.sh needs ${missing[*]}, for example by: apt-get install tmux chromium chromium-driver python3" >&2
  exit 2
fi

folder=${1:-examples}
mkdir -p "$folder"
cargo build --quiet --locked
python3 -B examples/pictures/play.py "${CARGO_TARGET_DIR:-target}/debug/fitbit-connect" "$folder"
ls -l "$folder"/setup.svg "$folder"/it-works.png "$folder"/it-did-not-work.png
