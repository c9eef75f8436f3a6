//! Owns where our own prose breaks on a terminal: between words, never inside one, and never inside what a person copies.
//!
//! Refuses to print: text and columns in, lines out.

use textwrap::core::{Word, display_width};
use textwrap::wrap_algorithms::wrap_first_fit;

/// The name that begins a command of ours.
const PROGRAM: &str = "fitbit-connect ";

/// The widest and the narrowest that lines are made, and the width of a terminal that does not know its own (columns).
const WIDEST: usize = 100;
const NARROWEST: usize = 20;
const USUAL: usize = 80;

/// The columns for prose on this process's terminal, now: it may be made wider and narrower meanwhile.
pub fn room() -> usize {
    room_in(room_for_one_line())
}

fn room_in(columns: usize) -> usize {
    columns.clamp(NARROWEST, WIDEST)
}

/// The columns for a line that must not break. The last column stays empty: some consoles go to the next line by themselves
/// when it is written.
pub fn room_for_one_line() -> usize {
    match crossterm::terminal::size() {
        Ok((columns @ 1.., _)) => usize::from(columns - 1),
        _ => USUAL - 1,
    }
}

/// The lines of a text of which each has `width` columns, less the `indent` that the first one has already used and the
/// others begin with. A word that is longer stands on a line of its own, whole; so does a command to copy.
pub fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    wrap_behind(text, width, indent, indent)
}

/// The same for a first line of which `used` columns are taken.
pub fn wrap_behind(text: &str, width: usize, used: usize, indent: usize) -> Vec<String> {
    let words: Vec<Word> = pieces(text).into_iter().map(Word::from).collect();
    // The crate counts columns in fractions.
    let rooms = [used, indent].map(|taken| u32::try_from(width.saturating_sub(taken)).map_or(f64::MAX, f64::from));
    let lines = wrap_first_fit(&words, &rooms).into_iter().enumerate();
    lines
        .map(|(number, words)| {
            let mut line = if number == 0 { String::new() } else { " ".repeat(indent) };
            words.iter().for_each(|word| {
                line.push_str(word.word);
                line.push_str(word.whitespace);
            });
            line.truncate(line.trim_end_matches(' ').len());
            line
        })
        .collect()
}

/// Splits a line into what stands before its text (margin, mark of a list) and the text: later lines begin under the text.
pub fn margin(line: &str) -> (&str, &str) {
    let text = line.trim_start_matches(' ');
    let mark = text.split_once(' ').map_or("", |(mark, _)| mark);
    let is_number = mark.strip_suffix('.').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let mark = if is_number || matches!(mark, "+" | "~" | "=" | "-" | "*") { mark.len() + 1 } else { 0 };
    line.split_at(line.len() - text.len() + mark)
}

/// How many columns a text takes; a Chinese character takes two.
pub fn columns(text: &str) -> usize {
    display_width(text)
}

/// As much of a text as fits into `width` columns.
pub fn cut(text: &str, width: usize) -> &str {
    let mut end = text.len();
    while columns(&text[..end]) > width {
        end = text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
    }
    &text[..end]
}

/// The part of a text around a cursor (a place in its bytes) that fits into one row behind two columns, and the cursor's
/// column in it.
pub fn one_row(text: &str, cursor: usize) -> (String, u16) {
    one_row_in(text, cursor, room_for_one_line().saturating_sub(3).max(8))
}

fn one_row_in(text: &str, cursor: usize, room: usize) -> (String, u16) {
    let wide = |c: char| columns(c.encode_utf8(&mut [0; 4]));
    let (before, after) = text.split_at(cursor.min(text.len()));
    let mut column = 0;
    let mut row: Vec<char> = Vec::new();
    for c in before.chars().rev().take_while(|c| {
        column += wide(*c);
        column <= room
    }) {
        row.push(c);
    }
    row.reverse();
    let column: usize = row.iter().map(|c| wide(*c)).sum();
    let mut used = column;
    row.extend(after.chars().take_while(|c| {
        used += wide(*c);
        used <= room
    }));
    (row.into_iter().collect(), u16::try_from(column).unwrap_or(u16::MAX))
}

/// A text in parts that stay whole, each with the spaces behind it: words, and commands with their arguments.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut before = "";
    while !rest.is_empty() {
        let word = whole(rest, before);
        let spaces = rest[word..].len() - rest[word..].trim_start_matches(' ').len();
        let (piece, more) = rest.split_at(word + spaces);
        pieces.push(piece);
        (before, rest) = (piece, more);
    }
    pieces
}

