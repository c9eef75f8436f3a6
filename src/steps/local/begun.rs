//! Owns the settings that are written before a secret is kept, and their way back where it could not be.
//!
//! Refuses to put back what an entry may not be any more, and to write over what somebody else wrote meanwhile.

use std::path::{Path, PathBuf};

use crate::diagnosis::{Code, Failure, followed_by};
use crate::files;
use crate::ids::SecretOf;
use crate::settings::{Profile, Settings};
use crate::world::World;

/// Settings that say already what is about to be kept.
pub(super) struct Begun {
    /// The file; none where the settings live in memory.
    path: Option<PathBuf>,
    /// What it said before; none where there was no file.
    before: Option<String>,
    /// What it says now.
    written: String,
    /// The clients that were noted beside the secrets before.
    noted: Noted,
}

type Noted = Vec<Option<String>>;

fn noted(world: &World) -> Result<Noted, Failure> {
    SecretOf::ALL.into_iter().map(|of| world.noted(of)).collect()
}

impl Begun {
    /// Writes the profile, once the place of the secrets has answered: one that does not is told before anything is written.
    ///
    /// # Errors
    /// `secret_store_*`, `file_not_writable`.
    pub(super) fn write(world: &World, profile: &Profile) -> Result<Self, Failure> {
        let noted = noted(world)?;
        let mut settings = world.settings.borrow_mut();
        let path = settings.path().map(Path::to_owned);
        let before = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        if let Some(path) = &path {
            *settings = Settings::read(path)?;
        }
        settings.put(&world.profile, profile);
        if path.is_some() {
            settings.write()?;
        }
        Ok(Self { path, before, written: settings.text(), noted })
    }

    /// The failure to keep a secret, after the settings were put back where the entries are as they were before. Else they go on
    /// naming what may be in them; also where no answer came: the store may still do what it was asked.
    pub(super) fn after(self, world: &World, failure: Failure) -> Failure {
        let is_refused = failure.code != Code::SecretStoreTimedOut;
        if is_refused && noted(world).is_ok_and(|now| now == self.noted) {
            if let Err(why) = self.take_back(world) {
                world.console.warn(&why.message);
            }
            return failure;
        }
        let hint = failure.hint();
        let named = " The settings name what may have been kept, also later: the same command goes on with it, and `remove` takes all \
                     of it out.";
        failure.with_hint(followed_by(&hint, named))
    }

    fn take_back(self, world: &World) -> Result<(), Failure> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut settings = world.settings.borrow_mut();
        *settings = Settings::read(path)?;
        let done = match &self.before {
            // Somebody else wrote there meanwhile.
            _ if settings.text() != self.written => {
                if world.profile_exists {
                    settings.put(&world.profile, &world.saved);
                } else {
                    settings.take_out(&world.profile);
                }
                return settings.write().map(drop);
            }
            Some(text) => files::write_whole(path, text.as_bytes()),
            None => files::remove(path),
        };
        done.map_err(|error| {
            Failure::new(Code::FileNotWritable, format!("{} could not be put back: {error}", path.display()))
        })?;
        *settings = Settings::read(path)?;
        Ok(())
    }
}
