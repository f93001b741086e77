//! What answers queries without touching a disk: packed patients, the board, the lists beside it.

pub mod patients;
pub mod search;
pub mod segment;
pub mod snapshot;
pub mod terms;
#[cfg(test)]
mod tests;
