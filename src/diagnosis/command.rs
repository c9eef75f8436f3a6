//! Owns how a command that is to be repeated takes further flags: what a cure adds stands in the place of what was given, since no
//! flag of one value may stand there twice, and `--app` excludes `--all-apps`.

/// The command without those of its flags that `further` has as well, or excludes.
pub fn without(command: &str, further: &str) -> String {
    let added: Vec<&str> = further.split(' ').filter(|word| word.starts_with("--")).collect();
    let is_replaced = |piece: &&str| {
        let flag = piece.trim_start().split(' ').next().unwrap_or_default();
        added.iter().any(|added| match *added {
            // One more.
            "--login-domain" => false,
            "--app" | "--all-apps" => matches!(flag, "--app" | "--all-apps"),
            added => flag == added,
        })
    };
    pieces(command).into_iter().filter(|piece| !is_replaced(piece)).collect()
}

/// The command's beginning, and each flag with its value: ` --app 'Acme -- Web'`.
fn pieces(command: &str) -> Vec<&str> {
    let (mut quoted, mut escaped, mut starts) = (false, false, vec![0]);
    for (at, byte) in command.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if !quoted => escaped = true,
            b'\'' => quoted = !quoted,
            b' ' if !quoted && command[at..].starts_with(" --") => starts.push(at),
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([command.len()]);
    starts.iter().zip(ends).map(|(start, end)| &command[*start..end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_is_added_takes_the_place_of_the_one_that_was_given() {
        let command = "fitbit-connect setup --config C --connection google-health --store none --app 'It'\\''s --connection x' --app B";
        for (further, rest) in [
            (
                " --connection google-health-2",
                "fitbit-connect setup --config C --store none --app 'It'\\''s --connection x' --app B",
            ),
            (" --all-apps", "fitbit-connect setup --config C --connection google-health --store none"),
            (" --app NAME_OR_ID", "fitbit-connect setup --config C --connection google-health --store none"),
            (" --login-domain x", command),
            ("", command),
        ] {
            assert_eq!(without(command, further), rest, "{further}");
        }
        assert_eq!(
            without("fitbit-connect test --headless --strict", " --headless --watch"),
            "fitbit-connect test --strict"
        );
        assert_eq!(
            without("fitbit-connect setup --login-domain a", " --login-domain b"),
            "fitbit-connect setup --login-domain a"
        );
    }
}
