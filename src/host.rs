//! The name or address of a host.

use std::net::IpAddr;

/// Whether it is a host's name or address, without a port.
pub(crate) fn is_host(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_name = text.split('.').all(|label| !label.is_empty() && label.bytes().all(is_letter));
    is_name || text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// Whether it names this machine alone.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What is wrong with one that is none.
pub(crate) fn no_host(text: &str) -> String {
    format!("{text:?} is not a host such as ops.example.com or 10.0.0.7, without a port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_no_port() {
        for host in ["emulator", "ops.example.com", "my_bot-1", "10.0.0.7", "fd00::1", "[fd00::1]"] {
            assert!(is_host(host), "{host}");
        }
        for other in ["", "emulator:8082", "http://emulator", "emulator/", "a..b", "a b", "[fd00::1]:80", "*"] {
            assert!(!is_host(other), "{other:?}");
        }
    }
}
