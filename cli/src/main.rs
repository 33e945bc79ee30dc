//! The program `reconciler`.

fn main() {}
