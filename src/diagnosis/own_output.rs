//! Owns the reading of what this program itself said: a report, its JSON document, lines that end with a code in brackets, the
//! page of a login that failed.
//!
//! Such a text quotes services, names members of answers and holds a whole script: what it came to is said in it, and nothing
//! else in it is looked for.

use serde_json::Value;

use super::Code;

/// The first line of a report.
pub const REPORT: &str = "fitbit-connect test report";

/// The codes that output of ours names, what the run came to first; empty when nothing failed, `None` when it is not ours.
pub fn find(text: &str) -> Option<Vec<Code>> {
    let text = anstream::adapter::strip_str(text).to_string();
    let found = report(&text).or_else(|| document(&text)).or_else(|| lines(&text)).or_else(|| page(&text))?;
    let mut once = Vec::new();
    for code in found {
        if !once.contains(&code) {
            once.push(code);
        }
    }
    Some(once)
}

/// `exit code 4, CODE`, and the lines of the checks that did not pass.
fn report(text: &str) -> Option<Vec<Code>> {
    let lines = || text.lines().map(str::trim).skip_while(|line| *line != REPORT);
    lines().next()?;
    let last_word = |line: &str| line.rsplit([' ', ',']).next().and_then(|word| word.parse::<Code>().ok());
    let end = lines().filter(|line| line.starts_with("exit code ")).filter_map(last_word);
    let is_check = |line: &&str| ["fail ", "warn ", "unknown "].iter().any(|state| line.starts_with(state));
    Some(end.chain(lines().filter(is_check).filter_map(last_word)).collect())
}

/// The document that `--json` prints, but that of `explain`.
fn document(text: &str) -> Option<Vec<Code>> {
    let document: Value = serde_json::from_str(text.trim()).ok()?;
    let is_ours = ["schema", "command", "exit_code"].iter().all(|name| document.get(name).is_some());
    if !is_ours || document.get("diagnoses").is_some() {
        return None;
    }
    let code = |of: &Value| of["code"].as_str().and_then(|code| code.parse().ok());
    let told = |check: &&Value| matches!(check["state"].as_str(), Some("fail" | "warn" | "unknown"));
    let checks = document["checks"].as_array().into_iter().flatten().filter(told);
    Some(code(&document["error"]).into_iter().chain(checks.filter_map(code)).collect())
}

/// Lines such as `error: ... [port_in_use]`; that of the end comes first.
fn lines(text: &str) -> Option<Vec<Code>> {
    // In brackets others write it too, but not behind these words.
    let is_ours = ["error:", "FAILED", "warning", "hint:"].iter().any(|word| text.contains(word));
    let named = |line: &str| {
        let code: Code = line.trim_end().strip_suffix(']')?.rsplit_once('[')?.1.parse().ok()?;
        (is_ours || code != Code::AccessDenied).then_some(code)
    };
    // A log of a build puts a time or a name in front of each line.
    let is_end = |line: &&str| {
        let word = |wanted: &str| line.split_whitespace().any(|word| word == wanted);
        word("error:") && !word("FAILED") && !word("warning")
    };
    let end = text.lines().filter(is_end).filter_map(named);
    let found: Vec<Code> = end.chain(text.lines().filter_map(named)).collect();
    (!found.is_empty()).then_some(found)
}

/// The heading of the page that a failed login shows.
pub const PAGE: &str = "That did not work";
/// What stands before the code on that page.
pub const PAGE_CODE: &str = "Diagnosis";

/// The page of a login that failed, as a browser's text or as its source.
fn page(text: &str) -> Option<Vec<Code>> {
    let (_, below) = text.split_once(PAGE)?;
    let (_, behind) = below.rsplit_once(PAGE_CODE)?;
    // In the source the tags `/dt`, `dd` and `code` stand between.
    let mut words = behind.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|word| !word.is_empty()).take(4);
    Some(vec![words.find_map(|word| word.parse().ok())?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_came_to_is_read_from_each_of_its_outputs() {
        let report = "x\nfitbit-connect test report\n\nChecks\n  pass    provider.alive\n  warn    connection.settings   \
                      token_vault_on\n  fail    management.access     missing_scope\n\nEnd\n  exit code 4, missing_scope\n\n\
                      What the codes mean\n  missing_scope: 403 insufficient_scope\n\nRequests\n  {error: \"invalid_grant\", \
                      fetchUserProfile: string}\n";
        assert_eq!(find(report), Some(vec![Code::MissingScope, Code::TokenVaultOn]));
        let green = "fitbit-connect test report\nEnd\n  exit code 0, no error\n {error: \"invalid_grant\"}";
        assert_eq!(find(green), Some(vec![]));
        let document = r#"{"schema":1,"command":"test","exit_code":3,"checks":[{"state":"pass","code":null},
            {"state":"skip","code":"invalid_scope"},{"state":"fail","code":"connection_inactive"}],
            "error":{"code":"application_gone","message":"fetchUserProfile"}}"#;
        assert_eq!(find(document), Some(vec![Code::ApplicationGone, Code::ConnectionInactive]));
        let printed = "  FAILED \u{1b}[31mauthorize.redirect\u{1b}[0m ... [application_grant_missing]\n  hint: x\n  skipped y [port_in_use]\n\
                       error: the log says (the provider answered 400 invalid_grant) [code_rejected]\n";
        let codes = vec![Code::CodeRejected, Code::ApplicationGrantMissing, Code::PortInUse];
        assert_eq!(find(printed), Some(codes.clone()));
        let stamped: String = printed.lines().map(|line| format!("2026-11-28T12:34:56.1234567Z {line}\n")).collect();
        assert_eq!(find(&stamped), Some(codes));
    }

    #[test]
    fn the_page_of_a_failed_login_is_read_by_its_diagnosis() {
        for between in ["\n", "\t", " ", "</dt><dd><code>"] {
            let page = format!(
                "That did not work\nThe tenant refused the login.\nSeen as{between}error=unauthorized, access_denied\n\
                 Diagnosis{between}login_blocked\nWhat to do next\nRead the words"
            );
            assert_eq!(find(&page), Some(vec![Code::LoginBlocked]), "{page}");
        }
        assert_eq!(find("That did not work. Diagnosis: unknown"), None);
    }

    #[test]
    fn what_others_print_is_not_ours() {
        for text in [
            "",
            "Error 400: redirect_uri_mismatch",
            "[redacted]",
            "callback failed [access_denied]",
            r#"{"error":{"code":"invalid_scope"}}"#,
            r#"{"schema":1,"command":"explain","exit_code":0,"diagnoses":[]}"#,
            "see [invalid_scope] in the manual",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
