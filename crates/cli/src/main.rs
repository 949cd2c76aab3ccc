//! The outpost program.

fn main() {}
