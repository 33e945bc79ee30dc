//! To be written with the rest of this folder.
