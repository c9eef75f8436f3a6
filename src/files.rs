//! Owns files that are written whole or not at all, private to their owner: a temporary file beside the old one, flushed,
//! renamed over it, and the folder flushed too.
//!
//! Refuses to leave half a file under the name that is read, and to put one in the place of a device, a pipe or a folder. What a
//! killed run leaves beside it has a name that says whose it is, and goes with [`sweep`].

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What stands between the name of a file and the random end of the name of its temporary files.
const MARK: &str = ".fitbit-connect-";
/// How long that random end is.
const RANDOM: usize = 6;
/// More links in a row lead nowhere (Linux follows 40).
const LINKS: usize = 40;

/// Writes a file without secrets, mode 0600; through a symbolic link the file behind it is replaced, so that settings kept elsewhere
/// (by a manager of dotfiles) stay linked. Who owns it goes on owning it, also when root writes it (`sudo`).
///
/// # Errors
/// The operating system's own.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    put(&behind_links(path), content, true)
}

/// The same for one with secrets: a link that stands at that name is replaced itself, and the file is the writer's.
///
/// # Errors
/// The operating system's own, or that something else than a file is there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, false)
}

fn put(path: &Path, content: &[u8], keeps_owner: bool) -> io::Result<()> {
    // A rename asks nobody: as root, a file would take the place of /dev/null, for every program.
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file() && !there.is_symlink()) {
        return Err(io::Error::other("it is no regular file"));
    }
    let folder = folder_of(path);
    for made in create_private_folder(folder)? {
        sync(folder_of(&made));
    }
    // The crate makes it for its owner alone, before there is anything in it.
    let file = tempfile::Builder::new().prefix(&beginning(path)).rand_bytes(RANDOM).tempfile_in(folder);
    let mut file = file.map_err(without_path)?;
    only_for_owner(file.path(), 0o600)?;
    file.write_all(content).map_err(without_path)?;
    if keeps_owner {
        give_to_owner_of(path, file.as_file());
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| without_path(error.error))?;
    sync(folder);
    Ok(())
}

/// The reason alone: the name of the temporary file says nothing to anybody, and the caller names the file that is meant.
fn without_path(error: io::Error) -> io::Error {
    // The crate keeps the first error to itself, and shows both.
    match error.to_string().split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason),
        None => error,
    }
}

/// Removes a file, for good.
///
/// # Errors
/// The operating system's own.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync(folder_of(path));
    Ok(())
}

