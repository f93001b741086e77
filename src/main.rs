//! The `wardroom` program.

fn main() {}
