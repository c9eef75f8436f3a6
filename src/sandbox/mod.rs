//! The simulator.
pub mod facts;
pub mod faults;
pub mod web;
