//! How fast deployments are decided.

fn main() {}
