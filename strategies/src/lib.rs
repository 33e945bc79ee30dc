//! The built-in match strategies.
