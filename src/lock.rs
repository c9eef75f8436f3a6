//! Owns the lock that keeps two runs from writing the same settings at once: a small file beside them, held through the
//! operating system, which lets go of it however the process ends.
//!
//! Refuses to wait, and to leave its file behind: who lets go removes it, and what a killed run left is taken over. Where no
//! such file can be made (a folder that is for reading only) there is no lock, and no settings that two could write either.

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

/// Somebody else has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The process that has it, when it said so.
    pub by: Option<u32>,
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
    Impossible,
}

impl Lock {
    /// Takes the lock of a file, which need not exist; nothing when none can be had there.
    ///
    /// # Errors
    /// That another process has it.
    pub fn take(of: &Path) -> Result<Option<Self>, Taken> {
        let path = beside(&files::behind_links(of));
        let mut made = Vec::new();
        for _ in 0..TRIES {
            match files::create_private_folder(files::folder_of(&path)) {
                Ok(more) => made.extend(more),
                Err(_) => break,
            }
            match attempt(&path) {
                Attempt::Held(mut file) => {
                    // Only said, so that a person knows whom to end.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(Some(Self(Arc::new(Mutex::new(Some(Held { path, made, file }))))));
                }
                Attempt::Taken => return Err(Taken { by: holder(&path) }),
                Attempt::Again => {}
                Attempt::Impossible => break,
            }
        }
        unmake(&made);
        Ok(None)
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
    use std::os::unix::fs::MetadataExt as _;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        // The folder went with the lock of another run.
        Err(error) if error == rustix::io::Errno::NOENT => return Attempt::Again,
        Err(_) => return Attempt::Impossible,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => return Attempt::Taken,
        Err(error) if error == rustix::io::Errno::INTR => return Attempt::Again,
        // A file system without locks.
        Err(_) => {
            let _ = fs::remove_file(path);
            return Attempt::Impossible;
        }
    }
    // The one before may have removed the file after it was opened here: then this is the lock of nothing.
    let same =
        |there: fs::Metadata| file.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (there.dev(), there.ino()));
    if fs::symlink_metadata(path).is_ok_and(same) { Attempt::Held(file) } else { Attempt::Again }
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
            _ => Attempt::Impossible,
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
    Attempt::Impossible
}

#[cfg(not(any(unix, windows)))]
fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_the_other_is_told_who_and_nothing_is_left_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("a/b/config.toml");
        let first = Lock::take(&settings).unwrap().unwrap();
        assert_eq!(Lock::take(&settings).err(), Some(Taken { by: Some(std::process::id()) }));
        assert!(Lock::take(&settings.with_file_name("other.toml")).unwrap().is_some(), "another file has its own");
        drop(first);
        assert!(!folder.path().join("a").exists(), "neither the file nor the folders that were made for it");
        assert!(Lock::take(&settings).unwrap().is_some());
    }

    #[test]
    fn a_file_that_a_killed_run_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("config.toml");
        fs::write(beside(&settings), "4000000000").unwrap();
        let held = Lock::take(&settings).unwrap().unwrap();
        assert_eq!(Lock::take(&settings).err(), Some(Taken { by: Some(std::process::id()) }));
        held.release().now();
        assert!(Lock::take(&settings).unwrap().is_some(), "let go of before its time");
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_the_same_file_have_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (settings, link) = (folder.path().join("config.toml"), folder.path().join("elsewhere/link.toml"));
        fs::create_dir(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&settings, &link).unwrap();
        let _held = Lock::take(&settings).unwrap().unwrap();
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
                        let Ok(held) = Lock::take(&settings) else { continue };
                        assert!(held.is_some());
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
}
