//! The broker writes while a run is under way, at any request.
