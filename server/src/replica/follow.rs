//! Hears the leader while another console leads.

use std::time::Duration;

use control::{Control, decide::lead::Standing, ports::Candidate};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::Peers;

/// After a leader that was not heard: the lease says soon enough when another one leads.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Until the console stops.
pub(crate) async fn follow(control: Control, peers: Peers, stopping: CancellationToken) {
    let mut standing = control.standing();
    let mut known: Option<Candidate> = None;
    loop {
        let leader = followed(&standing.borrow_and_update());
        if leader != known {
            control.new_leader();
            known.clone_from(&leader);
        }
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            alive = changes(&mut standing, leader.as_ref()) => if !alive { return },
            () = hear(&control, &peers, leader.as_ref()) => {}
        }
    }
}

pub(super) fn followed(standing: &Standing) -> Option<Candidate> {
    match standing {
        Standing::Follows { leader } => Some(leader.clone()),
        Standing::Leads { .. } | Standing::Unknown { .. } => None,
    }
}

/// Waits until somebody else leads, or nobody; `false` when nobody will tell.
async fn changes(standing: &mut watch::Receiver<Standing>, leader: Option<&Candidate>) -> bool {
    standing.wait_for(|now| followed(now).as_ref() != leader).await.is_ok()
}

async fn hear(control: &Control, peers: &Peers, leader: Option<&Candidate>) {
    let Some(leader) = leader else {
        return std::future::pending().await;
    };
    let why = match &leader.address {
        Some(address) => peers.hear(address, |snapshot| control.hear(snapshot)).await,
        None => "it does not say where it is reached; set console.advertise in its settings".to_owned(),
    };
    control.lost_leader(why);
    sleep(AGAIN_AFTER).await;
}
