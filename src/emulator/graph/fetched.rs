//! Addresses from which Meta fetches a file: they must be addresses, and its servers must be able to reach them. Pure.
//!
//! What stands behind an address that could be reached is never asked for here.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets>

use std::net::{IpAddr, Ipv4Addr};

use super::error::GraphError;
use super::part::Part;

/// The last part of names that are known within one network only.
const LOCAL: [&str; 4] = [".localhost", ".local", ".internal", ".home.arpa"];

/// Refuses an address from which Meta could fetch nothing. `local`: this machine and its network count as reachable.
pub(super) fn check(address: &Part<'_>, local: bool) -> Result<(), GraphError> {
    if address.value.as_str().is_some_and(|text| text.contains(char::is_whitespace)) {
        return Err(failed());
    }
    let url = address.url()?;
    let host = url.host_str().unwrap_or_default();
    if local || is_public(host) { Ok(()) } else { Err(failed()) }
}

fn failed() -> GraphError {
    GraphError::parameter("Failed to fetch the file from the url").with(2_018_008)
}

fn is_public(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => is_public_v4(ip),
        Ok(IpAddr::V6(ip)) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => {
                let is_own = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
                !is_own && !ip.is_unique_local() && !ip.is_unicast_link_local()
            }
        },
        Err(_) => {
            let name = bare.trim_end_matches('.').to_ascii_lowercase();
            name.contains('.') && !LOCAL.iter().any(|end| name.ends_with(end))
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    // 100.64.0.0/10 is shared by the customers of one provider.
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_own = ip.is_loopback() || ip.is_private() || ip.is_link_local() || first == 0;
    !is_own && !is_shared && !ip.is_multicast() && !ip.is_broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_the_world_can_reach() {
        for host in ["shop.example", "shop.example.", "93.184.216.34", "[2606:4700::1]", "100.128.0.1", "172.32.0.1"] {
            assert!(is_public(host), "{host}");
        }
        for host in ["localhost", "LOCALHOST", "localhost.", "bot", "a.local", "a.internal", "127.1.2.3", "0.1.2.3"] {
            assert!(!is_public(host), "{host}");
        }
        for host in ["100.127.0.1", "224.0.0.1", "255.255.255.255", "[::]", "[ff02::1]", "[::ffff:10.0.0.1]", ""] {
            assert!(!is_public(host), "{host}");
        }
    }
}
