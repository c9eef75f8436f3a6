//! Owns the keyboard on Unix: the terminal's mode, and what its bytes mean.
//!
//! Refuses a read of a terminal that is gone: end of file is an error.

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use rustix::time::Timespec;

use super::Press;

/// So often the mode of the terminal is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Escape alone is a key; with more behind it, it begins another.
const SEQUENCE: Duration = Duration::from_millis(25);
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// The terminal on stdin.
pub struct Source {
    before: Termios,
    pending: Vec<u8>,
}

/// See [`super::show_what_is_typed`].
pub fn echo(on: bool) {
    if let Ok(mut now) = tcgetattr(io::stdin())
        && now.local_modes.contains(LocalModes::ECHO) != on
    {
        now.local_modes.set(LocalModes::ECHO, on);
        // A shell brings the echo back when a stopped program goes on.
        now.special_codes[SpecialCodeIndex::VSUSP] = 0;
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &now);
    }
}

/// Keys one by one and unseen. Ctrl-C stays what it is; stopping and quitting are off, since a shell would bring the echo
/// back, or never get it back.
fn one_by_one(terminal: &mut Termios) {
    terminal.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    terminal.special_codes[SpecialCodeIndex::VSUSP] = 0;
    terminal.special_codes[SpecialCodeIndex::VQUIT] = 0;
    // A read never waits: Ctrl-C throws away what was there a moment ago, when it was looked for.
    terminal.special_codes[SpecialCodeIndex::VMIN] = 0;
    terminal.special_codes[SpecialCodeIndex::VTIME] = 0;
}

impl Source {
    pub fn open() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut now = before.clone();
        one_by_one(&mut now);
        tcsetattr(io::stdin(), OptionalActions::Now, &now)?;
        let _ = crossterm::execute!(io::stderr(), EnableBracketedPaste);
        Ok(Self { before, pending: Vec::new() })
    }

    pub fn press(&mut self, limit: Duration) -> io::Result<Option<Press>> {
        let began = Instant::now();
        while self.pending.is_empty() {
            // Whoever stopped the program and went on with it may have changed the mode.
            let mut now = tcgetattr(io::stdin())?;
            if now.local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO) {
                one_by_one(&mut now);
                tcsetattr(io::stdin(), OptionalActions::Now, &now)?;
            }
            let left = limit.saturating_sub(began.elapsed());
            if !self.more(left.min(LOOK))? && left <= LOOK {
                return Ok(None);
            }
        }
        if self.pending == b"\x1b" {
            self.more(SEQUENCE)?;
        }
        // A paste, or a character of several bytes, may come in parts.
        let mut searched = 0;
        while self.pending.starts_with(PASTE_BEGINS)
            && find(self.pending.get(searched..).unwrap_or_default(), PASTE_ENDS).is_none()
        {
            // What was looked at once is not looked at again: a paste may be a whole file.
            searched = (self.pending.len() + 1).saturating_sub(PASTE_ENDS.len());
            if !self.more(Duration::from_secs(5))? {
                break;
            }
        }
        while self.pending.len() < length(&self.pending) {
            if !self.more(SEQUENCE)? {
                break;
            }
        }
        let (press, used) = read(&self.pending);
        self.pending.drain(..used.clamp(1, self.pending.len()));
        Ok(Some(press))
    }

    /// Reads what is there within that time.
    fn more(&mut self, limit: Duration) -> io::Result<bool> {
        let limit = Timespec::try_from(limit).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
        let stdin = io::stdin();
        let mut found = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut found, Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let is_gone =
            found.iter().any(|one| one.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL));
        let mut some = [0; 1024];
        match rustix::io::read(&stdin, &mut some) {
            Ok(0) if is_gone => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(0) => Ok(false),
            Ok(n) => {
                self.pending.extend_from_slice(some.get(..n).unwrap_or_default());
                Ok(true)
            }
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = crossterm::execute!(io::stderr(), DisableBracketedPaste);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// How many bytes the first character has.
fn length(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    }
}

