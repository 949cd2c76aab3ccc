//! Configuration, with files on a disk.

mod crash;
mod layers;
mod projects;
mod world;
