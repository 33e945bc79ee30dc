//! A manifest, parsed once into an arena that knows where everything stands.
