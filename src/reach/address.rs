//! Which addresses a server may have: the table of those that lead inside, and of those that lead nowhere good.
//!
//! It knows numbers. Who asks for a server, and who allowed it, is not known here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of place an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere in the world.
    Public,
    /// This machine or the network around it: reached only where the operator says so.
    Private(&'static str),
    /// Never by the name of a server, whoever says so: metadata services of clouds live there, and addresses
    /// that mean another one.
    Special(&'static str),
}

/// Says what kind of place it is.
pub(super) fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [0, ..] => Place::Special("an unspecified address"),
        [127, ..] => Place::Private("a loopback address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Place::Private("a private address"),
        [100, 64..=127, ..] => Place::Private("an address of a carrier's network"),
        [169, 254, ..] => Place::Special("a link-local address"),
        [192, 0, 0, _] => Place::Special("an address kept for protocols"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Place::Special("an address for documentation")
        }
        [198, 18..=19, ..] => Place::Private("an address of a test network"),
        [192, 88, 99, _] => Place::Special("the address of a relay"),
        [224..=239, ..] => Place::Special("a multicast address"),
        [240..=255, ..] => Place::Special("a reserved address"),
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    if address.is_loopback() {
        return Place::Private("a loopback address");
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Place::Special("an unspecified address"),
        // An IPv4 address in other clothes, mapped, compatible or translated.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            Place::Special("an IPv4 address within IPv6")
        }
        [0x64, 0xff9b, ..] | [0x2002, ..] | [0x2001, 0, ..] => {
            Place::Special("an IPv4 address within IPv6")
        }
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => {
            Place::Special("an address for documentation")
        }
        [0x100, 0, 0, 0, ..] => Place::Special("an address that goes nowhere"),
        [0xfe80..=0xfebf, ..] => Place::Special("a link-local address"),
        [0xfec0..=0xfeff, ..] => Place::Special("a site-local address"),
        // The metadata service of a cloud, in the midst of what is private.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => {
            Place::Special("the address of a metadata service")
        }
        [0xfc00..=0xfdff, ..] => Place::Private("a unique-local address"),
        [0xff00..=0xffff, ..] => Place::Special("a multicast address"),
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Special("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &str = "
        127.0.0.1 127.255.255.254 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1
        192.168.255.255 100.64.0.1 100.127.255.255 198.18.0.1 ::1 fc00::1 fd12:3456::1 fdff:ffff:ffff::1
    ";
    const SPECIAL: &str = "
        0.0.0.0 0.1.2.3 169.254.0.1 169.254.169.254 192.0.0.8 192.0.2.1 192.88.99.1 198.51.100.1 203.0.113.9
        224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
        ::ffff:0:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 2002:7f00:1:: 2001::1 2001:db8::1 3fff::1 100::1
        fe80::1 febf::1 fec0::1 ff02::1 fd00:ec2::254 4000::1
    ";
    const PUBLIC: &str = "
        1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
        169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255
        198.20.0.0 223.255.255.255 2606:4700::1 2a00:1450:4001::1 2001:4860:4860::8888
    ";

    #[test]
    fn each_address_is_what_it_is() {
        for text in PRIVATE.split_whitespace() {
            assert!(matches!(place(text.parse().unwrap()), Place::Private(_)), "{text}");
        }
        for text in SPECIAL.split_whitespace() {
            assert!(matches!(place(text.parse().unwrap()), Place::Special(_)), "{text}");
        }
        for text in PUBLIC.split_whitespace() {
            assert_eq!(place(text.parse().unwrap()), Place::Public, "{text}");
        }
    }
}
