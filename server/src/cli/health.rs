//! `evenkeel health`: one question to the process on this machine that runs by the same settings. An image without a shell has nothing else
//! to ask with.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use super::{Threads, args::SettingsFlags, runtime};
use crate::{StartError, config, start_error::reachable};

/// Shorter than what asks for it usually waits.
const WITHIN: Duration = Duration::from_secs(3);

pub(super) fn run(flags: SettingsFlags, gateway: bool) -> Result<(), StartError> {
    let settings = config::settings(&flags.inputs())?;
    let gateways = settings.gateway.listen.iter().chain(&settings.gateway.tls.listen).next().copied();
    runtime(Threads::One)?.block_on(async {
        match gateways {
            Some(address) if gateway => listens(reachable(address)).await,
            _ => answers(reachable(settings.console.listen)).await,
        }
    })
}

/// A gateway has no page of its own: it listens once it has a plan, and no longer when it drains.
async fn listens(address: SocketAddr) -> Result<(), StartError> {
    match timeout(WITHIN, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unwell(format!("no gateway listens on {address}: {error}"))),
        Err(_) => Err(unwell(format!("the gateway on {address} does not answer"))),
    }
}

async fn answers(address: SocketAddr) -> Result<(), StartError> {
    let client = reqwest::Client::builder().no_proxy().timeout(WITHIN).build();
    let client = client.map_err(|e| unwell(format!("the console cannot be asked: {e}")))?;
    let answer = client.get(format!("http://{address}/health")).send().await;
    let answer = answer.map_err(|_| unwell(format!("no console answers on {address}")))?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(unwell(format!("the console on {address} answered {}", answer.status().as_u16())))
}

fn unwell(why: String) -> StartError {
    StartError::Refused(why)
}
