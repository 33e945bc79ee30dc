//! Strategies that users write: what they may do, what they cost, and what
//! their authors are shown.

mod bench;

mod examples;
mod fuzz;
mod hostile;
mod live;
mod opinions;
mod reach;
mod suspension;
