//! Which address is the client's.
//!
//! Invariant: a hop is believed only where the address that told of it lies in a trusted network. The walk starts at the
//! connection's peer and goes from the rightmost forwarded hop to the left; the first address that no trusted network holds is
//! the client's. With no trusted network, which is the default, the peer is the client, whatever the fields say. A hop that
//! does not parse ends the walk at the last address that was sure.
//!
//! `Forwarded` (RFC 7239) wins over `X-Forwarded-For` where both are there. Several fields of one name count as one list.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderName;
use http::header::FORWARDED;
use ipnet::IpNet;

use super::fields::Fields;
use crate::error::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The most hops that are looked at, so that a field of 10,000 addresses costs as much as one of 32.
const MAX_HOPS: usize = 32;

/// The networks whose word about the client is believed: the service's own proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedNetworks(Vec<IpNet>);

impl TrustedNetworks {
    /// Reads networks such as `10.0.0.0/8` or single addresses.
    pub(crate) fn parse<'a>(networks: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let parse = |text: &str| {
            let single = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or_else(|_| single()).map_err(|_| {
                Error::configuration(
                    "a trusted network must be an address or a CIDR block, as 10.0.0.0/8",
                )
            })
        };
        networks
            .into_iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the client's address.
    pub(crate) fn client(&self, peer: Option<SocketAddr>, fields: &Fields) -> Option<IpAddr> {
        let mut client = peer?.ip().to_canonical();
        if !self.hold(client) {
            return Some(client);
        }
        let forwarded: Vec<_> = fields.all(&FORWARDED).collect();
        let (lists, read): (_, fn(&str) -> Option<IpAddr>) = match forwarded.is_empty() {
            false => (forwarded, forwarded_for),
            true => (fields.all(&X_FORWARDED_FOR).collect(), address),
        };
        let hops = lists
            .iter()
            .rev()
            .flat_map(|list| list.rsplit(|&byte| byte == b','));
        for hop in hops.take(MAX_HOPS) {
            match std::str::from_utf8(hop)
                .ok()
                .and_then(|hop| read(hop.trim()))
            {
                Some(address) => client = address,
                None => break,
            }
            if !self.hold(client) {
                break;
            }
        }
        Some(client)
    }
}

/// Reads the `for` parameter of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let node = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim())
    })?;
    address(
        node.strip_prefix('"')
            .and_then(|node| node.strip_suffix('"'))
            .unwrap_or(node),
    )
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`, each with or without a zone.
fn address(text: &str) -> Option<IpAddr> {
    let bare = |text: &str| -> Option<IpAddr> {
        match text.split_once('%') {
            Some((address, _zone)) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => text.parse().ok(),
        }
    };
    let address = match text.strip_prefix('[') {
        Some(rest) => bare(rest.split_once(']')?.0),
        None => bare(text).or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip())),
    };
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], fields: &[(&str, &str)]) -> String {
        let mut captured = Fields::default();
        for (name, value) in fields {
            captured.push(name, value.as_bytes(), false);
        }
        let networks = TrustedNetworks::parse(trusted.iter().copied()).unwrap();
        let peer = "10.0.0.1:4242".parse().ok();
        networks
            .client(peer, &captured)
            .map(|it| it.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn nothing_is_trusted_by_default() {
        assert_eq!(
            client(&[], &[("x-forwarded-for", "198.51.100.1")]),
            "10.0.0.1"
        );
        assert_eq!(
            client(&["192.168.0.0/16"], &[("forwarded", "for=198.51.100.1")]),
            "10.0.0.1"
        );
    }

    #[test]
    fn rightmost_untrusted_hop_is_the_client_and_the_spoofed_left_is_not() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(
            client(
                &trusted,
                &[("x-forwarded-for", "1.1.1.1, 198.51.100.7, 10.0.0.2")]
            ),
            "198.51.100.7"
        );
        let two = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "198.51.100.7"),
        ];
        assert_eq!(client(&trusted, &two), "198.51.100.7");
        assert_eq!(
            client(&trusted, &[("x-forwarded-for", "10.0.0.3,10.0.0.2")]),
            "10.0.0.3"
        );
    }

    #[test]
    fn forwarded_reads_quotes_ports_zones_and_wins() {
        let trusted = ["10.0.0.0/8"];
        let both = [
            ("x-forwarded-for", "1.1.1.1"),
            ("forwarded", r#"For="[2001:db8::1]:80";proto=https"#),
        ];
        assert_eq!(client(&trusted, &both), "2001:db8::1");
        assert_eq!(
            client(&trusted, &[("x-forwarded-for", "192.0.2.1:80")]),
            "192.0.2.1"
        );
        assert_eq!(
            client(&trusted, &[("x-forwarded-for", "fe80::1%eth0")]),
            "fe80::1"
        );
        assert_eq!(
            client(&trusted, &[("x-forwarded-for", "::ffff:192.0.2.9")]),
            "192.0.2.9"
        );
    }

    #[test]
    fn hop_that_does_not_parse_ends_the_walk_at_the_last_sure_address() {
        let trusted = ["10.0.0.0/8"];
        for odd in ["<script>", "unknown", "_hidden", "", "1.2.3", "[::1"] {
            let list = format!("198.51.100.7, {odd}, 10.0.0.2");
            assert_eq!(
                client(&trusted, &[("x-forwarded-for", &list)]),
                "10.0.0.2",
                "{odd}"
            );
        }
        let long = "10.0.0.9,".repeat(10_000);
        assert_eq!(
            client(
                &trusted,
                &[("x-forwarded-for", &format!("1.1.1.1,{long}10.0.0.2"))]
            ),
            "10.0.0.9"
        );
    }

    #[test]
    fn wrong_network_is_an_error() {
        assert!(TrustedNetworks::parse(["10.0.0.0/33"]).is_err());
        assert!(TrustedNetworks::parse(["proxy.internal"]).is_err());
    }
}
