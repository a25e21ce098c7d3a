//! Which address is the client's, and by which scheme it came.
//!
//! Invariant: a hop is believed only where the address that told of it lies in a trusted network. The walk starts at the
//! connection's peer and goes from the rightmost forwarded hop to the left; the first address that no trusted network holds is
//! the client's. With no trusted network, which is the default, the peer is the client, whatever the fields say. A hop that
//! does not parse ends the walk at the last address that was sure.
//!
//! A proxy writes `Forwarded` (RFC 7239) or `X-Forwarded-For` and passes the other on as the client sent it. Unless the builder says
//! which one the proxies write, both must therefore lead to one address where both are there; else the peer is all that is sure.
//! Several fields of one name count as one list.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderName;
use http::header::FORWARDED;
use ipnet::IpNet;

use super::fields::Fields;
use crate::error::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// The most hops that are looked at, so that a field of 10,000 addresses costs as much as one of 32.
const MAX_HOPS: usize = 32;

/// Which field the service's own proxies write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// Not known: the one that is there; where both are, they must lead to the same address.
    #[default]
    Either,
    /// `Forwarded`, RFC 7239; `X-Forwarded-For` is not looked at.
    Forwarded,
    /// `X-Forwarded-For`; `Forwarded` is not looked at.
    XForwardedFor,
}

/// The networks whose word about the client is believed: the service's own proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedNetworks {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedNetworks {
    /// Reads networks such as `10.0.0.0/8` or single addresses.
    pub(crate) fn parse<'a>(
        networks: impl IntoIterator<Item = &'a str>,
        header: ForwardedHeader,
    ) -> Result<Self, Error> {
        let parse = |text: &str| {
            let single = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or_else(|_| single()).map_err(|_| {
                Error::configuration(
                    "a trusted network must be an address or a CIDR block, as 10.0.0.0/8",
                )
            })
        };
        let networks = networks.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { networks, header })
    }

    fn hold(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Returns the client's address.
    pub(crate) fn client(&self, peer: Option<SocketAddr>, fields: &Fields) -> Option<IpAddr> {
        let peer = peer?.ip().to_canonical();
        if !self.hold(peer) {
            return Some(peer);
        }
        let by = |name: &HeaderName, read| {
            let lists: Vec<_> = fields.all(name).collect();
            (!lists.is_empty()).then(|| self.walk(peer, &lists, read))
        };
        let standard = || by(&FORWARDED, forwarded_for);
        let usual = || by(&X_FORWARDED_FOR, address);
        Some(match self.header {
            ForwardedHeader::Forwarded => standard().unwrap_or(peer),
            ForwardedHeader::XForwardedFor => usual().unwrap_or(peer),
            ForwardedHeader::Either => match (standard(), usual()) {
                (Some(one), Some(other)) if one != other => peer,
                (one, other) => one.or(other).unwrap_or(peer),
            },
        })
    }

    /// Goes from the rightmost hop to the left, as far as each is told by a trusted one.
    fn walk(&self, peer: IpAddr, lists: &[&[u8]], read: fn(&str) -> Option<IpAddr>) -> IpAddr {
        let hops = lists
            .iter()
            .rev()
            .flat_map(|list| list.rsplit(|&byte| byte == b','));
        let mut client = peer;
        for hop in hops.take(MAX_HOPS) {
            let hop = std::str::from_utf8(hop)
                .ok()
                .and_then(|hop| read(hop.trim()));
            let Some(address) = hop else { break };
            client = address;
            if !self.hold(client) {
                break;
            }
        }
        client
    }

    /// Returns `http` or `https` as the nearest proxy tells it in `Forwarded` or `X-Forwarded-Proto`, where the peer is trusted.
    pub(crate) fn scheme(&self, peer: Option<SocketAddr>, fields: &Fields) -> Option<&'static str> {
        if !self.hold(peer?.ip().to_canonical()) {
            return None;
        }
        let last = |name: &HeaderName| {
            let list = std::str::from_utf8(fields.all(name).next_back()?).ok()?;
            list.rsplit(',').next()
        };
        let standard = last(&FORWARDED).and_then(|element| parameter(element, "proto"));
        let usual = last(&X_FORWARDED_PROTO).map(str::trim);
        let told = match (self.header, standard, usual) {
            (ForwardedHeader::Forwarded, standard, _) => standard,
            (ForwardedHeader::XForwardedFor, _, usual) => usual,
            (ForwardedHeader::Either, Some(one), Some(other))
                if !one.eq_ignore_ascii_case(other) =>
            {
                None
            }
            (ForwardedHeader::Either, standard, usual) => standard.or(usual),
        }?;
        ["http", "https"]
            .into_iter()
            .find(|known| told.eq_ignore_ascii_case(known))
    }
}

