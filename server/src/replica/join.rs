//! What a console needs to be one of several.

use std::net::SocketAddr;

use control::ReplicaSetup;
use store::Store;

use super::Peers;
use crate::{
    agent::{name, own_name},
    config::{ConsoleSettings, PublicUrl},
};

/// How the others know it: by the address at which they reach it.
pub(crate) fn known_as(settings: &ConsoleSettings, console: SocketAddr) -> ReplicaSetup {
    let listens = (!console.ip().is_unspecified()).then(|| format!("http://{console}"));
    let address = settings.advertise.as_ref().map(PublicUrl::origin).or(listens);
    let shown = address.as_deref().and_then(|address| Some(address.split_once("://")?.1.to_owned()));
    let shown = shown.unwrap_or_else(|| format!("{}:{}", own_name(), console.port()));
    ReplicaSetup {
        gateway: Some(name(&shown)),
        name: shown,
        address,
    }
}

/// The way to the others, by the secret that they share.
pub(crate) async fn peers(store: &Store) -> Result<Peers, String> {
    let secret = store.secret("replicas", rand::random()).await.map_err(|e| e.to_string())?;
    Peers::new(&secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_is_known_by_what_it_advertises_or_by_the_one_address_it_listens_on() {
        let known = |advertise: Option<&str>, listens: &str| {
            let settings = ConsoleSettings {
                advertise: advertise.map(|url| url.parse().unwrap()),
                ..ConsoleSettings::default()
            };
            known_as(&settings, listens.parse().unwrap())
        };
        let told = known(Some("https://a.example.com"), "0.0.0.0:3000");
        assert_eq!(
            (told.name.as_str(), told.address.as_deref()),
            ("a.example.com", Some("https://a.example.com"))
        );
        let listens = known(None, "10.0.0.5:3000");
        assert_eq!(
            (listens.name.as_str(), listens.address.as_deref()),
            ("10.0.0.5:3000", Some("http://10.0.0.5:3000"))
        );
        assert_eq!(listens.gateway.unwrap().as_str(), "10.0.0.5-3000");
        let nowhere = known(None, "[::]:3000");
        assert!(nowhere.address.is_none() && nowhere.name.ends_with(":3000"), "{nowhere:?}");
    }
}
