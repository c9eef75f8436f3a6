//! Owns the lock that keeps two runs from writing the same settings at once: a small file beside them, held through the
//! operating system, which lets go of it however the process ends.
//!
//! Refuses to wait, to leave its file behind (who lets go removes it, and what a killed run left is taken over), and to go by
//! without a word where no such file can be made.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::files;

/// How often the file may be gone again between looking and locking, before the lock is given up.
const TRIES: usize = 100;

/// Held as long as it lives.
pub struct Lock(Arc<Mutex<Option<Held>>>);

/// Lets go of a lock before its time, for a process that ends at once.
#[derive(Clone)]
pub struct Release(Arc<Mutex<Option<Held>>>);

/// Why there is no lock.
#[derive(Debug)]
pub enum NoLock {
    /// Somebody else has it: this process, when it said so.
    Taken(Option<u32>),
    /// Something stands in its place that is no file: a folder, a link, a device.
    Blocked(PathBuf),
    /// It cannot be made there, as in a folder that is for reading only.
    Impossible(io::Error),
}

struct Held {
    path: PathBuf,
    /// The folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
    file: File,
}

enum Attempt {
    Held(File),
    Taken,
    /// The file was removed by the one who had it: there will be another.
    Again,
    Blocked,
    Impossible(io::Error),
}

impl Lock {
    /// Takes the lock of a file, which need not exist.
    ///
    /// # Errors
    /// Another process has it, or there can be none.
    pub fn take(of: &Path) -> Result<Self, NoLock> {
        let path = Self::place(of);
        let mut made = Vec::new();
        let why = Self::at(&path, &mut made);
        let why = match why {
            Ok(file) => return Ok(Self(Arc::new(Mutex::new(Some(Held { path, made, file }))))),
            Err(why) => why,
        };
        unmake(&made);
        Err(why)
    }

    /// Where the lock of a file is.
    pub fn place(of: &Path) -> PathBuf {
        beside(&files::behind_links(of))
    }

    fn at(path: &Path, made: &mut Vec<PathBuf>) -> Result<File, NoLock> {
        let mut last = io::Error::from(io::ErrorKind::ResourceBusy);
        for _ in 0..TRIES {
            match files::create_private_folder(files::folder_of(path)) {
                Ok(more) => made.extend(more),
                // The folder was there, and went with the lock of another run before it was looked at.
                Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
                    last = error;
                    continue;
                }
                Err(error) => return Err(NoLock::Impossible(error)),
            }
            match attempt(path) {
                Attempt::Held(mut file) => {
                    // Only said, so that a person knows whom to end.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(file);
                }
                Attempt::Taken => return Err(NoLock::Taken(holder(path))),
                Attempt::Again => {}
                Attempt::Blocked => return Err(NoLock::Blocked(path.to_owned())),
                Attempt::Impossible(error) => return Err(NoLock::Impossible(error)),
            }
        }
        Err(NoLock::Impossible(last))
    }

    /// What lets go of it from elsewhere.
    pub fn release(&self) -> Release {
        Release(Arc::clone(&self.0))
    }
}

impl Release {
    /// Lets go, if that was not done yet.
    pub fn now(&self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Held { path, made, file }) = held else { return };
        // While it is locked: nobody else can have taken what is removed here.
        let _ = fs::remove_file(path);
        drop(file);
        unmake(&made);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release().now();
    }
}

fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.lock", path.file_name().unwrap_or_default().to_string_lossy()))
}

/// Takes folders away again, as long as nothing was put into them.
fn unmake(made: &[PathBuf]) {
    for folder in made {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// The number that the holder wrote into the file.
fn holder(path: &Path) -> Option<u32> {
    let mut text = String::new();
    open_to_read(path).ok()?.take(10).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

#[cfg(unix)]
fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn attempt(path: &Path) -> Attempt {
    use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
    use rustix::io::Errno;
    use std::os::unix::fs::PermissionsExt as _;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        // The folder went with the lock of another run.
        Err(Errno::NOENT) => return Attempt::Again,
        Err(Errno::ISDIR | Errno::LOOP | Errno::NXIO | Errno::NODEV) => return Attempt::Blocked,
        Err(Errno::ACCESS) => return of_another_user(path),
        Err(error) => return Attempt::Impossible(error.into()),
    };
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Attempt::Blocked;
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Attempt::Taken,
        Err(Errno::INTR) => return Attempt::Again,
        // A file system without locks.
        Err(error) => {
            let _ = fs::remove_file(path);
            return Attempt::Impossible(error.into());
        }
    }
    if !is_at(path, &file) {
        return Attempt::Again;
    }
    // Another user, for whom this one works with `sudo`, can see that nobody holds it any more. There is a number in it.
    let _ = file.set_permissions(fs::Permissions::from_mode(0o644));
    Attempt::Held(file)
}

/// Whether this file is still the one there: who had the lock before may have removed it after it was opened here, and then it is
/// the lock of nothing.
#[cfg(unix)]
fn is_at(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let there = fs::symlink_metadata(path).map(|there| (there.dev(), there.ino()));
    file.metadata().is_ok_and(|ours| there.is_ok_and(|there| (ours.dev(), ours.ino()) == there))
}

/// A lock that another user made, as root does who works in a person's home: where its run is gone, it makes room.
#[cfg(unix)]
fn of_another_user(path: &Path) -> Attempt {
    use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
    use rustix::io::Errno;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        // Then it is the folder that is not this user's.
        Err(Errno::NOENT) => return Attempt::Impossible(Errno::ACCESS.into()),
        Err(error) => return Attempt::Impossible(error.into()),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) if !is_at(path, &file) => Attempt::Again,
        // While it is locked: nobody else can have taken what is removed here.
        Ok(()) => fs::remove_file(path).map_or_else(Attempt::Impossible, |()| Attempt::Again),
        Err(Errno::WOULDBLOCK) => Attempt::Taken,
        Err(error) => Attempt::Impossible(error.into()),
    }
}