/// Finds a parameter of one element of `Forwarded`, without its quotes.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let value = element.split(';').find_map(|pair| {
        let (known, value) = pair.split_once('=')?;
        known
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim())
    })?;
    Some(
        value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap_or(value),
    )
}

/// Reads the `for` parameter of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    address(parameter(element, "for")?)
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
        client_by(ForwardedHeader::Either, trusted, fields)
    }

    fn client_by(header: ForwardedHeader, trusted: &[&str], fields: &[(&str, &str)]) -> String {
        let mut captured = Fields::default();
        for (name, value) in fields {
            captured.push(name, value.as_bytes(), false);
        }
        let networks = TrustedNetworks::parse(trusted.iter().copied(), header).unwrap();
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
    fn hops_are_read_with_quotes_ports_and_zones() {
        let trusted = ["10.0.0.0/8"];
        let quoted = r#"For="[2001:db8::1]:80";proto=https"#;
        assert_eq!(client(&trusted, &[("forwarded", quoted)]), "2001:db8::1");
        for (hop, address) in [
            ("192.0.2.1:80", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:192.0.2.9", "192.0.2.9"),
        ] {
            assert_eq!(client(&trusted, &[("x-forwarded-for", hop)]), address);
        }
    }

    #[test]
    fn header_that_the_proxy_passed_on_from_the_client_is_not_believed() {
        let trusted = ["10.0.0.0/8"];
        let spoofed = [
            ("x-forwarded-for", "198.51.100.7"),
            ("forwarded", "for=1.1.1.1"),
        ];
        let by = |header| client_by(header, &trusted, &spoofed);
        assert_eq!(
            by(ForwardedHeader::Either),
            "10.0.0.1",
            "which one is right cannot be known"
        );
        assert_eq!(by(ForwardedHeader::XForwardedFor), "198.51.100.7");
        assert_eq!(by(ForwardedHeader::Forwarded), "1.1.1.1");
        let agreed = [
            ("x-forwarded-for", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
        ];
        assert_eq!(client(&trusted, &agreed), "198.51.100.7");
    }

    #[test]
    fn scheme_is_told_by_a_trusted_proxy_alone() {
        let mut fields = Fields::default();
        fields.push("x-forwarded-proto", b"HTTPS", false);
        let peer = "10.0.0.1:4242".parse().ok();
        let trusting =
            |network| TrustedNetworks::parse([network], ForwardedHeader::Either).unwrap();
        assert_eq!(trusting("10.0.0.0/8").scheme(peer, &fields), Some("https"));
        assert_eq!(trusting("192.168.0.0/16").scheme(peer, &fields), None);
        assert_eq!(trusting("10.0.0.0/8").scheme(None, &fields), None);
        let mut standard = Fields::default();
        standard.push(
            "forwarded",
            b"for=1.1.1.1;proto=http, for=2.2.2.2;proto=https",
            false,
        );
        assert_eq!(
            trusting("10.0.0.0/8").scheme(peer, &standard),
            Some("https")
        );
        standard.push("x-forwarded-proto", b"http", false);
        assert_eq!(
            trusting("10.0.0.0/8").scheme(peer, &standard),
            None,
            "they contradict"
        );
        let mut odd = Fields::default();
        odd.push("x-forwarded-proto", b"javascript", false);
        assert_eq!(trusting("10.0.0.0/8").scheme(peer, &odd), None);
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
        assert!(TrustedNetworks::parse(["10.0.0.0/33"], ForwardedHeader::Either).is_err());
        assert!(TrustedNetworks::parse(["proxy.internal"], ForwardedHeader::Either).is_err());
    }
}
