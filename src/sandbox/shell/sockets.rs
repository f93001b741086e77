//! Which ports the sandbox listens on.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::{Options, StartError, wire};

/// The admin port's name among the ports.
const ADMIN: &str = "admin";

/// The ports, taken before the world is founded, because its links name them.
pub(super) struct Sockets {
    pub admin: (TcpListener, SocketAddr),
    pub vendors: Vec<(tokio::net::TcpSocket, SocketAddr)>,
}

impl Sockets {
    pub async fn take(
        options: &Options,
        names: &[&'static str],
        remembered: &BTreeMap<String, u16>,
    ) -> Result<Self, StartError> {
        let ip = options.listen.ip();
        let admin_ip = if ip.is_loopback() { ip } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let wanted = |name: &str, place: u16, ip: IpAddr| {
            let port = match options.listen.port() {
                0 => remembered.get(name).copied().unwrap_or(0),
                first => first.saturating_add(place),
            };
            SocketAddr::new(ip, port)
        };
        let at = |name: &str, address: SocketAddr| {
            let name = name.to_owned();
            move |cause| StartError::Listen { name, address, cause }
        };
        let address = wanted(ADMIN, 0, admin_ip);
        let socket = wire::bind_patiently(address).await.map_err(at(ADMIN, address))?;
        let listener = socket.listen(128).map_err(at(ADMIN, address))?;
        let admin_address = listener.local_addr().map_err(at(ADMIN, address))?;
        let mut vendors = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let address = wanted(name, i as u16 + 1, ip);
            let socket = wire::bind_patiently(address).await.map_err(at(name, address))?;
            let bound = socket.local_addr().map_err(at(name, address))?;
            vendors.push((socket, bound));
        }
        Ok(Self { admin: (listener, admin_address), vendors })
    }

    pub fn ports(&self, names: &[&'static str]) -> BTreeMap<String, u16> {
        let vendors = names.iter().zip(&self.vendors).map(|(name, (_, address))| ((*name).to_owned(), address.port()));
        vendors.chain([(ADMIN.to_owned(), self.admin.1.port())]).collect()
    }
}

/// An address as a client writes it.
pub(super) fn base_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}")
}
