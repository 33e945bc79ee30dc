//! What real Directors answered, against the fake; the client against the fake.
