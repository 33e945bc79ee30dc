//! What the tests share: fleets, fakes, checks.
