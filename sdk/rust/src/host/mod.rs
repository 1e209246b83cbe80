// Made by `deskhand sdk` from the host functions that plugins register.
//! The host's functions, a module for each noun.

pub mod charges;
pub mod clients;
pub mod clock;
pub mod config;
pub mod context;
pub mod events;
pub mod http;
pub mod invoicing;
pub mod log;
pub mod random;
pub mod scheduler;
pub mod secrets;
pub mod services;
pub mod storage;
pub mod tickets;
pub mod time;
pub mod user;