/// The first press in some bytes, and how many of them it took.
fn read(bytes: &[u8]) -> (Press, usize) {
    let Some(first) = bytes.first() else { return (Press::Other, 0) };
    match *first {
        0x1b => escape(bytes),
        b'\r' | b'\n' => (Press::Enter, 1),
        0x7f | 0x08 => (Press::Backspace, 1),
        b'\t' => (Press::Other, 1),
        control @ 0x01..=0x1a => (Press::Control(char::from(control - 1 + b'a')), 1),
        0x00..=0x1f => (Press::Other, 1),
        _ => {
            let length = length(bytes).min(bytes.len());
            let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
            match text.and_then(|text| text.chars().next()) {
                Some(c) => (Press::Char(c), length),
                None => (Press::Other, 1),
            }
        }
    }
}

/// Escape, or a key that begins with it (ECMA-48 5.4; bracketed paste as in xterm's control sequences).
fn escape(bytes: &[u8]) -> (Press, usize) {
    if let Some(rest) = bytes.strip_prefix(PASTE_BEGINS) {
        let end = find(rest, PASTE_ENDS).unwrap_or(rest.len());
        let text = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        return (Press::Pasted(text), PASTE_BEGINS.len() + end + PASTE_ENDS.len());
    }
    let final_byte = |from: usize| bytes.iter().skip(from).position(|b| (0x40..=0x7e).contains(b)).map(|n| from + n);
    match (bytes.get(1), bytes.len()) {
        (None, _) => (Press::Escape, 1),
        (Some(b'['), _) => match final_byte(2) {
            None => (Press::Other, bytes.len()),
            Some(end) => {
                let press = match bytes.get(2..=end).unwrap_or_default() {
                    b"D" => Press::Left,
                    b"C" => Press::Right,
                    b"H" | b"1~" | b"7~" => Press::Home,
                    b"F" | b"4~" | b"8~" => Press::End,
                    b"3~" => Press::Delete,
                    _ => Press::Other,
                };
                (press, end + 1)
            }
        },
        (Some(b'O'), 3..) => {
            let press = match bytes.get(2) {
                Some(b'D') => Press::Left,
                Some(b'C') => Press::Right,
                Some(b'H') => Press::Home,
                Some(b'F') => Press::End,
                _ => Press::Other,
            };
            (press, 3)
        }
        // Twice escape is still escape.
        (Some(0x1b), _) => (Press::Escape, 1),
        _ => (Press::Other, 2),
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_by_their_bytes() {
        for (bytes, press, used) in [
            (&b"a"[..], Press::Char('a'), 1),
            ("é!".as_bytes(), Press::Char('é'), 2),
            (b"\r", Press::Enter, 1),
            (b"\x7f", Press::Backspace, 1),
            (b"\x15", Press::Control('u'), 1),
            (b"\x1b", Press::Escape, 1),
            (b"\x1b\x1b", Press::Escape, 1),
            (b"\x1b[D", Press::Left, 3),
            (b"\x1bOC", Press::Right, 3),
            (b"\x1b[3~x", Press::Delete, 4),
            (b"\x1b[1;5C", Press::Other, 6),
            (b"\x1b[200~two\nlines\x1b[201~", Press::Pasted("two\nlines".into()), 21),
            (b"\xff", Press::Other, 1),
        ] {
            assert_eq!(read(bytes), (press, used), "{bytes:?}");
        }
    }

    #[test]
    fn no_bytes_are_too_many_or_none() {
        let mut seed = 7_u32;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..seed % 12)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"\x1b[O~;2019CDHF\xc3\xa9a\r\x00"[(seed >> 16) as usize % 18]
                })
                .collect();
            seed = seed.wrapping_add(1);
            let (_, used) = read(&bytes);
            assert!(used > 0 || bytes.is_empty(), "{bytes:?}");
        }
    }
}
