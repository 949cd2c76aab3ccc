//! The agent's parts as its server uses them.

mod config;
