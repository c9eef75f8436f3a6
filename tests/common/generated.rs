//! Owns the parts of documents that are made from the program: a test says when they are out of date, and writes them when the
//! variable `UPDATE_GENERATED` is set.

use std::fs;
use std::path::Path;

/// Demands that the part of a document between `<!-- NAME -->` and `<!-- end of NAME -->` is this text.
pub fn part(file: &str, name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let whole = fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let from = whole.find(&start).unwrap_or_else(|| panic!("{file} has no {start}")) + start.len();
    let to = whole.find(&end).unwrap_or_else(|| panic!("{file} has no {end}"));
    if whole[from..to] == *text {
        return;
    }
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, format!("{}{text}{}", &whole[..from], &whole[to..])).unwrap();
        return;
    }
    panic!("{name} in {file} is out of date; UPDATE_GENERATED=1 cargo test writes it:\n{text}");
}
