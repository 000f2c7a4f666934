//! A look, prepared so that all its objects can be gone through at once: each pod is put into the index of its namespace once, and found by
//! the labels of a selector from there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::cluster::ObjectKind;

use super::Target;
use crate::ports::cluster::{ClusterLook, Hpa, NamespaceObjects, Pod, Selector, Vpa, Workload};

/// All namespaces of one look.
#[derive(Debug)]
pub struct Round<'a> {
    pub look: &'a ClusterLook,
    spaces: BTreeMap<&'a str, Space<'a>>,
}

/// One namespace.
#[derive(Debug)]
pub struct Space<'a> {
    pub look: &'a ClusterLook,
    pub name: &'a Arc<str>,
    pub objects: &'a NamespaceObjects,
    pods: Vec<&'a Pod>,
    /// Places in `pods`, by label.
    by_label: HashMap<(&'a str, &'a str), Vec<u32>>,
    /// Places in `pods`, by workload.
    by_workload: HashMap<(ObjectKind, &'a str), Vec<u32>>,
    /// The HPAs of a workload.
    hpas: HashMap<(ObjectKind, &'a str), Vec<&'a Hpa>>,
    /// By the name of what they size.
    vpas: HashMap<&'a str, Vec<&'a Vpa>>,
    /// How many workloads and how many HPAs select each pod.
    selected: Vec<(u16, u16)>,
}

impl<'a> Round<'a> {
    pub fn new(look: &'a ClusterLook) -> Self {
        let spaces = look.namespaces.iter();
        Self {
            look,
            spaces: spaces.map(|(name, objects)| (&**name, Space::new(look, name, objects))).collect(),
        }
    }

    pub fn space(&self, namespace: &str) -> Option<&Space<'a>> {
        self.spaces.get(namespace)
    }

    pub fn spaces(&self) -> impl Iterator<Item = &Space<'a>> {
        self.spaces.values()
    }

    /// All HPAs, each with its namespace.
    pub fn hpas(&self) -> impl Iterator<Item = (&Space<'a>, &'a Hpa)> {
        self.spaces()
            .flat_map(|space| space.objects.hpas.values().map(move |hpa| (space, &**hpa)))
    }
}

impl<'a> Space<'a> {
    pub fn new(look: &'a ClusterLook, name: &'a Arc<str>, objects: &'a NamespaceObjects) -> Self {
        let pods: Vec<&Pod> = objects.pods.values().map(|pod| &**pod).collect();
        let mut by_label: HashMap<_, Vec<_>> = HashMap::new();
        for (place, pod) in (0_u32..).zip(&pods) {
            for (key, value) in pod.metadata.labels.iter() {
                by_label.entry((&**key, &**value)).or_default().push(place);
            }
        }
        let mut vpas: HashMap<_, Vec<_>> = HashMap::new();
        for vpa in objects.vpas.values() {
            vpas.entry(&*vpa.spec.target_ref.name).or_default().push(&**vpa);
        }
        let mut space = Self {
            look,
            name,
            objects,
            selected: vec![(0, 0); pods.len()],
            pods,
            by_label,
            by_workload: HashMap::new(),
            hpas: HashMap::new(),
            vpas,
        };
        for hpa in objects.hpas.values() {
            if let Target::Found { kind, workload } = space.target(hpa) {
                space.hpas.entry((kind, &*workload.metadata.name)).or_default().push(hpa);
            }
        }
        for ((kind, name), workload) in &objects.workloads {
            let places = space.places(&workload.spec.selector);
            let hpas = space.hpas.get(&(*kind, &**name)).map_or(0, Vec::len);
            for place in &places {
                let (workloads, by_hpas) = &mut space.selected[*place as usize];
                *workloads = workloads.saturating_add(1);
                *by_hpas = by_hpas.saturating_add(u16::try_from(hpas).unwrap_or(u16::MAX));
            }
            space.by_workload.insert((*kind, name), places);
        }
        space
    }