/// Others may read it and not write it, and it is gone with its last handle.
#[cfg(windows)]
fn attempt(path: &Path) -> Attempt {
    use std::os::windows::fs::OpenOptionsExt as _;
    /// `FILE_FLAG_DELETE_ON_CLOSE`.
    const GONE_AT_THE_END: u32 = 0x0400_0000;
    /// `FILE_SHARE_READ | FILE_SHARE_DELETE`.
    const READ_ALONE: u32 = 1 | 4;
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).share_mode(READ_ALONE).custom_flags(GONE_AT_THE_END);
    match options.open(path) {
        Ok(file) => Attempt::Held(file),
        Err(error) => match error.raw_os_error() {
            // ERROR_SHARING_VIOLATION
            Some(32) => Attempt::Taken,
            // ERROR_PATH_NOT_FOUND; ERROR_ACCESS_DENIED is also said of a file that is about to be gone.
            Some(3 | 5) => Attempt::Again,
            _ => Attempt::Impossible(error),
        },
    }
}

#[cfg(windows)]
fn open_to_read(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().read(true).share_mode(1 | 2 | 4).open(path)
}

#[cfg(not(any(unix, windows)))]
fn attempt(_path: &Path) -> Attempt {
    Attempt::Impossible(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(unix, windows)))]
fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(lock: Result<Lock, NoLock>) -> bool {
        matches!(lock, Err(NoLock::Taken(Some(by))) if by == std::process::id())
    }

    #[test]
    fn one_has_it_the_other_is_told_who_and_nothing_is_left_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("a/b/config.toml");
        let first = Lock::take(&settings).unwrap();
        assert!(is_taken(Lock::take(&settings)));
        assert!(Lock::take(&settings.with_file_name("other.toml")).is_ok(), "another file has its own");
        drop(first);
        assert!(!folder.path().join("a").exists(), "neither the file nor the folders that were made for it");
        assert!(Lock::take(&settings).is_ok());
    }

    #[test]
    fn a_file_that_a_killed_run_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("config.toml");
        fs::write(beside(&settings), "4000000000").unwrap();
        let held = Lock::take(&settings).unwrap();
        assert!(is_taken(Lock::take(&settings)));
        held.release().now();
        assert!(Lock::take(&settings).is_ok(), "let go of before its time");
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_of_another_user_left_makes_room_and_one_that_is_held_stays() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("config.toml");
        let held = Lock::take(&settings).unwrap();
        let place = beside(&settings);
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o644, "others can look at it");
        assert!(matches!(of_another_user(&place), Attempt::Taken));
        drop(held);
        let none = of_another_user(&place);
        assert!(
            matches!(none, Attempt::Impossible(why) if why.kind() == io::ErrorKind::PermissionDenied),
            "the folder"
        );
        fs::write(&place, "4000000000").unwrap();
        assert!(matches!(of_another_user(&place), Attempt::Again));
        assert!(!place.exists());
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_the_same_file_have_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (settings, link) = (folder.path().join("config.toml"), folder.path().join("elsewhere/link.toml"));
        fs::create_dir(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&settings, &link).unwrap();
        let _held = Lock::take(&settings).unwrap();
        assert!(Lock::take(&link).is_err());
    }

    #[test]
    fn of_many_at_once_one_has_it_at_any_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("new/config.toml");
        let (inside, had) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _held = match Lock::take(&settings) {
                            Ok(held) => held,
                            Err(NoLock::Taken(_)) => continue,
                            Err(other) => panic!("{other:?}"),
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        had.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(had.load(Ordering::SeqCst) > 0);
        assert!(!beside(&settings).exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_stands_in_its_place_is_no_lock_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("config.toml");
        let place = beside(&settings);
        let blocked = |what: &str| {
            assert!(matches!(Lock::take(&settings), Err(NoLock::Blocked(path)) if path == place), "{what}");
            fs::symlink_metadata(&place).unwrap()
        };
        fs::create_dir(&place).unwrap();
        assert!(blocked("a folder").is_dir());
        fs::remove_dir(&place).unwrap();
        for target in ["/nonexistent", "/dev/null"] {
            std::os::unix::fs::symlink(target, &place).unwrap();
            assert!(blocked(target).is_symlink());
            fs::remove_file(&place).unwrap();
        }
        assert!(matches!(Lock::take(Path::new("/dev/null/config.toml")), Err(NoLock::Impossible(_))));
    }
}