/// The length of the part that a text begins with.
fn whole(text: &str, before: &str) -> usize {
    let word = |text: &str| text.find(' ').unwrap_or(text.len());
    // `command --with arguments`, and what touches it, such as a comma.
    if let Some(opened) = text.find('`').filter(|at| *at < word(text))
        && let Some(length) = text[opened + 1..].find('`')
    {
        let closed = opened + length + 2;
        return closed + word(&text[closed..]);
    }
    let mark = text.len() - text.trim_start_matches(['(', '"']).len();
    if !text[mark..].starts_with(PROGRAM) {
        return word(text);
    }
    // `Do it: fitbit-connect ...`, to the end of the sentence.
    if before.is_empty() || before.trim_end().ends_with(':') {
        let ends = [(" (", 0), (", ", 1), ("; ", 1), (". ", 1)];
        return ends.iter().filter_map(|(end, own)| Some(text.find(end)? + own)).min().unwrap_or(text.len());
    }
    // In the middle of one: what the command is called, and its flags.
    let mut end = mark + PROGRAM.len();
    end += word(&text[end..]);
    while text[end..].starts_with(" --") {
        end += 1 + word(&text[end + 1..]);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: [usize; 3] = [40, 80, 200];

    /// What a terminal shows of a text behind a head of `indent` columns.
    fn shown(text: &str, width: usize, indent: usize) -> Vec<String> {
        let mut lines = wrap(text, width, indent);
        lines[0].insert_str(0, &"#".repeat(indent));
        lines
    }

    #[test]
    fn lines_break_between_words_and_continue_under_the_text() {
        let text = "the callback URL registered at the provider has an extra slash, and the comparison is exact, letter \
                    for letter, which is why a login ends on a page that says redirect_uri_mismatch";
        for width in WIDTHS {
            let lines = shown(text, width, 9);
            assert!(lines.iter().all(|line| columns(line) <= width), "{lines:#?}");
            assert!(lines.iter().skip(1).all(|line| line.starts_with("         ") && !line[9..].starts_with(' ')));
            let again = lines.iter().map(|line| line[9..].to_owned()).collect::<Vec<_>>().join(" ");
            assert_eq!(again, text, "every word is there, whole");
        }
        assert_eq!(wrap("a short one", 40, 0), ["a short one"]);
        assert_eq!(wrap("", 40, 4), [""]);
        assert_eq!(wrap("3 of 6  Copy   it", 80, 0), ["3 of 6  Copy   it"], "spaces between words stay");
    }

    #[test]
    fn lines_are_as_wide_as_the_terminal_and_no_wider_than_one_can_read() {
        for (columns, room) in [(0, 20), (39, 39), (79, 79), (100, 100), (199, 100)] {
            assert_eq!(room_in(columns), room, "{columns}");
        }
    }

    #[test]
    fn a_long_address_stands_on_a_line_of_its_own_and_whole() {
        let url = "https://console.cloud.google.com/auth/clients/create?project=a-project-with-a-long-name";
        let lines = wrap(&format!("Open the page {url} and press the button"), 40, 2);
        assert_eq!(lines, ["Open the page", &format!("  {url}"), "  and press the button"]);
        assert_eq!(wrap(&format!("Open {url} now"), 200, 2).len(), 1);
        assert_eq!(
            wrap("a word-with-hyphens that-could-break-at-each-of-them", 40, 0)[1],
            "that-could-break-at-each-of-them"
        );
    }

    #[test]
    fn a_command_to_copy_stays_whole() {
        let command = "fitbit-connect setup --domain acme.eu.auth0.com --client-json client_secret.json";
        assert_eq!(wrap(&format!("Go on with: {command}"), 40, 8), ["Go on with:", &format!("        {command}")]);
        assert_eq!(wrap(command, 40, 8), [command]);
        let lines = wrap("Register an app and run `fitbit-connect setup --provider google-health`, then wait", 60, 0);
        assert_eq!(lines, ["Register an app and run", "`fitbit-connect setup --provider google-health`, then wait"]);
        let lines = wrap("A test from this machine (fitbit-connect test --direct): wait", 40, 0);
        assert_eq!(lines, ["A test from this machine", "(fitbit-connect test --direct): wait"]);
        let lines = wrap("Nothing is set up: fitbit-connect setup, or give these now", 40, 0);
        assert_eq!(lines, ["Nothing is set up: fitbit-connect setup,", "or give these now"]);
        assert_eq!(wrap("an open ` is only a letter among many others", 20, 0)[0], "an open ` is only a");
    }

    #[test]
    fn chinese_and_other_wide_names_are_counted_by_columns() {
        let name = "健康データ";
        assert_eq!(columns(name), 10);
        let text = [name; 9].join(" ");
        for (width, lines) in [(40, 3), (80, 2), (200, 1)] {
            let wrapped = wrap(&text, width, 0);
            assert!(wrapped.iter().all(|line| columns(line) <= width), "{wrapped:#?}");
            assert_eq!(wrapped.len(), lines);
        }
        assert_eq!(cut(name, 5), "健康");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn what_stands_before_the_text_is_found() {
        for (line, head) in [
            ("text", ""),
            ("  text", "  "),
            ("  + create it", "  + "),
            ("  = is right", "  = "),
            ("  12. press it", "  12. "),
            ("    (a note)", "    "),
            ("-1 is no mark", ""),
            ("1.5 is no mark", ""),
            ("", ""),
            ("   ", "   "),
        ] {
            assert_eq!(margin(line), (head, &line[head.len()..]), "{line:?}");
        }
    }

    #[test]
    fn no_width_and_no_text_is_too_strange() {
        for text in
            ["", " ", "a", "`", "``", "` `", "fitbit-connect ", "(fitbit-connect ", "a fitbit-connect  --x", "é `è` ê"]
        {
            for (width, indent) in [(0, 0), (1, 0), (5, 9), (40, 0)] {
                let squeezed = |text: &str| text.split_whitespace().collect::<String>();
                assert_eq!(squeezed(&wrap(text, width, indent).concat()), squeezed(text));
            }
        }
    }

    #[test]
    fn a_line_that_is_longer_than_the_row_shows_what_is_around_the_cursor() {
        assert_eq!(one_row_in("abc", 3, 10), ("abc".to_owned(), 3));
        assert_eq!(one_row_in("abcdefghijkl", 12, 10), ("cdefghijkl".to_owned(), 10));
        assert_eq!(one_row_in("abcdefghijkl", 0, 10), ("abcdefghij".to_owned(), 0));
        assert_eq!(one_row_in("健康データ", 15, 6), ("データ".to_owned(), 6));
        assert_eq!(one_row_in("", 0, 10), (String::new(), 0));
    }
}
