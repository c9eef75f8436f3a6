//! Owns the commands, one file each; each reads as its own table of contents.

pub mod explain;
pub mod help_files;
pub mod remove;
pub mod sandbox;
pub mod setup;
pub mod status;
pub mod test;