/// Removes the temporary files that killed runs left beside a file. Only for who is alone in writing it.
pub fn sweep(path: &Path) {
    let beginning = beginning(path);
    for entry in fs::read_dir(folder_of(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let end = name.to_str().and_then(|name| name.strip_prefix(&beginning));
        let is_one = end.is_some_and(|end| end.len() == RANDOM && end.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if is_one && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            // What cannot be removed does no harm: nobody reads it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The file that a name stands for: symbolic links are followed to their end, also when nothing is there yet.
pub fn behind_links(path: &Path) -> PathBuf {
    let mut real = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&real) else { return real };
        real = folder_of(&real).join(target);
    }
    path.to_owned()
}

/// Creates a folder and its parents, the new ones closed to everybody else. Those that were made, the innermost first.
///
/// # Errors
/// The operating system's own.
pub fn create_private_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
    let missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for folder in missing.iter().rev() {
        match builder.create(folder) {
            Ok(()) => only_for_owner(folder, 0o700)?,
            // Another run was faster.
            Err(_) if folder.is_dir() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// What was made for its owner alone is the owner's to use, whatever the umask took away.
/// Where it may not be given away it stays the writer's, as with any editor.
fn give_to_owner_of(path: &Path, file: &fs::File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        if let Ok(now) = fs::symlink_metadata(path) {
            let _ = fchown(file, Some(now.uid()), Some(now.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (path, file);
}

fn only_for_owner(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

/// Whether every user of the machine can put files into a folder and take away those of others.
pub fn is_open_to_all(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // Where the sticky bit is set, as for /tmp, only a file's owner can take it away.
        fs::metadata(folder).is_ok_and(|about| about.mode() & 0o1002 == 0o0002)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beginning(path: &Path) -> String {
    format!(".{}{MARK}", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Makes a new name last through a power cut, where the system can; the content is safe already.
fn sync(folder: &Path) {
    if cfg!(unix)
        && let Ok(folder) = fs::File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        write_whole(&path, b"whole").unwrap();
        let others = [
            ".config.toml.swp",
            ".config.toml.fitbit-connect-AbC12",
            ".config.toml.fitbit-connect-AbC12-",
            ".other.toml.fitbit-connect-AbC123",
            "config.toml.fitbit-connect-AbC123",
        ];
        for name in
            others.into_iter().chain([".config.toml.fitbit-connect-AbC123", ".config.toml.fitbit-connect-000000"])
        {
            fs::write(folder.path().join(name), "hal").unwrap();
        }
        fs::create_dir(folder.path().join(".config.toml.fitbit-connect-folder")).unwrap();
        sweep(&path);
        let mut kept: Vec<String> = others.map(str::to_owned).into();
        kept.extend(["config.toml".to_owned(), ".config.toml.fitbit-connect-folder".to_owned()]);
        kept.sort();
        assert_eq!(names(folder.path()), kept);
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[cfg(unix)]
    #[test]
    fn what_root_writes_stays_the_owners() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let owner = |path: &Path| fs::metadata(path).map(|is| (is.uid(), is.gid(), is.mode() & 0o777)).unwrap();
        write_whole(&path, b"a").unwrap();
        let (uid, gid, _) = owner(&path);
        // Only root can give a file away; for others it stays theirs.
        let other = chown(&path, Some(1500), Some(1500)).map_or((uid, gid, 0o600), |()| (1500, 1500, 0o600));
        write_whole(&path, b"b").unwrap();
        assert_eq!(owner(&path), other);
        replace(&path, b"c").unwrap();
        assert_eq!(owner(&path), (uid, gid, 0o600), "one with secrets is the writer's");
    }

    #[cfg(unix)]
    #[test]
    fn a_failure_tells_the_reason_and_not_the_temporary_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole(&folder.path().join("x".repeat(254)), b"").unwrap_err();
        assert!(!error.to_string().contains("xxx") && error.to_string().contains("os error"), "{error}");
    }

    #[test]
    fn a_temporary_file_has_the_name_that_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let made = tempfile::Builder::new().prefix(&beginning(&path)).rand_bytes(RANDOM).tempfile_in(folder.path());
        let _left = made.unwrap().keep().unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        sweep(&path);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_never_replaced() {
        use std::os::unix::fs::{FileTypeExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (socket, inner, link) =
            (folder.path().join("socket"), folder.path().join("folder"), folder.path().join("link"));
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        fs::create_dir(&inner).unwrap();
        symlink("socket", &link).unwrap();
        let before = names(folder.path());
        for path in [&socket, &inner, &link] {
            let refused = write_whole(path, b"text").unwrap_err();
            assert_eq!(refused.to_string(), "it is no regular file", "{}", path.display());
        }
        assert!(fs::metadata(&link).unwrap().file_type().is_socket() && inner.is_dir());
        assert_eq!(names(folder.path()), before);
        // A device does what devices do: it is not there to be replaced, also by who may.
        assert!(replace(Path::new("/dev/null"), b"text").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_the_file_behind_it_is_replaced_also_when_there_was_none() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (link, second, real) =
            (folder.path().join("config.toml"), folder.path().join("second"), folder.path().join("dotfiles/mine.toml"));
        symlink("second", &link).unwrap();
        symlink("dotfiles/mine.toml", &second).unwrap();
        for content in ["first", "second"] {
            write_whole(&link, content.as_bytes()).unwrap();
            assert!(link.is_symlink() && second.is_symlink());
            assert_eq!(fs::read_to_string(&real).unwrap(), content);
            assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(names(real.parent().unwrap()), ["mine.toml"]);
        // Links in a circle: the name itself becomes the file.
        fs::remove_file(&second).unwrap();
        symlink("config.toml", &second).unwrap();
        assert_eq!(behind_links(&link), link);
    }

    #[test]
    fn the_folders_that_were_made_are_named_and_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        assert_eq!(create_private_folder(&inner).unwrap(), [inner.clone(), folder.path().join("a")]);
        assert_eq!(create_private_folder(&inner).unwrap(), [""; 0].map(PathBuf::from));
        #[cfg(unix)]
        for made in [inner.as_path(), inner.parent().unwrap()] {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
