//! Configuration, with files on a disk.

mod crash;
mod excerpt;
mod layers;
mod projects;
mod world;
