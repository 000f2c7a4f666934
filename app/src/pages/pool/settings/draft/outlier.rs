use model::OutlierEjection;

use super::{Drafted, Field};

impl Drafted for OutlierEjection {
    const FIELDS: &'static [Field] = &[
        Field::number("failures", "Failures", "in a row", "until an instance is ejected; 0 never ejects"),
        Field::number("max_percent", "At most", "%", "of the pool are ejected at once"),
        Field::number("base_ms", "Ejected for", "ms", "the first time; each time in a row twice as long"),
        Field::number("max_ms", "Longest", "ms", "that doubling leads to"),
    ];
}

#[cfg(test)]
mod tests {
    use super::{super::Draft, *};

    #[test]
    fn fields_that_contradict_one_another_are_told_at_one_of_them() {
        let mut draft = Draft::of(&OutlierEjection::default());
        draft.set("base_ms", "400000".into());
        let errors = draft.parse().unwrap_err();
        assert_eq!(
            errors.into_iter().collect::<Vec<_>>(),
            [("max_ms", "is shorter than base_ms, 400000 ms".to_owned())]
        );
        draft.set("max_ms", "500000".into());
        assert!(draft.parse().is_ok());
        // Right together, though not with the defaults of the others.
        draft.set("base_ms", "1000".into());
        draft.set("max_ms", "10000".into());
        assert!(draft.parse().is_ok());
    }
}