    pub fn target(&self, hpa: &Hpa) -> Target<'a> {
        Target::of(self.look, self.objects, &hpa.spec.scale_target_ref)
    }

    /// The pods of what the HPA scales, by name; none where its target is not known.
    pub fn pods_of(&self, hpa: &Hpa) -> Vec<&'a Pod> {
        match self.target(hpa) {
            Target::Found { kind, workload } => self.pods_of_workload(kind, workload),
            _ => Vec::new(),
        }
    }

    /// The pods that the workload's selector picks, by name.
    pub fn pods_of_workload(&self, kind: ObjectKind, workload: &'a Workload) -> Vec<&'a Pod> {
        let places = self.places_of(kind, workload).iter();
        places.map(|place| self.pods[*place as usize]).collect()
    }

    /// The pods that a selector picks, by name.
    pub fn picked(&self, selector: &Selector) -> Vec<&'a Pod> {
        self.places(selector).into_iter().map(|place| self.pods[place as usize]).collect()
    }

    /// The HPAs that scale this workload, by name.
    pub fn hpas_of(&self, kind: ObjectKind, workload: &'a Workload) -> &[&'a Hpa] {
        let hpas = self.hpas.get(&(kind, &*workload.metadata.name));
        hpas.map(Vec::as_slice).unwrap_or_default()
    }

    /// The VPAs that size a workload of this kind and name.
    pub fn vpas_of(&self, kind: ObjectKind, workload: &'a Workload) -> Vec<&'a Vpa> {
        let of_name = self.vpas.get(&*workload.metadata.name);
        let of_kind = |vpa: &&&Vpa| *vpa.spec.target_ref.kind == *kind.kind();
        of_name.into_iter().flatten().filter(of_kind).copied().collect()
    }

    /// A pod of the workload's that two HPAs select: the controller then follows neither.
    pub fn in_two_hpas(&self, kind: ObjectKind, workload: &'a Workload) -> Option<&'a Pod> {
        let mut places = self.places_of(kind, workload).iter().map(|place| *place as usize);
        places.find(|place| self.selected[*place].1 > 1).map(|place| self.pods[place])
    }

    /// A pod of the workload's that another workload's selector picks too.
    pub fn in_two_workloads(&self, kind: ObjectKind, workload: &'a Workload) -> Option<&'a Pod> {
        let mut places = self.places_of(kind, workload).iter().map(|place| *place as usize);
        places.find(|place| self.selected[*place].0 > 1).map(|place| self.pods[place])
    }

    /// The workloads whose selectors pick this pod.
    pub fn selecting(&self, pod: &Pod) -> Vec<(ObjectKind, &'a Workload)> {
        let picks = |(_, workload): &(ObjectKind, &Workload)| workload.spec.selector.picks(&pod.metadata.labels);
        let all = self.objects.workloads.iter().map(|((kind, _), workload)| (*kind, &**workload));
        all.filter(picks).collect()
    }

    fn places_of(&self, kind: ObjectKind, workload: &'a Workload) -> &[u32] {
        let places = self.by_workload.get(&(kind, &*workload.metadata.name));
        places.map(Vec::as_slice).unwrap_or_default()
    }

    fn places(&self, selector: &Selector) -> Vec<u32> {
        let picks = |place: &u32| selector.picks(&self.pods[*place as usize].metadata.labels);
        let lists = selector
            .match_labels
            .iter()
            .map(|(key, value)| self.by_label.get(&(&**key, &**value)).map(Vec::as_slice).unwrap_or_default());
        match lists.min_by_key(|list| list.len()) {
            Some(list) => list.iter().copied().filter(picks).collect(),
            // Only expressions: all are looked at. A selector without anything is not one of a workload.
            None if selector.is_empty() => Vec::new(),
            None => (0_u32..).take(self.pods.len()).filter(picks).collect(),
        }
    }
}
