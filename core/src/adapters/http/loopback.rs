//! Whether an address stays on this machine.

use url::{Host, Url};

/// Whether requests to an address never leave this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        for (text, expected) in [
            ("http://localhost:8200", true),
            ("http://127.0.0.1:8200", true),
            ("http://127.8.8.8", true),
            ("http://[::1]:8200", true),
            ("http://10.0.0.1:8200", false),
            ("http://localhost.example.org", false),
            ("http://vault:8200", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }
}
