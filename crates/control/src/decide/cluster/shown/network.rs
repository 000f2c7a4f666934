//! The Services that lead to an object's pods, and the Ingresses that lead there.

use std::collections::BTreeMap;

use model::cluster::{IngressRow, Manager, ServiceRow};

use super::super::{
    Case,
    belongs::{picks, services_behind},
    findings::told::line,
};
use crate::ports::cluster::{Endpoint, Ingress, Meta, Service};

/// The class that ingress-nginx takes by itself.
const NGINX: &str = "nginx";
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// Services that lead to the pods.
pub fn services<'s>(case: &Case<'s>) -> Vec<&'s Service> {
    let leads = |service: &&Service| picks(service, case.target.workload(), case.pods.iter().copied());
    case.space
        .objects
        .services
        .values()
        .map(|service| &**service)
        .filter(leads)
        .collect()
}

pub fn service_rows(case: &Case<'_>) -> Vec<ServiceRow> {
    let row = |service: &Service| {
        let name = &*service.metadata.name;
        // One endpoint may be in several slices while they are rebuilt: by address it is one.
        let mut ready: BTreeMap<&str, bool> = BTreeMap::new();
        let slices = case.space.objects.endpoint_slices.values();
        let ours = slices.filter(|slice| slice.metadata.labels.get(SERVICE_LABEL).is_some_and(|of| **of == *name));
        for endpoint in ours.flat_map(|slice| &slice.endpoints) {
            if let Some(address) = endpoint.addresses.first() {
                *ready.entry(address).or_default() |= is_ready(endpoint);
            }
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let port = service
            .spec
            .ports
            .iter()
            .find(|port| port.protocol.as_deref().is_none_or(|p| p == "TCP"));
        ServiceRow {
            name: name.to_owned(),
            ready: count(ready.values().filter(|is_ready| **is_ready).count()),
            endpoints: count(ready.len()),
            port: port.and_then(|port| port.port).map(|port| format!("{name}:{port}")),
        }
    };
    services(case).into_iter().map(row).collect()
}

/// Absent means ready (`EndpointConditions`).
fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.ready.unwrap_or(true)
}

/// Ingresses that lead to one of the [`services`].
pub fn ingresses<'s>(case: &Case<'s>) -> Vec<&'s Ingress> {
    let services = services(case);
    let leads = |ingress: &&Ingress| services_behind(ingress).any(|name| services.iter().any(|service| *service.metadata.name == *name));
    case.space
        .objects
        .ingresses
        .values()
        .map(|ingress| &**ingress)
        .filter(leads)
        .collect()
}

/// Those of ingress-nginx, with the annotations that `is_shown` lets through, and who looks after each.
pub fn ingress_rows(case: &Case<'_>, is_shown: impl Fn(&str) -> bool, managed: impl Fn(&Meta) -> Option<Manager>) -> Vec<IngressRow> {
    let row = |ingress: &Ingress| {
        let class = ingress
            .spec
            .ingress_class_name
            .as_ref()
            .or_else(|| ingress.metadata.annotations.get(CLASS_ANNOTATION))?;
        let is_nginx = class.contains(NGINX);
        let annotations = ingress.metadata.annotations.iter();
        is_nginx.then(|| IngressRow {
            name: ingress.metadata.name.to_string(),
            class: line(class),
            hosts: ingress
                .spec
                .rules
                .iter()
                .filter_map(|rule| rule.host.as_deref())
                .map(line)
                .collect(),
            annotations: annotations
                .filter(|(name, _)| is_shown(name))
                .map(|(name, value)| (name.to_string(), line(value)))
                .collect(),
            resource_version: ingress.metadata.resource_version.to_string(),
            managed_by: managed(&ingress.metadata),
        })
    };
    ingresses(case).into_iter().filter_map(row).collect()
}
