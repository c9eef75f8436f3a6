//! Owns what the program knows of Auth0: the Management API, the shape of a connection, the reading of `/authorize`.
//!
//! Refuses to print and to ask: values in, values out.

pub mod authorize;
pub mod connection;
pub mod logs;
pub mod management;
mod refusal;
mod token;
pub mod wire;
