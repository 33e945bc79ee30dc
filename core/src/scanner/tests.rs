//! The scanner against a Director in memory: what is asked, what is kept, what
//! is unknown.
