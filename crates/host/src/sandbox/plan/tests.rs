//! What single policies mean, example by example.

mod files;
mod properties;
mod refusals;
mod world;
